//! Causes that need an engine's surroundings to be made: memory that runs out above a container, an
//! image for another machine.

use std::path::{Path, PathBuf};

use dogwatch::bot::Outcome;
use dogwatch::engine::Engine;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::report::Report;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::lab::missing;
use crate::support::real_engine::{Sandbox, docker, eventually, is_there, program, real_engine};
use crate::support::tester::Tester;

const IMAGE: &str = "dogwatch-lab:1";

fn at(engine: &Engine) -> Tester {
    Tester::with(|bot| {
        let reach = Reach::Socket(engine.endpoint().clone());
        bot.fleet = Fleet::new([("local".to_owned(), reach)]);
    })
}

async fn diagnosed(tester: &Tester, name: &str) -> Report {
    let answer = tester.say(&format!("diagnose {name}")).await;
    assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
    answer.reports.into_iter().next().expect("a report")
}

/// Until the engine knows that the kernel killed it for memory. Where the word of that came after its
/// end, the engine knows only the end; the next life ends in the same way.
async fn killed_for_memory(name: &str) {
    let state = "{{.State.Status}} {{.State.OOMKilled}}";
    eventually("it is killed", || async {
        let state = docker(&["inspect", "--format", state, name]);
        if state == "exited false" {
            docker(&["start", name]);
        }
        state == "exited true"
    })
    .await;
}

/// A group of processes with a memory limit that containers share.
struct Pool {
    name: String,
}

impl Pool {
    /// `None`, and said, where groups are not ours to make.
    fn of_64_mib() -> Option<Self> {
        let name = format!("dogwatch-{}", ulid::Ulid::generate());
        if docker(&["info", "--format", "{{.CgroupDriver}}"]) != "cgroupfs" {
            missing("needs an engine that makes control groups by itself");
            return None;
        }
        let old = Path::new("/sys/fs/cgroup/memory");
        let (place, limits) = if old.is_dir() {
            let limits = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"];
            (old.join(&name), limits.map(|file| (file, "67108864")))
        } else {
            let limits = [("memory.max", "67108864"), ("memory.swap.max", "0")];
            (Path::new("/sys/fs/cgroup").join(&name), limits)
        };
        if let Err(why) = std::fs::create_dir(&place) {
            missing(&format!("needs to make control groups: {why}"));
            return None;
        }
        let pool = Self { name };
        for (file, limit) in limits {
            let file = place.join(file);
            // swap is not counted everywhere
            if file.exists() {
                std::fs::write(file, limit).unwrap();
            }
        }
        Some(pool)
    }
}

impl Drop for Pool {
    /// The engine has made it in every hierarchy, and it goes once its containers are gone.
    fn drop(&mut self) {
        let own = PathBuf::from("/sys/fs/cgroup").join(&self.name);
        let others = std::fs::read_dir("/sys/fs/cgroup").into_iter().flatten();
        let others = others.flatten().map(|entry| entry.path().join(&self.name));
        for place in others.chain([own]).filter(|place| place.is_dir()) {
            std::fs::remove_dir(place).ok();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_that_runs_out_above_a_container_is_told_from_its_own_limit() {
    let Some(engine) = real_engine().await else {
        return;
    };
    if !is_there(IMAGE) {
        return;
    }
    let Some(pool) = Pool::of_64_mib() else {
        return;
    };
    // after the pool, so that it goes before it
    let sandbox = Sandbox::new();
    let parent = format!("/{}", pool.name);
    let eats = ["python3", "-c", "x = bytearray(300 << 20); input()"];
    let (shares, has_own) = (sandbox.name("shares"), sandbox.name("has-own"));
    let common = ["--network", "none", "--cgroup-parent", &parent, "--name"];
    sandbox.run_image(IMAGE, &[&common[..], &[&shares]].concat(), &eats);
    killed_for_memory(&shares).await;
    let limited = [&common[..], &[&has_own, "--memory", "24m"]].concat();
    sandbox.run_image(IMAGE, &limited, &eats);
    killed_for_memory(&has_own).await;

    let tester = at(&engine);
    let root = diagnosed(&tester, &shares).await.root_cause;
    assert_eq!(root.cause.id(), "host-memory-exhausted", "{root:#?}");
    assert!(
        root.summary.as_str().contains(&pool.name),
        "{}",
        root.summary
    );
    let shown = format!("{:?}", root.evidence);
    for word in [
        "OOMKilled true",
        "the host has",
        "no memory limit of its own",
    ] {
        assert!(shown.contains(word), "no `{word}` in {shown}");
    }
    let root = diagnosed(&tester, &has_own).await.root_cause;
    assert_eq!(root.cause.id(), "oom-killed", "{root:#?}");
}

/// An image of a program that only another processor could run, as `docker save` would write it.
struct Foreign {
    name: String,
}

impl Foreign {
    fn load(name: String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |file: &str| directory.path().join(file);
        // 64 bits, little-endian, a program for aarch64
        let mut program = b"\x7fELF\x02\x01\x01".to_vec();
        program.resize(16, 0);
        program.extend([2, 0, 183, 0, 1, 0, 0, 0]);
        program.resize(4096, 0);
        std::fs::write(path("server"), program).unwrap();
        run(directory.path(), "chmod", &["755", "server"]);
        run(directory.path(), "tar", &["cf", "layer.tar", "server"]);
        let layer = Sha256::digest(std::fs::read(path("layer.tar")).unwrap());
        let layer: String = layer.iter().map(|byte| format!("{byte:02x}")).collect();
        let config = json!({
            "architecture": "arm64", "os": "linux",
            "config": {"Cmd": ["/server"]},
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        });
        let manifest =
            json!([{"Config": "config.json", "RepoTags": [&name], "Layers": ["layer.tar"]}]);
        std::fs::write(path("config.json"), config.to_string()).unwrap();
        std::fs::write(path("manifest.json"), manifest.to_string()).unwrap();
        let parts = [
            "cf",
            "image.tar",
            "manifest.json",
            "config.json",
            "layer.tar",
        ];
        run(directory.path(), "tar", &parts);
        docker(&["load", "--input", path("image.tar").to_str().unwrap()]);
        Self { name }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.name]);
    }
}

fn run(directory: &Path, name: &str, arguments: &[&str]) {
    let status = program(name)
        .args(arguments)
        .current_dir(directory)
        .status();
    assert!(status.unwrap().success(), "{name} {arguments:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_for_another_machine_is_told_from_a_file_that_is_no_program() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    if cfg!(not(target_arch = "x86_64")) {
        return missing("needs a machine that does not run arm64");
    }
    let image = Foreign::load(format!("{}:1", sandbox.name("foreign")));
    let name = sandbox.name("app");
    refused(&[
        "run",
        "--detach",
        "--name",
        &name,
        "--network",
        "none",
        &image.name,
    ]);
    let report = diagnosed(&at(&engine), &name).await;
    docker(&["rm", "--force", &name]);
    let root = report.root_cause;
    assert_eq!(root.cause.id(), "image-platform-mismatch", "{root:#?}");
    let shown = format!("{:?}", root.evidence);
    for word in ["exec format error", "linux/arm64", "linux/amd64"] {
        assert!(shown.contains(word), "no `{word}` in {shown}");
    }
}

/// An engine refuses to start it, or starts it and the kernel refuses.
fn refused(arguments: &[&str]) {
    program("docker")
        .args(arguments)
        .output()
        .expect("docker runs");
}
