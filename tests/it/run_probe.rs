//! `connection-test` from inside real containers: every tool it may find there, against a real
//! postgres, redis and nginx, and against what is none of them.

use dogwatch::bot::Outcome;

use crate::support::real_engine::{docker, eventually, is_there};
use crate::support::real_stack::Real;

const LAB: &str = "dogwatch-lab:1";
const BUSYBOX: &str = "dogwatch-lab-busybox:1";

const POSTGRES: &str = "initdb -D /tmp/d -U app >/dev/null && exec postgres -D /tmp/d -c listen_addresses='*' -c unix_socket_directories=/tmp";
const NGINX: &str = "nginx -g 'daemon off; error_log stderr;' -c /tmp/n.conf";
const NGINX_CONF: &str = "events {} http { access_log off; server { listen 8080; return 204; } }";

/// What is hidden, so that the tool in question is the one that is found: a file that is no program
/// stands in its place.
const PYTHONS: &[&str] = &["/usr/bin/python3", "/usr/bin/python3.11"];
const NODES: &[&str] = &["/usr/bin/node", "/usr/bin/nodejs"];
const NCS: &[&str] = &["/bin/nc", "/bin/nc.openbsd", "/usr/bin/nc"];

/// A stack in a network of its own, where names resolve.
struct Net(Real);

impl Net {
    async fn new() -> Option<Self> {
        let real = Real::new().await?;
        if !is_there(LAB) || !is_there(BUSYBOX) {
            return None;
        }
        docker(&["network", "create", &real.stack]);
        Some(Self(real))
    }

    fn service(&self, image: &str, name: &str, options: &[&str], program: &[&str]) {
        let own = ["--network", &self.0.stack, "--network-alias", name];
        self.0
            .service_of(image, name, &[&own, options].concat(), program);
    }

    /// A client in which these files are no programs.
    fn client(&self, name: &str, hidden: &[&[&str]]) {
        let volumes: Vec<String> = hidden
            .concat()
            .iter()
            .map(|file| format!("/dev/null:{file}"))
            .collect();
        let options: Vec<&str> = volumes
            .iter()
            .flat_map(|volume| ["--volume", volume])
            .collect();
        self.service(LAB, name, &options, &["sleep", "600"]);
    }

    fn servers(&self) {
        self.service(LAB, "db", &["--user", "postgres"], &["sh", "-c", POSTGRES]);
        let redis = ["redis-server", "--save", "", "--protected-mode", "no"];
        self.service(LAB, "cache", &[], &redis);
        let locked = [&redis[..], &["--requirepass", "s3cr3t-Redis-Pw"]].concat();
        self.service(LAB, "locked", &[], &locked);
        let web = format!("echo '{NGINX_CONF}' > /tmp/n.conf && exec {NGINX}");
        self.service(LAB, "web", &[], &["sh", "-c", &web]);
    }

    async fn tries(&self, from: &str, to: &str, port: u16, speaks: &str) -> (Outcome, String) {
        let line =
            format!("run connection-test from=STACK/{from} to={to} port={port} speaks={speaks}");
        self.0.says(&line).await
    }

    /// Reached in time, in these words.
    async fn reaches(&self, from: &str, (to, port, speaks): (&str, u16, &str), words: &str) {
        let what = format!("{from} hears `{words}` of {to}");
        eventually(&what, || async {
            let (outcome, text) = self.tries(from, to, port, speaks).await;
            outcome == Outcome::Done && text.contains(words)
        })
        .await;
    }

    async fn misses(&self, from: &str, (to, port, speaks): (&str, u16, &str), words: &str) {
        let (outcome, text) = self.tries(from, to, port, speaks).await;
        assert_eq!(outcome, Outcome::Failed, "{from} to {to}: {text}");
        assert!(text.contains(words), "{from} to {to}: {text}");
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for service in [
            "db", "cache", "locked", "web", "python", "node", "nc", "curl", "busybox", "bare",
        ] {
            docker(&["rm", "--force", &self.0.name(service)]);
        }
        docker(&["network", "rm", &self.0.stack]);
    }
}

#[tokio::test]
async fn each_tool_hears_each_server_and_tells_others_from_it() {
    let Some(net) = Net::new().await else {
        return;
    };
    net.servers();
    net.client("python", &[]);
    net.client("node", &[PYTHONS]);
    net.client("nc", &[PYTHONS, NODES]);
    net.client("curl", &[PYTHONS, NODES, NCS]);
    net.service(BUSYBOX, "busybox", &[], &["sleep", "600"]);
    for from in ["python", "node", "nc", "busybox"] {
        net.reaches(
            from,
            ("db", 5432, "auto"),
            "PostgreSQL answers, without TLS",
        )
        .await;
        net.reaches(from, ("cache", 6379, "auto"), "redis answers")
            .await;
        net.reaches(
            from,
            ("locked", 6379, "redis"),
            "redis answers, and wants a password",
        )
        .await;
        net.reaches(from, ("web", 8080, "http"), "HTTP/1.1 204")
            .await;
        net.reaches(from, ("web", 8080, "tcp"), "reaches web port 8080")
            .await;
        net.misses(from, ("web", 8080, "redis"), "speaks no redis")
            .await;
        net.misses(from, ("web", 1, "tcp"), "cannot connect to web port 1")
            .await;
        net.misses(from, ("nobody", 80, "http"), "cannot resolve nobody")
            .await;
    }
    net.reaches("curl", ("web", 8080, "http"), "HTTP 204").await;
    net.reaches(
        "curl",
        ("db", 5432, "postgres"),
        "no tool that speaks postgres",
    )
    .await;
    net.misses("curl", ("web", 1, "http"), "cannot connect to web port 1")
        .await;
}
