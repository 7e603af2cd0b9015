//! Checks of our own against the real thing: servers that answer, lie, hang and end; containers on a
//! real engine; a real NATS.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dogwatch::engine::Endpoint;
use dogwatch::incident::{AlertState, Severity, Source};
use dogwatch::setting::PageUrl;
use dogwatch::watch::check::kinds::Page;
use dogwatch::watch::check::settings::ContainerName;
use dogwatch::watch::check::{Check, Kind};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::real_engine::{Sandbox, docker, eventually, listens, program, real_engine};
use crate::support::server::free_port;
use crate::support::watched::{Watched, detail, orders};

fn nowhere() -> Endpoint {
    Endpoint::parse("unix:///nowhere/engine.sock").unwrap()
}

pub(crate) fn check(name: &str, kind: Kind) -> Check {
    Check {
        name: name.to_owned(),
        kind,
        interval: Duration::from_millis(200),
        timeout: Duration::from_secs(5),
        retries: 0,
        severity: Severity::Critical,
        source: Source::Check,
        host: "local".to_owned(),
        stack: String::new(),
        service: name.to_owned(),
        route: None,
        log: None,
    }
}

fn page(url: &str) -> Page {
    Page {
        url: PageUrl::try_from(url.to_owned()).unwrap(),
        method: "GET",
        status: Vec::new(),
        body: None,
        tls_days: 7,
        slower_than: None,
        container: None,
    }
}

pub(crate) fn container(name: &str) -> ContainerName {
    ContainerName::try_from(name.to_owned()).unwrap()
}

/// Answers every request alike, until the answer is changed.
struct Site {
    url: String,
    answer: Arc<std::sync::Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    async fn open(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/healthz?full=1", listener.local_addr().unwrap());
        let answer = Arc::new(std::sync::Mutex::new(answer.to_owned()));
        let asked = Arc::new(AtomicUsize::new(0));
        let (now, count) = (Arc::clone(&answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let (now, count) = (Arc::clone(&now), Arc::clone(&count));
                tokio::spawn(async move {
                    let mut peer = BufReader::new(peer);
                    let mut line = String::new();
                    peer.read_line(&mut line).await.unwrap();
                    count.fetch_add(1, Ordering::SeqCst);
                    let answer = now.lock().unwrap().clone();
                    if answer.is_empty() {
                        return std::future::pending().await;
                    }
                    assert!(line.starts_with("GET /healthz?full=1 HTTP/1.1"), "{line}");
                    peer.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        Self { url, answer, asked }
    }

    fn says(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";
const BROKEN: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_when_it_fails_and_when_it_holds_again() {
    let (site, body) = (Site::open(OK).await, Site::open(OK).await);
    let mut orders = orders(nowhere());
    let wrong_body = Page {
        body: Some("\"ok\":false".to_owned().try_into().unwrap()),
        ..page(&body.url)
    };
    let slow = Page {
        slower_than: Some(Duration::from_nanos(1)),
        ..page(&body.url)
    };
    let gone = format!("http://127.0.0.1:{}/", free_port());
    orders.checks = vec![
        check("site", Kind::Http(page(&site.url))),
        check("body", Kind::Http(wrong_body)),
        check("slow", Kind::Http(slow)),
        check("gone", Kind::Http(page(&gone))),
    ];
    let watched = Watched::over(orders).await;
    let body = watched.until_firing("body", "check:body").await;
    assert_eq!(
        body.summary.as_str(),
        "check body: the body does not hold what it should"
    );
    let slow = watched.until_firing("slow", "check:slow").await;
    assert!(
        slow.summary.as_str().ends_with("more than 0 ms"),
        "{slow:?}"
    );
    let gone = watched.until_firing("gone", "check:gone").await;
    assert!(
        gone.summary
            .as_str()
            .contains("cannot connect: Connection refused"),
        "{gone:?}"
    );

    site.says(BROKEN);
    let alert = watched.until_firing("site", "check:site").await;
    assert_eq!(
        alert.summary.as_str(),
        "check site: HTTP 503 instead of 200 to 399"
    );
    site.says(OK);
    let alert = watched.until_resolved("site", "check:site").await;
    assert_eq!(alert.summary.as_str(), "check site: holds again");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_let_pass_before_it_is_an_alert() {
    let site = Site::open(BROKEN).await;
    let mut orders = orders(nowhere());
    let patient = Check {
        retries: 2,
        ..check("site", Kind::Http(page(&site.url)))
    };
    orders.checks = vec![patient];
    let watched = Watched::over(orders).await;
    let alert = watched.until_firing("site", "check:site").await;
    assert_eq!(detail(&alert, "failures in a row"), "3");
    assert!(site.asked.load(Ordering::SeqCst) >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_check_holds_up_no_other_and_is_told_itself() {
    let (hung, site) = (Site::open("").await, Site::open(OK).await);
    let mut orders = orders(nowhere());
    let patient = Duration::from_mins(10);
    orders.checks = (0..200)
        .map(|number| Check {
            timeout: patient,
            ..check(&format!("hung-{number}"), Kind::Http(page(&hung.url)))
        })
        .chain([
            check("site", Kind::Http(page(&site.url))),
            Check {
                timeout: Duration::from_secs(1),
                ..check("late", Kind::Http(page(&hung.url)))
            },
        ])
        .collect();
    let watched = Watched::over(orders).await;
    eventually("all of them hang", || async {
        hung.asked.load(Ordering::SeqCst) > 200
    })
    .await;
    site.says(BROKEN);
    watched.until_firing("site", "check:site").await;
    let late = watched.until_firing("late", "check:late").await;
    assert_eq!(late.summary.as_str(), "check late: no answer within 1 s");
    let told = watched.alerts().await;
    assert!(!told.iter().any(|alert| alert.service.starts_with("hung")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_down_before_a_restart_is_told_to_hold_after_it() {
    let site = Site::open(BROKEN).await;
    let mut orders = orders(nowhere());
    orders.checks = vec![check("site", Kind::Http(page(&site.url)))];
    let mut watched = Watched::over(orders).await;
    watched.until_firing("site", "check:site").await;
    watched.pause().await;
    site.says(OK);
    watched.resume();
    watched.until_resolved("site", "check:site").await;
    let states: Vec<AlertState> = watched
        .alerts()
        .await
        .iter()
        .map(|alert| alert.state)
        .collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Resolved]);
}

/// Serves what is in `/tmp`, on loopback only.
pub(crate) const FILES: &str = r#"const http = require("http"), fs = require("fs");
http.createServer((asked, answer) => {
  answer.statusCode = fs.existsSync("/tmp" + asked.url) ? 200 : 404;
  answer.end();
}).listen(8080, "127.0.0.1");"#;

/// A service with a page and a health check, in a container of its own.
fn api(sandbox: &Sandbox) -> (String, String) {
    let script = format!("echo ok > /tmp/healthz; exec node -e '{FILES}'");
    let stack = sandbox.name("s");
    let project = format!("com.docker.compose.project={stack}");
    let options = [
        "--network=none",
        "--label",
        &project,
        "--label",
        "com.docker.compose.service=api",
        "--health-cmd=test -e /tmp/healthz",
        "--health-interval=300ms",
        "--health-retries=1",
    ];
    (
        format!("{stack}/api"),
        sandbox.run_image("dogwatch-lab:1", &options, &["sh", "-c", &script]),
    )
}

fn port(name: &str, port: u16) -> Kind {
    Kind::Tcp {
        host: "localhost".to_owned(),
        port,
        container: Some(container(name)),
    }
}

fn process(name: &str, program: &str) -> Kind {
    Kind::Process {
        container: container(name),
        name: program.to_owned(),
    }
}

fn command(name: &str, argv: &[&str], output: Option<&str>) -> Kind {
    Kind::Command {
        container: container(name),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        output: output.map(|pattern| pattern.to_owned().try_into().unwrap()),
    }
}

async fn said(watched: &Watched, service: &str) -> String {
    let alert = watched
        .until_firing(service, &format!("check:{service}"))
        .await;
    alert.summary.as_str().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_inside_a_container_is_told_in_words() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let (name, _) = api(&sandbox);
    let memory = Kind::Memory {
        container: container(&name),
        percent: 90,
    };
    let nobody = Kind::Health {
        container: container("no-such-container"),
    };
    let fails = [
        "sh",
        "-c",
        "echo password=hunter2abc; echo no space left; exit 4",
    ];
    let mut orders = orders(engine.endpoint().clone());
    orders.checks = vec![
        check("closed", port(&name, 8081)),
        check("gone", process(&name, "worker")),
        check("fails", command(&name, &fails, None)),
        check("missing", command(&name, &["no-such-probe"], None)),
        check("memory", memory),
        check("nobody", nobody),
    ];
    let watched = Watched::over(orders).await;
    let mut told = Vec::new();
    for service in ["closed", "gone", "fails", "missing", "memory", "nobody"] {
        told.push(said(&watched, service).await);
    }
    let stack = name.trim_end_matches("/api");
    let told = told.join("\n").replace(stack, "STACK");
    let told = told
        .lines()
        .filter(|line| !line.contains("no memory limit"));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    check closed: nobody listens on port 8081 in there
    check gone: no process `worker` runs in there
    check fails: `sh` ended with 4
    check missing: there is no `no-such-probe` in there
    check nobody: there is no container `no-such-container`
    ");
    let alert = watched.until_firing("fails", "check:fails").await;
    let output = detail(&alert, "output");
    assert!(
        output.contains("no space left") && !output.contains("hunter2abc"),
        "{output}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_inside_a_container_is_silent_until_it_fails() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let (name, id) = api(&sandbox);
    listens(&id, 8080).await;
    let inside = Page {
        container: Some(container(&name)),
        ..page("http://127.0.0.1:8080/healthz")
    };
    let health = Kind::Health {
        container: container(&name),
    };
    let mut orders = orders(engine.endpoint().clone());
    orders.checks = vec![
        check("page", Kind::Http(inside)),
        check("port", port(&name, 8080)),
        check("program", process(&name, "node")),
        check(
            "command",
            command(&name, &["cat", "/tmp/healthz"], Some("^ok")),
        ),
        check("health", health),
        check("last", process(&name, "nobody")),
    ];
    let watched = Watched::over(orders).await;
    said(&watched, "last").await;
    let told = watched.alerts().await;
    assert!(
        told.iter().all(|alert| alert.service == "last"),
        "{told:#?}"
    );
    docker(&["exec", &id, "rm", "/tmp/healthz"]);
    assert_eq!(
        said(&watched, "page").await,
        "check page: HTTP 404 instead of 200 to 399"
    );
    assert!(said(&watched, "health").await.ends_with("is unhealthy"));
    assert_eq!(
        said(&watched, "command").await,
        "check command: `cat` ended with 1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_started_again_too_often_is_told() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let name = sandbox.name("loops");
    sandbox.run(
        &["--name", &name, "--restart", "always"],
        &["sh", "-c", "sleep 1; exit 1"],
    );
    let mut orders = orders(engine.endpoint().clone());
    let kind = Kind::Restarts {
        container: container(&name),
        most: 1,
        within: Duration::from_mins(5),
    };
    orders.checks = vec![check("restarts", kind)];
    let watched = Watched::over(orders).await;
    let alert = watched.until_firing("restarts", "check:restarts").await;
    // between two looks it may have ended more than once
    let said = alert.summary.as_str();
    assert!(
        said.contains("was started again ") && said.ends_with(" times within 300 s"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_with_what_is_left() {
    let Ok(mounted) = program("df").args(["-P", "/proc"]).output() else {
        return;
    };
    assert!(mounted.status.success());
    let mut orders = orders(Endpoint::parse("unix:///nowhere/engine.sock").unwrap());
    let disk = |percent| Kind::Disk {
        path: "/".into(),
        percent,
    };
    orders.checks = vec![check("full", disk(0)), check("roomy", disk(100))];
    let watched = Watched::over(orders).await;
    let alert = watched.until_firing("full", "check:full").await;
    let said = alert.summary.as_str();
    assert!(
        said.starts_with("check full: `/` is ") && said.contains("MiB are left"),
        "{said}"
    );
    assert!(
        !watched
            .alerts()
            .await
            .iter()
            .any(|alert| alert.service == "roomy")
    );
}

/// A NATS of this test's own; ended with it.
pub(crate) struct Nats {
    server: Child,
    port: u16,
    pub(crate) monitoring: u16,
    _data: tempfile::TempDir,
}

impl Nats {
    pub(crate) fn start() -> Option<Self> {
        let (port, monitoring) = (free_port(), free_port());
        let data = tempfile::tempdir().unwrap();
        let mut command: Command = program("nats-server");
        command
            .args([
                "-a",
                "127.0.0.1",
                "-js",
                "-p",
                &port.to_string(),
                "-m",
                &monitoring.to_string(),
            ])
            .args(["-sd", &data.path().display().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let Ok(server) = command.spawn() else {
            let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
            assert!(
                !required,
                "no nats-server: install the package `nats-server`"
            );
            eprintln!("NOT RUN: nats-server is not there");
            return None;
        };
        Some(Self {
            server,
            port,
            monitoring,
            _data: data,
        })
    }

    /// A stream `ORDERS` with so many messages, none of which its consumer `billing` has taken.
    pub(crate) async fn fill(&self, messages: usize) {
        let made = [
            (
                "$JS.API.STREAM.CREATE.ORDERS",
                r#"{"name":"ORDERS","subjects":["orders"]}"#,
            ),
            (
                "$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.billing",
                r#"{"stream_name":"ORDERS","config":{"durable_name":"billing","ack_policy":"explicit"}}"#,
            ),
        ];
        for (subject, body) in made {
            let answer = self.request(subject, body).await;
            assert!(!answer.contains("\"error\""), "{answer}");
        }
        for _ in 0..messages {
            self.request("orders", "one").await;
        }
    }

    /// One request of its text protocol; gives the answer.
    async fn request(&self, subject: &str, body: &str) -> String {
        let peer = loop {
            match tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await {
                Ok(peer) => break peer,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let mut peer = BufReader::new(peer);
        let mut line = String::new();
        peer.read_line(&mut line).await.unwrap();
        let length = body.len();
        let asked = format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n{body}\r\n"
        );
        peer.write_all(asked.as_bytes()).await.unwrap();
        loop {
            line.clear();
            peer.read_line(&mut line).await.unwrap();
            if line.starts_with("MSG answer") {
                line.clear();
                peer.read_line(&mut line).await.unwrap();
                return line;
            }
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_lags_is_told_by_a_real_nats() {
    let Some(nats) = Nats::start() else {
        return;
    };
    nats.fill(6).await;
    let kind = |consumer: &str, pending| Kind::Nats {
        url: PageUrl::try_from(format!(
            "http://127.0.0.1:{}/jsz?consumers=true",
            nats.monitoring
        ))
        .unwrap(),
        stream: "ORDERS".to_owned(),
        consumer: consumer.to_owned(),
        pending,
    };
    let mut orders = orders(nowhere());
    orders.checks = vec![
        check("lag", kind("billing", 5)),
        check("near", kind("billing", 6)),
        check("missing", kind("shipping", 5)),
    ];
    let watched = Watched::over(orders).await;
    let alert = watched.until_firing("lag", "check:lag").await;
    let expected = "check lag: consumer `billing` of `ORDERS` is 6 messages behind, more than 5";
    assert_eq!(alert.summary.as_str(), expected);
    let alert = watched.until_firing("missing", "check:missing").await;
    assert_eq!(
        alert.summary.as_str(),
        "check missing: stream `ORDERS` has no consumer `shipping`"
    );
    nats.request("$JS.API.STREAM.PURGE.ORDERS", "").await;
    watched.until_resolved("lag", "check:lag").await;
    assert!(
        !watched
            .alerts()
            .await
            .iter()
            .any(|alert| alert.service == "near")
    );
}
