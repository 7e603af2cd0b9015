//! An engine of a test's own, for what concerns an engine as a whole: its data, sockets and network
//! settings are apart from those of the machine's, and it is ended, by its id, with the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use dogwatch::engine::Endpoint;

use super::real_engine::{docker, eventually, program};
use super::small_disk::SmallDisk;

pub(crate) struct OwnEngine {
    /// Of its data; unmounted before the directory goes.
    disk: Option<SmallDisk>,
    directory: tempfile::TempDir,
    daemon: Child,
}

impl OwnEngine {
    /// `None` where none may be started; the test then says so.
    pub(crate) async fn start() -> Option<Self> {
        Self::with(|_| None).await
    }

    /// Its images, containers and volumes have so much room.
    pub(crate) async fn on_small_disk(size: &str) -> Option<Self> {
        Self::with(|data| SmallDisk::on(data, size)).await
    }

    async fn with(disk: impl FnOnce(&Path) -> Option<SmallDisk>) -> Option<Self> {
        let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
        let there = program("dockerd").arg("--version").output().is_ok();
        if !there || !nix::unistd::getuid().is_root() {
            assert!(!required, "no dockerd: install docker.io and run as root");
            eprintln!("NOT RUN: needs dockerd and root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let path = |name: &str| directory.path().join(name);
        let disk = disk(&path("data"));
        // in a network namespace of its own it touches no rule of the machine's firewall
        let daemon = program("unshare")
            .args(["--net", "dockerd", "--bridge", "none", "--iptables=false"])
            .args([
                "--ip6tables=false",
                "--storage-driver",
                "vfs",
                "--data-root",
            ])
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("--host")
            .arg(format!("unix://{}", path("docker.sock").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let engine = Self {
            disk,
            directory,
            daemon,
        };
        eventually("an engine of our own answers", || async {
            engine
                .command(&["version"])
                .output()
                .unwrap()
                .status
                .success()
        })
        .await;
        Some(engine)
    }

    pub(crate) fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("it is on a small disk")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("docker");
        let host = format!("unix://{}", self.socket().display());
        command.args(["--host", &host]).args(arguments);
        command
    }

    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// An image of the machine's engine, here too.
    pub(crate) fn load(&self, image: &str) {
        let file = self.directory.path().join("image.tar");
        docker(&["save", "--output", &file.to_string_lossy(), image]);
        self.docker(&["load", "--input", &file.to_string_lossy()]);
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        let id = i32::try_from(self.daemon.id()).unwrap();
        // asked to stop, it unmounts what it has mounted
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(id),
            nix::sys::signal::Signal::SIGTERM,
        )
        .unwrap();
        self.daemon.wait().unwrap();
    }
}
