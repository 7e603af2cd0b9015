//! What somebody keeps in `~/.ssh`, for one call of the real binary: ssh reads it from the home that
//! the system has on record, so it is put there for that call and what it starts only.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::program::{Answer, DOGWATCH, Place};
use super::real_engine::{program, real_engine};
use super::sshd::Sshd;

/// Puts a directory in the place of another, and goes on as the program.
const AT_HOME: &str = r#"mount --bind "$1" "$2" && shift 2 && exec "$@""#;

pub(crate) struct SshHome {
    place: Place,
    directory: tempfile::TempDir,
    agent: Option<PathBuf>,
}

impl SshHome {
    /// `None`, and said, where there is no engine.
    pub(crate) fn new() -> Option<Self> {
        let place = Place::without_engine();
        place.block_on(real_engine())?;
        Some(Self {
            place,
            directory: tempfile::tempdir().unwrap(),
            agent: None,
        })
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// The keys of these hosts are known.
    pub(crate) fn knows(&self, hosts: &[&Sshd]) {
        let lines = hosts
            .iter()
            .map(|sshd| std::fs::read_to_string(sshd.path("known_hosts")).unwrap());
        self.write("known_hosts", &lines.collect::<String>());
    }

    /// What the configuration says of the one host, `vps`.
    pub(crate) fn host(&self, settings: &str) {
        self.place.write(
            "dogwatch.yaml",
            &format!("hosts: {{ vps: {{ {settings} }} }}\n"),
        );
    }

    pub(crate) fn ask_agent(&mut self, socket: Option<&Path>) {
        self.agent = socket.map(Path::to_owned);
    }

    /// `status` of the host, as somebody at home there types it.
    pub(crate) fn status(&self) -> Answer {
        self.call(&["console", "--", "status"])
    }

    pub(crate) fn call(&self, words: &[&str]) -> Answer {
        let user = nix::unistd::User::from_uid(nix::unistd::getuid());
        let home = user.unwrap().unwrap().dir.join(".ssh");
        std::fs::create_dir_all(&home).unwrap();
        let at_home = [
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            AT_HOME,
            "sh",
        ];
        let mut command = self.place.as_program(Path::new("unshare"), &at_home);
        command
            .arg(self.directory.path())
            .arg(home)
            .arg(DOGWATCH)
            .args(words);
        match &self.agent {
            Some(socket) => command.env("SSH_AUTH_SOCK", socket),
            None => command.env_remove("SSH_AUTH_SOCK"),
        };
        self.place.finish(command)
    }
}

/// A real ssh-agent. It is ended, by its id, with the test.
pub(crate) struct Agent {
    child: Child,
    pub(crate) socket: PathBuf,
}

impl Agent {
    /// Listens beside the keys of `sshd`.
    pub(crate) fn beside(sshd: &Sshd) -> Self {
        let socket = sshd.path("agent");
        let child = program("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { child, socket };
        for _ in 0..3000 {
            if std::os::unix::net::UnixStream::connect(&agent.socket).is_ok() {
                return agent;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the agent does not listen");
    }

    pub(crate) fn add(&self, key: &Path) {
        let added = program("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
