//! A real sshd on loopback with keys of its own. It is ended, by its id, with the test.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use dogwatch::host::settings::SshAddress;
use dogwatch::host::ssh::SshSettings;
use tokio::net::TcpSocket;

use super::namespace::Namespace;
use super::own_engine::OwnEngine;
use super::real_engine::program;

pub(crate) struct Sshd {
    pub(crate) port: u16,
    directory: tempfile::TempDir,
    server: Option<Child>,
    /// The machine it stands for; without one, this one.
    namespace: Option<Namespace>,
    /// Files that are others for it and what it starts: what stands there, and in which place.
    stand_ins: Vec<(PathBuf, PathBuf)>,
    /// Further lines of its configuration.
    more: String,
}

/// Where an engine listens as a rule.
const USUAL_SOCKET: &str = "/var/run/docker.sock";

/// Puts each file in its place, for itself and what it starts only.
const PUT_IN_PLACE: &str = r#"while [ "$1" != -- ]; do
  mount --bind "$1" "$2" || exit 1
  shift 2
done
shift
exec "$@""#;

impl Sshd {
    /// `None` where there is no sshd, or where we may not start one; the test then says so.
    pub(crate) fn start() -> Option<Self> {
        Self::on(None)
    }

    /// On a machine with an engine of its own.
    pub(crate) fn before(engine: &OwnEngine) -> Option<Self> {
        let mut sshd = Self::on(None)?;
        sshd.put(engine.socket(), USUAL_SOCKET);
        sshd.restart();
        Some(sshd)
    }

    /// On a machine of its own, as far as the network goes.
    pub(crate) fn elsewhere() -> Option<Self> {
        Self::on(Some(Namespace::new()?))
    }

    fn on(namespace: Option<Namespace>) -> Option<Self> {
        let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
        let program = Path::new("/usr/sbin/sshd");
        if !program.exists() || !nix::unistd::getuid().is_root() {
            assert!(!required, "no sshd: install openssh-server and run as root");
            eprintln!("NOT RUN: needs /usr/sbin/sshd and root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut sshd = Self {
            port,
            directory,
            server: None,
            namespace,
            stand_ins: Vec::new(),
            more: String::new(),
        };
        for key in ["host", "user", "stranger"] {
            sshd.make_key(key);
        }
        fs::copy(sshd.path("user.pub"), sshd.path("authorized_keys")).unwrap();
        sshd.trust("host");
        fs::create_dir_all("/run/sshd").unwrap();
        sshd.restart();
        Some(sshd)
    }

    /// From the next start on, this file is in that place for it.
    pub(crate) fn put(&mut self, file: PathBuf, place: &str) {
        self.stand_ins.push((file, PathBuf::from(place)));
    }

    /// From the next start on, its configuration has this line too.
    pub(crate) fn configure(&mut self, line: &str) {
        self.more.push_str(line);
        self.more.push('\n');
    }

    pub(crate) fn address(&self) -> String {
        let elsewhere = self.namespace.as_ref();
        elsewhere.map_or_else(|| "127.0.0.1".to_owned(), |one| one.address.to_string())
    }

    /// The cable to it.
    pub(crate) fn namespace(&self) -> &Namespace {
        self.namespace.as_ref().expect("it is elsewhere")
    }

    /// The host gets another key of its own, as if it had been set up anew.
    pub(crate) fn change_key(&mut self) {
        fs::copy(self.path("stranger"), self.path("host")).unwrap();
        self.restart();
    }

    /// It is there and says nothing, until it goes on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let id = self.server.as_ref().unwrap().id().to_string();
        let signal = if frozen { "-STOP" } else { "-CONT" };
        assert!(
            program("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn make_key(&self, name: &str) {
        let file = self.path(name);
        let made = program("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(file)
            .status()
            .unwrap();
        assert!(made.success());
    }

    /// The key named is the one that clients expect of this host.
    pub(crate) fn trust(&self, key: &str) {
        let public = fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        fs::write(
            self.path("known_hosts"),
            format!("{} {public}", self.known_as()),
        )
        .unwrap();
    }

    /// As files of known hosts call it.
    pub(crate) fn known_as(&self) -> String {
        format!("[{}]:{}", self.address(), self.port)
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        let config = format!(
            "Port {}\nListenAddress {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nLogLevel ERROR\n{}",
            self.port,
            self.address(),
            self.path("host").display(),
            self.path("authorized_keys").display(),
            self.more,
        );
        fs::write(self.path("sshd_config"), config).unwrap();
        let mut server = match &self.namespace {
            Some(namespace) => {
                let mut inside = program("ip");
                inside.args(["netns", "exec", &namespace.name, "/usr/sbin/sshd"]);
                inside
            }
            None if self.stand_ins.is_empty() => program("/usr/sbin/sshd"),
            None => {
                let mut inside = program("unshare");
                inside.args(["--mount", "--propagation", "private", "sh", "-c"]);
                inside.args([PUT_IN_PLACE, "sh"]);
                for (file, place) in &self.stand_ins {
                    inside.arg(file).arg(place);
                }
                inside.args(["--", "/usr/sbin/sshd"]);
                inside
            }
        };
        let server = server
            .args(["-D", "-e", "-f"])
            .arg(self.path("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
        for _ in 0..200 {
            if std::net::TcpStream::connect((self.address().as_str(), self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("sshd does not listen");
    }

    /// The listener and every session of it.
    pub(crate) fn stop(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        let children = program("pgrep")
            .args(["-P", &server.id().to_string()])
            .output()
            .unwrap();
        for child in String::from_utf8_lossy(&children.stdout).lines() {
            let _ended = program("kill").arg(child).status().unwrap();
        }
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// The port of a stopped server, held so that nobody else listens on it; nobody answers there.
    pub(crate) fn kept_port(&self) -> TcpSocket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        let address = format!("{}:{}", self.address(), self.port);
        socket.bind(address.parse().unwrap()).unwrap();
        socket
    }

    pub(crate) fn settings(&self) -> SshSettings {
        SshSettings {
            address: SshAddress {
                user: Some("root".into()),
                host: self.address(),
                port: Some(self.port),
            },
            identity_file: Some(self.path("user")),
            known_hosts_file: Some(self.path("known_hosts")),
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}
