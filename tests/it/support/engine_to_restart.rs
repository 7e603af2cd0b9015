//! An engine that a test may stop and start: its data, sockets and network are its own, and it is
//! ended, by its id, with the test.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use dogwatch::engine::Endpoint;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::real_engine::{docker, eventually, program};

pub(crate) struct EngineToRestart {
    directory: tempfile::TempDir,
    daemon: Option<Child>,
}

impl EngineToRestart {
    /// `None` where none may be started; the test then says so.
    pub(crate) async fn start() -> Option<Self> {
        let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
        let there = program("dockerd").arg("--version").output().is_ok();
        if !there || !nix::unistd::getuid().is_root() {
            assert!(!required, "no dockerd: install docker.io and run as root");
            eprintln!("NOT RUN: needs dockerd and root");
            return None;
        }
        let mut engine = Self {
            directory: tempfile::tempdir().unwrap(),
            daemon: None,
        };
        engine.up().await;
        Some(engine)
    }

    pub(crate) async fn up(&mut self) {
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path("log"))
            .unwrap();
        // a network namespace of its own: no rule of the machine's firewall is touched
        let daemon = program("unshare")
            .args(["--net", "dockerd", "--bridge=none", "--iptables=false"])
            .args(["--ip6tables=false", "--storage-driver=vfs"])
            .args(["--data-root", &path("data"), "--exec-root", &path("exec")])
            .args(["--pidfile", &path("pid"), "--host"])
            .arg(format!("unix://{}", self.socket().display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.daemon = Some(daemon);
        eventually("the engine answers", || async {
            let socket = format!("unix://{}", self.socket().display());
            let mut docker = program("docker");
            let asked = docker.args(["--host", &socket, "version"]).output();
            asked.unwrap().status.success()
        })
        .await;
    }

    /// Ends it as its service manager would.
    pub(crate) fn down(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let id = i32::try_from(daemon.id()).unwrap();
            kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
            daemon.wait().unwrap();
        }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket())
    }

    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let socket = format!("unix://{}", self.socket().display());
        docker(&[&["--host", &socket], arguments].concat())
    }

    /// An image of the machine's engine, here too.
    pub(crate) fn load(&self, image: &str) {
        let file = self
            .directory
            .path()
            .join("image.tar")
            .display()
            .to_string();
        docker(&["save", "--output", &file, image]);
        self.docker(&["load", "--input", &file]);
    }
}

impl Drop for EngineToRestart {
    fn drop(&mut self) {
        self.down();
    }
}
