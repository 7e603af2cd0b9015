//! What stands under `config/deploy`, tried: the unit is sound, the compose file brings up a container
//! without rights that answers, and the socket proxy lets through what is needed and nothing else.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::real_engine::{docker, eventually, is_there, program, real_engine};

pub(crate) const LAB: &str = "dogwatch-lab:1";
pub(crate) const SOCKET: &str = "/var/run/docker.sock";

pub(crate) fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config/deploy")
        .join(file)
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn the_unit_is_sound_and_shuts_away_most_of_the_machine() {
    let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
    if program("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        assert!(!required, "no systemd-analyze: install systemd");
        eprintln!("NOT RUN: needs systemd-analyze");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let unit = scratch.path().join("dogwatch.service");
    let text = std::fs::read_to_string(deploy("dogwatch.service")).unwrap();
    let here = text.replace("/usr/local/bin/dogwatch", env!("CARGO_BIN_EXE_dogwatch"));
    std::fs::write(&unit, here).unwrap();
    let verified = program("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output()
        .unwrap();
    assert!(
        verified.status.success() && said(&verified).is_empty(),
        "{}",
        said(&verified)
    );
    let exposed = program("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(&unit)
        .output()
        .unwrap();
    assert!(exposed.status.success(), "{}", said(&exposed));
}

/// Services of a compose file, gone with it.
struct Compose {
    files: &'static [&'static str],
    project: String,
    port: u16,
    config: tempfile::TempDir,
}

impl Compose {
    fn new(files: &'static [&'static str]) -> Self {
        let config = tempfile::tempdir().unwrap();
        let own = config.path().join("dogwatch.yaml");
        std::fs::copy(deploy("dogwatch.yaml"), own).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(config.path(), open).unwrap();
        Self {
            files,
            project: format!(
                "dwdeploy{}",
                ulid::Ulid::generate().to_string().to_lowercase()
            ),
            port: free_port(),
            config,
        }
    }

    /// An image of this very program, made by the file in the repository.
    fn image(&self) -> String {
        let context = tempfile::tempdir().unwrap();
        let binary = context.path().join("dogwatch");
        std::fs::copy(env!("CARGO_BIN_EXE_dogwatch"), binary).unwrap();
        let (file, base) = (deploy("Dockerfile.binary"), format!("BASE={LAB}"));
        docker(&[
            "build",
            "--quiet",
            "--file",
            &file.to_string_lossy(),
            "--build-arg",
            &base,
            "--tag",
            &self.project,
            &context.path().to_string_lossy(),
        ]);
        self.project.clone()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("docker-compose");
        for file in self.files {
            command.arg("--file").arg(deploy(file));
        }
        let group = std::fs::metadata(SOCKET).unwrap().gid();
        command
            .args(["--project-name", &self.project])
            .args(arguments)
            .env("DOCKER_GID", group.to_string())
            .env("DOGWATCH_IMAGE", &self.project)
            .env("DOGWATCH_PORT", self.port.to_string())
            .env("DOGWATCH_CONFIG", self.config.path())
            .env("PROXY_IMAGE", LAB);
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    async fn answers(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        eventually("the container is ready", || async {
            let asked = program("curl").args(["-fsS", &url]).output().unwrap();
            asked.status.success()
        })
        .await;
    }

    fn inside(&self, command: &[&str]) -> Output {
        let exec = ["exec", "-T", "dogwatch"];
        self.command(&[&exec[..], command].concat())
            .output()
            .unwrap()
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        self.run(&["down", "--volumes", "--timeout", "2"]);
        let _gone = program("docker")
            .args(["rmi", "--force", &self.project])
            .output();
    }
}

#[tokio::test]
async fn the_container_has_no_rights_and_does_its_work() {
    if real_engine().await.is_none() || !is_there(LAB) {
        return;
    }
    let compose = Compose::new(&["docker-compose.yml"]);
    compose.image();
    compose.run(&["up", "--detach"]);
    compose.answers().await;
    let status = compose.inside(&["dogwatch", "console", "--", "status"]);
    assert!(
        status.status.success() && said(&status).contains(&compose.project),
        "{}",
        said(&status)
    );
    for forbidden in ["touch /usr/local/bin/x", "cat /etc/shadow", "chown 0 /tmp"] {
        let tried = compose.inside(&["sh", "-c", forbidden]);
        assert!(!tried.status.success(), "{forbidden}: {}", said(&tried));
    }
    let rights = compose.inside(&["grep", "-E", "^(CapEff|NoNewPrivs|Uid)", "/proc/1/status"]);
    let rights = said(&rights);
    let words: Vec<&str> = rights.split_whitespace().collect();
    let (zeros, own) = ("0000000000000000", "10001");
    assert_eq!(
        words,
        [
            "Uid:",
            own,
            own,
            own,
            own,
            "CapEff:",
            zeros,
            "NoNewPrivs:",
            "1"
        ]
    );
}

#[tokio::test]
async fn the_proxy_lets_through_what_is_needed_only() {
    if real_engine().await.is_none() || !is_there(LAB) {
        return;
    }
    let compose = Compose::new(&["docker-compose.yml", "docker-compose.proxy.yml"]);
    compose.image();
    compose.run(&["up", "--detach"]);
    compose.answers().await;
    let own = format!("{}/socket-proxy", compose.project);
    for line in [
        vec!["status", own.as_str()],
        vec!["logs", own.as_str(), "--tail", "1"],
        vec!["stats", own.as_str()],
        vec!["inspect", own.as_str()],
        vec!["networks"],
        vec!["volumes"],
        vec!["disk"],
        vec!["run", "exec", "service=SELF", "command=id", "--yes"],
    ] {
        let line: Vec<String> = line.iter().map(|word| word.replace("SELF", &own)).collect();
        let mut words = vec!["dogwatch", "console", "--"];
        words.extend(line.iter().map(String::as_str));
        let tried = compose.inside(&words);
        assert!(tried.status.success(), "{line:?}: {}", said(&tried));
    }
    for (method, path) in [
        ("GET", "/secrets"),
        ("GET", "/containers/json/../../swarm"),
        ("POST", "/images/load"),
        ("POST", "/images/x/push"),
        ("POST", "/commit?container=x"),
        ("POST", "/containers/x/update"),
        ("POST", "/session"),
        ("POST", "/networks/x/connect/../../../swarm/init"),
        ("DELETE", "/images/x"),
        ("DELETE", "/networks/x"),
        ("GET", "/containers/x/export"),
        ("PUT", "/containers/x/archive?path=/"),
    ] {
        let url = format!("http://socket-proxy:2375{path}");
        let ask = [
            "curl",
            "-s",
            "--path-as-is",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-X",
            method,
            &url,
        ];
        assert_eq!(said(&compose.inside(&ask)), "403", "{method} {path}");
    }
}
