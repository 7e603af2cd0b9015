//! A small stack as a team has it: a directory with compose files on a real engine, operated by a
//! real docker-compose, perhaps over a real sshd. Its containers, volumes and images go with it.

use std::path::{Path, PathBuf};

use dogwatch::access::ApprovalSettings;
use dogwatch::bot::Bot;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::stack::{Site, Sites};

use super::real_engine::{Sandbox, docker, program, real_engine};
use super::sshd::Sshd;
use super::tester::Tester;

/// Runs until it is asked to stop.
const LOOP: &str = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

pub(crate) struct Shop {
    pub(crate) tester: Tester,
    pub(crate) project: String,
    pub(crate) root: tempfile::TempDir,
    _sshd: Option<Sshd>,
    _sandbox: Sandbox,
}

/// Where the stack's host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Here,
    OverSsh,
}

impl Shop {
    /// `None`, and said, where there is no engine or docker-compose.
    pub(crate) async fn new(at: Where, change: impl FnOnce(&mut Site)) -> Option<Self> {
        Self::with(at, change, |_| {}).await
    }

    pub(crate) async fn with(
        at: Where,
        change: impl FnOnce(&mut Site),
        bot_too: impl FnOnce(&mut Bot),
    ) -> Option<Self> {
        let engine = real_engine().await?;
        if !has_compose() {
            return None;
        }
        // makes the image that the services use
        let sandbox = Sandbox::new();
        let sshd = match at {
            Where::Here => None,
            Where::OverSsh => Some(Sshd::start()?),
        };
        let root = tempfile::tempdir().unwrap();
        let project = sandbox.name("stack");
        let host = if sshd.is_some() { "vps" } else { "local" };
        let mut site = Site {
            stack: "shop".into(),
            host: host.into(),
            project: project.clone(),
            directory: Some(root.path().to_owned()),
            command: vec!["docker-compose".into()],
            ..Site::default()
        };
        change(&mut site);
        let reach = match &sshd {
            Some(sshd) => Reach::Ssh(sshd.settings()),
            None => Reach::Socket(engine.endpoint().clone()),
        };
        let tester = Tester::with(|bot| {
            bot.fleet = Fleet::new([(host.to_owned(), reach)]);
            bot.conduct.sites = Sites::of([site]);
            bot_too(bot);
        });
        let shop = Self {
            tester,
            project,
            root,
            _sshd: sshd,
            _sandbox: sandbox,
        };
        shop.write("docker-compose.yml", &compose_file(""));
        shop.write("web/Dockerfile", &dockerfile(""));
        shop.write("web/page", "one\n");
        Some(shop)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The team's own program; it writes down how it was called.
    pub(crate) fn wrap(&self) {
        let project = &self.project;
        self.write(
            "scripts/stack.sh",
            &format!(
                "#!/bin/sh\necho \"$SHOP_ENV: $*\" >> calls\nexec docker-compose -p {project} -f docker-compose.yml \"$@\"\n"
            ),
        );
        let made = program("chmod")
            .args(["755"])
            .arg(self.path("scripts/stack.sh"))
            .status();
        assert!(made.unwrap().success());
    }

    /// What the engine says of a service's container.
    pub(crate) fn inspect(&self, service: &str, format: &str) -> String {
        let filters = [
            format!("label=com.docker.compose.project={}", self.project),
            format!("label=com.docker.compose.service={service}"),
        ];
        let id = docker(&[
            "ps",
            "--all",
            "--quiet",
            "--filter",
            &filters[0],
            "--filter",
            &filters[1],
        ]);
        if id.is_empty() {
            return String::new();
        }
        docker(&["inspect", "--format", format, &id])
    }

    pub(crate) fn is_running(&self, service: &str) -> bool {
        self.inspect(service, "{{.State.Running}}") == "true"
    }

    /// What is in the page that the image of `web` was built with.
    pub(crate) fn page(&self) -> String {
        let id = self.inspect("web", "{{.Id}}");
        docker(&["exec", &id, "cat", "/page"])
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.project);
        let ids = docker(&["ps", "--all", "--quiet", "--filter", &label]);
        remove(&["rm", "--force"], &ids);
        let volumes = docker(&["volume", "ls", "--quiet", "--filter", &label]);
        remove(&["volume", "rm"], &volumes);
        let images = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        let own: Vec<&str> = images
            .lines()
            .filter(|image| image.contains(&self.project))
            .collect();
        remove(&["rmi", "--force"], &own.join(" "));
    }
}

fn remove(verb: &[&str], names: &str) {
    let names: Vec<&str> = names.split_whitespace().collect();
    if !names.is_empty() {
        docker(&[verb, names.as_slice()].concat());
    }
}

pub(crate) fn has_compose() -> bool {
    let found = program("docker-compose").arg("version").output();
    let found = found.is_ok_and(|output| output.status.success());
    assert!(
        found || std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_none(),
        "no docker-compose: install docker-compose, or unset DOGWATCH_REQUIRE_ENGINE"
    );
    if !found {
        eprintln!("NOT RUN: needs docker-compose");
    }
    found
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// `api` of an image that is there, `web` that is built; `more` goes into `api`.
pub(crate) fn compose_file(more: &str) -> String {
    format!(
        r#"services:
  api:
    image: dogwatch-test-bb:1
    command: ["sh", "-c", "{LOOP}"]
    network_mode: none
    mem_limit: 64m
    environment:
      MODE: "${{SHOP_ENV:-dev}}"
      DB_PASSWORD: "${{DB_PASSWORD:-correct-horse-battery}}"
    volumes: ["data:/data"]
{more}
  web:
    build: {{ context: ./web, network: none }}
    network_mode: none
    depends_on: [api]
volumes:
  data: {{}}
"#
    )
}

pub(crate) fn dockerfile(more: &str) -> String {
    format!("FROM dogwatch-test-bb:1\nCOPY page /page\n{more}\nCMD [\"sh\", \"-c\", \"{LOOP}\"]\n")
}

/// As the program does it: rights and approvals go by the environment of a stack on its host.
pub(crate) fn with_environments(bot: &mut Bot) {
    let sites = bot.conduct.sites.clone();
    let environments = sites.iter().map(|site| {
        (
            format!("{}/{}", site.host, site.project),
            site.environment.clone().unwrap_or_default(),
        )
    });
    let policy = std::mem::take(&mut bot.policy);
    bot.policy = policy.asking(ApprovalSettings::default(), environments.collect());
}
