//! A stack with one container and one volume on a real engine, to be reset by a program that is
//! killed on the way and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dogwatch::store::{RunFilter, RunRecord, RunState, Store};

use super::real_engine::{Sandbox, docker, eventually, program};

pub(crate) const ENGINE: &str = "/var/run/docker.sock";

pub(crate) struct Scene {
    sandbox: Sandbox,
    stack: String,
    pub(crate) state: tempfile::TempDir,
    /// Writes down what the engine does from the beginning: it remembers little by itself.
    listener: Child,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let stack = sandbox.name("crash").to_lowercase();
        let state = tempfile::tempdir().unwrap();
        let events = std::fs::File::create(state.path().join("events")).unwrap();
        let listener = program("docker")
            .args(["events", "--since", "0s", "--format"])
            .arg("{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}")
            .stdout(events)
            .spawn()
            .unwrap();
        let scene = Self {
            sandbox,
            stack,
            state,
            listener,
        };
        scene.set();
        scene
    }

    pub(crate) fn container(&self) -> String {
        format!("{}-db-1", self.stack)
    }

    fn volume(&self) -> String {
        format!("{}_data", self.stack)
    }

    fn set(&self) {
        let labels = [
            format!("com.docker.compose.project={}", self.stack),
            "com.docker.compose.service=db".to_owned(),
            "com.docker.compose.container-number=1".to_owned(),
        ];
        let (name, mount) = (self.container(), format!("{}:/data", self.volume()));
        let mut options = vec!["--name", &name, "--volume", &mount];
        for label in &labels {
            options.extend(["--label", label]);
        }
        let polite = [
            "sh",
            "-c",
            "trap 'exit 0' TERM; while :; do sleep 0.1; done",
        ];
        self.sandbox.run(&options, &polite);
        std::fs::write(
            self.state.path().join("dogwatch.yaml"),
            "http: { listen: \"127.0.0.1:0\" }\n",
        )
        .unwrap();
    }

    /// How often the engine recorded this of a thing: `container destroy ID NAME`.
    fn count(&self, begins: &str, ends: &str) -> usize {
        let file = std::fs::read_to_string(self.state.path().join("events")).unwrap();
        file.lines()
            .filter(|line| line.starts_with(begins) && line.ends_with(ends))
            .count()
    }

    async fn only_run(&self) -> Option<(Store, RunRecord)> {
        let url = format!(
            "sqlite://{}",
            self.state.path().join("dogwatch.db").display()
        );
        let store = Store::open(&url).await.ok()?;
        let run = store.runs(&RunFilter::default()).await.ok()?.pop()?;
        Some((store, run))
    }
}

impl Scene {
    /// The reset, as somebody types it who confirms it beforehand.
    pub(crate) fn reset(&self, socket: &Path) -> Command {
        let stack = format!("stack={}", self.stack);
        let arguments = ["run", "full-reset", "-p", &stack, "-p", "grace=1s", "--yes"];
        self.dogwatch(socket, &arguments)
    }

    /// The program itself, with a state directory of its own.
    pub(crate) fn dogwatch(&self, socket: &Path, arguments: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_dogwatch"));
        command
            .args(arguments)
            .env("DOGWATCH_STATE", self.state.path())
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .env("HOME", self.state.path())
            .current_dir(self.state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    pub(crate) fn id(&self) -> String {
        docker(&["inspect", "--format", "{{.Id}}", &self.container()])
    }

    /// The program is started again, and the run comes to its end, or waits for somebody's word
    /// because it was never let go. `None`: it was not even written down.
    pub(crate) async fn started_again(&self, what: &str) -> Option<(Store, RunRecord)> {
        self.only_run().await?;
        let mut again = self
            .dogwatch(Path::new(ENGINE), &["serve", "--headless"])
            .spawn()
            .unwrap();
        let ended = async {
            loop {
                if let Some((store, run)) = self.only_run().await
                    && (run.state.is_final() || run.state == RunState::AwaitingApproval)
                {
                    return (store, run);
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        };
        let ended = tokio::time::timeout(Duration::from_mins(3), ended).await;
        again.kill().unwrap();
        again.wait().unwrap();
        Some(ended.unwrap_or_else(|_| panic!("{what}: the run never ended")))
    }

    /// The container and its volume went once and came once.
    pub(crate) async fn was_reset_once(&self, before: &str, what: &str) {
        let gone = format!("container destroy {before} {}", self.container());
        eventually("the engine has told that the container went", || async {
            self.count(&gone, "") > 0
        })
        .await;
        assert_eq!(self.count(&gone, ""), 1, "{what}: the old one went once");
        let volume = format!("volume destroy {} ", self.volume());
        assert_eq!(self.count(&volume, ""), 1, "{what}: its volume went once");
        let named = format!(" {}", self.container());
        let created = self.count("container create ", &named);
        assert_eq!(created, 2, "{what}: made once by us, once anew");
        let running = docker(&[
            "inspect",
            "--format",
            "{{.State.Running}}",
            &self.container(),
        ]);
        assert_eq!(running, "true", "{what}");
    }

    /// Nothing of it was done at all.
    pub(crate) fn is_untouched(&self, before: &str, what: &str) {
        assert_eq!(self.id(), before, "{what}");
        let stopped = format!(" {}", self.container());
        assert_eq!(self.count("container die ", &stopped), 0, "{what}");
        let volume = format!("volume destroy {} ", self.volume());
        assert_eq!(self.count(&volume, ""), 0, "{what}");
    }
}

/// A library that kills the process it is loaded into at a commit.
pub(crate) fn killer(directory: &Path) -> PathBuf {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/support/kill_at_commit.c"
    );
    let library = directory.join("kill_at_commit.so");
    let made = program("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status()
        .expect("a C compiler: install build-essential");
    assert!(made.success());
    library
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ended = self.listener.kill();
        let _waited = self.listener.wait();
        let (name, aside) = (self.container(), format!("{}.aside", self.container()));
        for name in [name, aside] {
            let _gone = program("docker").args(["rm", "--force", &name]).output();
        }
        let _gone = program("docker")
            .args(["volume", "rm", "--force", &self.volume()])
            .output();
    }
}
