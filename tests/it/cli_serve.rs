//! `dogwatch serve` from the outside: HTTP, signals, reloading and the end.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dogwatch::sim::{World, demo_world};
use dogwatch::store::{NewRun, RunState, StateChange, Store};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr};

use crate::cli::service;
use crate::support::program::Place;
use crate::support::real_engine::eventually;

/// A server that listens on a port the system chose.
struct Server<'p> {
    place: &'p Place,
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    address: String,
}

const CONFIG: &str = "http: { listen: \"127.0.0.1:0\" }\n";

impl<'p> Server<'p> {
    /// Returns when it answers, so that it hears signals too.
    fn start(place: &'p Place) -> Self {
        let server = Self::listening(place);
        server.get("/healthz");
        server
    }

    fn listening(place: &'p Place) -> Self {
        Self::configured(place, CONFIG)
    }

    fn configured(place: &'p Place, config: &str) -> Self {
        place.write("dogwatch.yaml", config);
        let mut command = place.command(&["serve"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        place.block_on(async {
            let mut child = command.spawn().expect("it starts");
            let stderr = child.stderr.take().expect("a pipe");
            let mut log = BufReader::new(stderr).lines();
            let line = wait_for(&mut log, "listening").await;
            let (_, address) = line.split_once("address=").expect("where it listens");
            let address = address
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            Self {
                place,
                child,
                log,
                address,
            }
        })
    }

    /// Status line and headers, and the body.
    fn get(&self, path: &str) -> (String, String) {
        self.get_as("localhost", path)
    }

    /// As a browser that was sent to `host`.
    fn get_as(&self, host: &str, path: &str) -> (String, String) {
        self.place.block_on(async {
            let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
            (head.to_lowercase(), body.to_owned())
        })
    }

    fn logs(&mut self, wanted: &str) -> String {
        let log = &mut self.log;
        self.place.block_on(wait_for(log, wanted))
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let script = ["-c", "kill -s \"$0\" \"$1\"", name, &id];
        self.place
            .finish(self.place.as_program(Path::new("sh"), &script))
            .done();
    }

    fn end(mut self) -> Option<i32> {
        let child = &mut self.child;
        self.place
            .block_on(async {
                let ended = tokio::time::timeout(Duration::from_secs(40), child.wait());
                ended.await.expect("it ends in time").expect("it ends")
            })
            .code()
    }
}

async fn wait_for(log: &mut Lines<BufReader<ChildStderr>>, wanted: &str) -> String {
    let mut seen = Vec::new();
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        while let Ok(Some(line)) = log.next_line().await {
            if line.contains(wanted) {
                return Some(line);
            }
            seen.push(line);
        }
        None
    });
    let found = found.await.ok().flatten();
    found.unwrap_or_else(|| panic!("`{wanted}` is not in the log:\n{}", seen.join("\n")))
}

#[test]
fn it_says_that_it_lives_and_is_ready_and_how_it_does() {
    let place = Place::simulated(demo_world());
    let server = Server::start(&place);
    let (head, body) = server.get("/healthz");
    assert!(
        head.starts_with("http/1.1 200") && body == "ok\n",
        "{head}\n{body}"
    );
    let (head, body) = server.get("/readyz");
    assert!(
        head.starts_with("http/1.1 200") && body == "ready\n",
        "{head}\n{body}"
    );
    let (head, body) = server.get("/metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(body.contains("dogwatch_build_info{version=\""), "{body}");
    assert!(
        body.contains("dogwatch_http_responses_total{code=\"200\"} 3"),
        "{body}"
    );
    let older = "content-type: text/plain; version=0.0.4";
    assert!(head.contains(older), "{head}");
    let (head, _) = server.get("/nothing");
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[test]
fn stored_reports_are_pages() {
    let place = Place::simulated(demo_world());
    let made = place.run(&["diagnose", "db", "--format", "json"]).done();
    let report: serde_json::Value = serde_json::from_str(&made).unwrap();
    let id = report["id"].as_str().unwrap();
    let server = Server::start(&place);
    let (head, list) = server.get("/reports");
    assert!(head.contains("content-security-policy"), "{head}");
    assert!(list.contains(&format!("/reports/{id}")), "{list}");
    let (head, page) = server.get(&format!("/reports/{id}"));
    assert!(
        head.starts_with("http/1.1 200") && head.contains("text/html"),
        "{head}"
    );
    assert!(
        page.contains(id) && page.trim_end().ends_with("</html>"),
        "{page}"
    );
    let (head, _) = server.get("/reports/01ZZZZ");
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[test]
fn a_hangup_takes_a_good_configuration_and_leaves_a_wrong_one() {
    let place = Place::simulated(demo_world());
    let mut server = Server::start(&place);
    place.write("dogwatch.yaml", &format!("{CONFIG}htttp: {{}}\n"));
    server.signal("HUP");
    server.logs("the old one stays in force");
    let (head, _) = server.get("/healthz");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (_, metrics) = server.get("/metrics");
    assert!(
        metrics.contains("dogwatch_config_reloads_total{result=\"rejected\"}"),
        "{metrics}"
    );

    place.write(
        "dogwatch.yaml",
        &format!("{CONFIG}log: {{ level: debug }}\n"),
    );
    server.signal("HUP");
    server.logs("the configuration was reloaded");
    let (_, metrics) = server.get("/metrics");
    assert!(
        metrics.contains("dogwatch_config_reloads_total{result=\"taken\"}"),
        "{metrics}"
    );
}

#[test]
fn it_ends_well_when_it_is_asked_to() {
    for signal in ["TERM", "INT"] {
        let place = Place::simulated(demo_world());
        let server = Server::start(&place);
        server.signal(signal);
        assert_eq!(server.end(), Some(0), "{signal}");
    }
}

#[test]
fn a_request_that_never_ends_holds_nobody() {
    let place = Place::simulated(demo_world());
    let server = Server::start(&place);
    let _open = place.block_on(async {
        let mut stream = TcpStream::connect(&server.address)
            .await
            .expect("it listens");
        let begun = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n";
        stream.write_all(begun).await.unwrap();
        stream
    });
    // the begun one is there before the signal: a later one was answered
    server.get("/healthz");
    server.signal("TERM");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_changed_store_is_for_the_next_start() {
    let place = Place::simulated(demo_world());
    let mut server = Server::start(&place);
    let other = place.path("other.db");
    place.write(
        "dogwatch.yaml",
        &format!(
            "{CONFIG}store: {{ url: \"sqlite://{}\" }}\n",
            other.display()
        ),
    );
    server.signal("HUP");
    server.logs("the configuration was reloaded");
    let (head, _) = server.get("/readyz");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(!other.exists(), "what is kept has moved under what goes on");
}

#[test]
fn a_port_that_is_taken_is_told() {
    let place = Place::simulated(demo_world());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    place.write(
        "dogwatch.yaml",
        &format!("http: {{ listen: \"{address}\" }}\n"),
    );
    let said = place.run(&["serve"]).failed(1);
    assert!(said.contains(&address.to_string()), "{said}");
    assert!(said.contains("http.listen"), "{said}");
    assert!(said.lines().count() < 4, "{said}");
}

#[test]
fn without_an_engine_it_serves_and_is_ready() {
    let place = Place::without_engine();
    let server = Server::start(&place);
    let (head, _) = server.get("/readyz");
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[test]
fn a_page_of_somebody_else_gets_no_report() {
    let place = Place::simulated(demo_world());
    let server = Server::start(&place);
    let (head, body) = server.get_as("reports.evil.example", "/reports");
    assert!(head.starts_with("http/1.1 421"), "{head}");
    assert!(!body.contains("<html"), "{body}");
    let (head, _) = server.get_as("127.0.0.1:8080", "/reports");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (head, _) = server.get_as("reports.evil.example", "/healthz");
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

const GATED: &str = "name: gated\ntitle: Gated\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - container.restart: { services: api }\n  - gate: is it quiet?\n";

/// A run that stands at a gate for an hour keeps recovery from nothing else.
#[test]
fn a_run_at_a_gate_is_taken_up_beside_everything_else() {
    let place = Place::simulated(World::new().with(service("shop", "api")));
    std::fs::create_dir(place.path("own")).unwrap();
    place.write("own/gated.yml", GATED);
    let url = format!("sqlite://{}", place.path("runs.db").display());
    let directory = place.path("own");
    let config = format!(
        "{CONFIG}store: {{ url: \"{url}\" }}\nrunbooks: {{ directory: \"{}\" }}\n",
        directory.display()
    );
    place.write("dogwatch.yaml", &config);
    let mut run = place.command(&["run", "gated", "-p", "stack=shop"]);
    let mut run = place.block_on(async { run.spawn().unwrap() });
    let store = || async { Store::open(&url).await.unwrap() };
    let waiting = || async {
        let store = store().await;
        let mut found = None;
        for run in store.unfinished_runs().await.unwrap() {
            let journal = store.journal(&run.id).await.unwrap();
            if journal.iter().any(|entry| entry.step == "gate") {
                found = Some(run);
            }
        }
        store.close().await;
        found
    };
    let died = place.block_on(async {
        eventually("it stands at its gate", || async {
            waiting().await.is_some()
        })
        .await;
        run.kill().await.unwrap();
        waiting().await.unwrap()
    });
    let server = Server::configured(&place, &config);
    place.block_on(async {
        eventually("it is taken up", || async {
            waiting()
                .await
                .is_some_and(|run| run.fence > died.fence && !run.lease_owner.is_empty())
        })
        .await;
        let store = store().await;
        let old = NewRun {
            id: "OLD".to_owned(),
            created_ms: 1,
            ..NewRun::default()
        };
        store.create_run(&old).await.unwrap();
        let asked = StateChange::to(RunState::AwaitingApproval, 1);
        store.set_state("OLD", &asked).await.unwrap();
        eventually("what nobody decided in time has ended", || async {
            store.run("OLD").await.unwrap().state == RunState::Refused
        })
        .await;
    });
    server.signal("TERM");
    assert_eq!(server.end(), Some(0));
}
