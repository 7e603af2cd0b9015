//! A real container engine for tests, a small image on it, and a place whose containers are gone
//! when the test is over.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use dogwatch::engine::{Endpoint, Engine};

pub(crate) const IMAGE: &str = "dogwatch-test-bb:1";
const BUSYBOX: &str = "/bin/busybox";
const LABEL: &str = "dogwatch-test";
const APPLETS: &[&str] = &[
    "cat", "dd", "echo", "false", "head", "kill", "printf", "rm", "seq", "sh", "sleep", "test",
    "touch", "tr", "true", "yes",
];

/// The engine of `DOCKER_HOST` or the usual socket. Without one the test that asks says that it
/// was not run, or fails where `DOGWATCH_REQUIRE_ENGINE=1` is set.
pub(crate) async fn real_engine() -> Option<Engine> {
    let endpoint = Endpoint::from_environment(environment).expect("`DOCKER_HOST` can be read");
    match Engine::connect(&endpoint).await {
        Ok(engine) => Some(engine),
        Err(error) if environment("DOGWATCH_REQUIRE_ENGINE").as_deref() == Some("1") => {
            panic!("{error}; set DOCKER_HOST or start dockerd, or unset DOGWATCH_REQUIRE_ENGINE")
        }
        Err(_) => {
            eprintln!(
                "NOT RUN: no container engine at {endpoint}; set DOCKER_HOST or start dockerd"
            );
            None
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests choose their engine as users do"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Containers of one test. They go when it ends, however it ends.
pub(crate) struct Sandbox {
    id: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        static IMAGE_MADE: OnceLock<()> = OnceLock::new();
        IMAGE_MADE.get_or_init(make_image);
        Self {
            id: ulid::Ulid::generate().to_string().to_lowercase(),
        }
    }

    /// A name nobody else uses.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("eng-{}-{what}", self.id)
    }

    /// Starts a container by `docker run`, with `options` before the image and `program` behind.
    pub(crate) fn run(&self, options: &[&str], program: &[&str]) -> String {
        self.make(&["run", "--detach"], options, program)
    }

    /// The same of another image, in whatever network the options say.
    pub(crate) fn run_image(&self, image: &str, options: &[&str], program: &[&str]) -> String {
        let label = format!("{LABEL}={}", self.id);
        let begin = ["run", "--detach", "--label", &label];
        docker(&[&begin, options, &[image], program].concat())
    }

    /// Creates one without starting it.
    pub(crate) fn create(&self, options: &[&str], program: &[&str]) -> String {
        self.make(&["create"], options, program)
    }

    fn make(&self, verb: &[&str], options: &[&str], program: &[&str]) -> String {
        let label = format!("{LABEL}={}", self.id);
        let network = ["--network", "none", "--label", &label];
        docker(&[verb, &network, options, &[IMAGE], program].concat())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let filter = format!("label={LABEL}={}", self.id);
        let ids = docker(&["ps", "--all", "--quiet", "--filter", &filter]);
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            docker(&[&["rm", "--force", "--volumes"], ids.as_slice()].concat());
        }
    }
}

/// Whether the engine has an image of the lab; the test that asks says so if not.
pub(crate) fn is_there(image: &str) -> bool {
    let there = !docker(&["images", "--quiet", image]).is_empty();
    if !there {
        let required = environment("DOGWATCH_REQUIRE_ENGINE").as_deref() == Some("1");
        assert!(!required, "no image {image}: run tests/lab/build-images.sh");
        eprintln!("NOT RUN: no image {image}; run tests/lab/build-images.sh");
    }
    there
}

/// Runs the docker command line; gives what it wrote.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = program("docker")
        .args(arguments)
        .output()
        .expect("docker runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests set the scene with the usual tools"
)]
pub(crate) fn program(name: &str) -> Command {
    Command::new(name)
}

/// Until something in the container listens on the port.
pub(crate) async fn listens(container: &str, port: u16) {
    let port = format!(":{port:04X} ");
    let look = "cat /proc/net/tcp /proc/net/tcp6 2> /dev/null || true";
    eventually("it listens", || async {
        docker(&["exec", container, "sh", "-c", look]).contains(&port)
    })
    .await;
}

/// Until the container runs a program whose command line holds this.
pub(crate) async fn runs(container: &str, words: &str) {
    eventually(words, || async {
        docker(&["top", container]).contains(words)
    })
    .await;
}

/// Asks `check` again and again until it holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, check: impl FnMut() -> F) {
    within(Duration::from_secs(90), what, check).await;
}

/// The same with more patience.
pub(crate) async fn within<F: Future<Output = bool>>(
    limit: Duration,
    what: &str,
    mut check: impl FnMut() -> F,
) {
    let holds = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(limit, holds)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

fn make_image() {
    let known = docker(&["images", "--quiet", IMAGE]);
    if !known.is_empty() {
        return;
    }
    assert!(
        Path::new(BUSYBOX).exists(),
        "{BUSYBOX} is not there: install busybox-static"
    );
    let root = tempfile::tempdir().expect("a temporary directory");
    let bin = root.path().join("bin");
    std::fs::create_dir_all(&bin).expect("bin");
    std::fs::create_dir_all(root.path().join("tmp")).expect("tmp");
    std::fs::copy(BUSYBOX, bin.join("busybox")).expect("busybox is copied");
    for applet in APPLETS {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).expect("a link");
    }
    let mut tar = program("tar")
        .args(["--create", "--directory"])
        .arg(root.path())
        .arg(".")
        .stdout(Stdio::piped())
        .spawn()
        .expect("tar runs");
    let archive = tar.stdout.take().expect("tar writes");
    let made = program("docker")
        .args(["import", "-", IMAGE])
        .stdin(archive)
        .stdout(Stdio::null())
        .status()
        .expect("docker runs");
    assert!(made.success() && tar.wait().expect("tar ends").success());
}
