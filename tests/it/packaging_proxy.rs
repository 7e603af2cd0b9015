//! A whole deploy through the socket proxy: the real nginx with the file that is shipped, a real
//! docker-compose behind it, and the images that come back when what was deployed is not well.

use std::os::unix::fs::MetadataExt;

use dogwatch::bot::{Bot, Outcome};
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;

use crate::compose_deploy::Team;
use crate::packaging::{LAB, SOCKET, deploy, free_port};
use crate::support::compose_shop::{Where, compose_file};
use crate::support::real_engine::{docker, eventually, is_there, program, real_engine};

/// As `docker-compose.proxy.yml` runs it, but that it listens on this machine. Gone with it.
struct Proxy {
    name: String,
    port: u16,
}

impl Proxy {
    async fn start() -> Self {
        let ulid = ulid::Ulid::generate().to_string().to_lowercase();
        let (name, port) = (format!("dwproxy{ulid}"), free_port());
        let user = format!("101:{}", std::fs::metadata(SOCKET).unwrap().gid());
        let conf = deploy("socket-proxy/nginx.conf");
        docker(&[
            "run",
            "--detach",
            "--read-only",
            "--cap-drop=ALL",
            "--tmpfs=/tmp",
            "--tmpfs=/run",
            "--name",
            &name,
            "--user",
            &user,
            "--publish",
            &format!("127.0.0.1:{port}:2375"),
            "--volume",
            &format!("{SOCKET}:{SOCKET}"),
            "--volume",
            &format!("{}:/etc/proxy.conf:ro", conf.display()),
            LAB,
            "nginx",
            "-c",
            "/etc/proxy.conf",
            "-g",
            "daemon off;",
        ]);
        let proxy = Self { name, port };
        let url = format!("http://127.0.0.1:{port}/_ping");
        eventually("the proxy answers", || async {
            let asked = program("curl").args(["-fsS", &url]).output().unwrap();
            asked.status.success()
        })
        .await;
        proxy
    }

    fn only_way(&self, bot: &mut Bot) {
        let engine = Endpoint::parse(&format!("tcp://127.0.0.1:{}", self.port)).unwrap();
        bot.fleet = Fleet::new([("local".to_owned(), Reach::Socket(engine))]);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.name]);
    }
}

/// Networks of a stack, gone with it when its containers are.
struct Networks(String);

impl Drop for Networks {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.0);
        for network in docker(&["network", "ls", "--quiet", "--filter", &label]).lines() {
            docker(&["network", "rm", network]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_goes_through_the_proxy_and_back() {
    if real_engine().await.is_none() || !is_there(LAB) {
        return;
    }
    let proxy = Proxy::start().await;
    let with = |bot: &mut Bot| proxy.only_way(bot);
    let Some(team) = Team::with(Where::Here, |_| {}, with).await else {
        return;
    };
    let networks = Networks(team.shop.project.clone());
    let before = (team.head(), team.shop.inspect("web", "{{.Image}}"));
    let own_network = compose_file("").replace(
        "network: none }\n    network_mode: none",
        "network: none }\n    networks: [front]",
    ) + "networks:\n  front: {}\n";
    assert!(own_network.contains("networks: [front]"));
    // larger than any other call may be
    let noise: String = (0..200_000)
        .map(|number: u32| format!("{number:x} "))
        .collect();
    team.push(
        "A network, and another page",
        &[("docker-compose.yml", &own_network), ("web/page", &noise)],
    );
    let done = team.say("deploy shop").await;
    assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
    let deployed = (team.head(), team.shop.inspect("web", "{{.Image}}"));
    assert!(deployed.0 != before.0 && deployed.1 != before.1);

    let ill = "FROM dogwatch-test-bb:1\nCOPY page /page\nCMD [\"sh\", \"-c\", \"exit 9\"]\n";
    team.push("Crash at once", &[("web/Dockerfile", ill)]);
    let answer = team.say("deploy shop patience=4s").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
    assert!(answer.text.contains("it is back at"), "{}", answer.text);
    let now = (team.head(), team.shop.inspect("web", "{{.Image}}"));
    assert_eq!(now, deployed);
    drop(team);
    drop(networks);
}
