//! The real binary in a place of its own: a home nobody else has, and a simulated engine, the real
//! one or none behind `DOCKER_HOST`.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use dogwatch::clock::Clock;
use dogwatch::sim::{Simulation, World};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};

use super::real_engine::program;

pub(crate) const DOGWATCH: &str = env!("CARGO_BIN_EXE_dogwatch");

/// Nothing the tests ask takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is never taken over from whoever runs the tests.
const FOREIGN: &[&str] = &[
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "DOCKER_TLS_VERIFY",
    "DOGWATCH_CONFIG",
    "DOGWATCH_LOG",
    "NO_COLOR",
    "SUDO_USER",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
];

pub(crate) struct Place {
    directory: TempDir,
    docker_host: Option<String>,
    // in this order: the simulation's tasks live on the runtime
    _simulation: Option<Simulation>,
    runtime: Runtime,
}

/// How a call ended and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// `DOCKER_HOST` names a socket that is not there.
    pub(crate) fn without_engine() -> Self {
        Self::make(Some("unix:///nowhere/engine.sock".to_owned()))
    }

    /// The engine that `docker` would use.
    pub(crate) fn on_real_engine() -> Self {
        Self::make(None)
    }

    pub(crate) fn with_engine(docker_host: &str) -> Self {
        Self::make(Some(docker_host.to_owned()))
    }

    pub(crate) fn simulated(world: World) -> Self {
        let place = Self::make(None);
        let socket = place.path("engine.sock");
        let simulation = {
            let _inside = place.runtime.enter();
            Simulation::start(world, &socket, Clock::System).expect("the simulation starts")
        };
        Self {
            docker_host: Some(format!("unix://{}", socket.display())),
            _simulation: Some(simulation),
            ..place
        }
    }

    fn make(docker_host: Option<String>) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            docker_host,
            _simulation: None,
            runtime,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the file can be written");
        path
    }

    /// A call of the binary, ready to be changed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.as_program(Path::new(DOGWATCH), arguments)
    }

    /// Another program, in the same surroundings.
    pub(crate) fn as_program(&self, path: &Path, arguments: &[&str]) -> Command {
        let mut command = program(&path.display().to_string());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HOME", self.directory.path())
            .env("XDG_STATE_HOME", self.path("state-home"))
            .env("DOGWATCH_STATE", self.path("state"))
            .env("USER", "tester")
            .env("TERM", "xterm-256color")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(host) = &self.docker_host {
            command.env("DOCKER_HOST", host);
        }
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.finish(self.command(arguments))
    }

    /// With lines on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let work = async {
            let mut child = command.spawn()?;
            let mut stdin = child.stdin.take().expect("a pipe");
            let write = async move {
                // whoever has heard enough may have gone
                let _heard = stdin.write_all(input.as_bytes()).await.is_ok();
            };
            tokio::join!(write, child.wait_with_output()).1
        };
        self.within(work)
    }

    pub(crate) fn finish(&self, mut command: Command) -> Answer {
        self.within(async move { command.output().await })
    }

    fn within(&self, work: impl Future<Output = std::io::Result<Output>>) -> Answer {
        let limited = async { tokio::time::timeout(PATIENCE, work).await };
        let output = self.runtime.block_on(limited);
        let output = output.expect("it ends in time").expect("it runs");
        Answer {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let limited = async { tokio::time::timeout(PATIENCE, work).await };
        self.runtime.block_on(limited).expect("it ends in time")
    }
}

impl Answer {
    /// It did what was asked, and had nothing to complain about.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// It refused with this code, said why on standard error, and answered nothing.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert!(!self.err.is_empty(), "it says why");
        self.err
    }
}

/// Who the program takes us for at the console: the system's user, whatever the environment says.
pub(crate) fn me() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid())
        .unwrap()
        .unwrap();
    format!("console:{}", user.name)
}
