//! The programs that people have already: Alertmanager and its webhook, Prometheus and its scrapes
//! and rules. Restarts in the middle lose nothing.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use dogwatch::incident::{Alert, AlertState};
use dogwatch::store::Store;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::Place;
use crate::support::real_engine::program;
use crate::support::server::{Server, free_port};
use crate::support::watched::{alerts_in, until_in};

const CONFIG: &str = r#"
hosts: { local: { docker: "unix:///nowhere/engine.sock" } }
watch: { events: false }
alerts: { token: "open-sesame" }
"#;

/// A program in the background, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let id = i32::try_from(self.0.id()).unwrap();
        // asked to stop, it writes down what it has told
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        self.0.wait().unwrap();
    }
}

fn start(name: &str, arguments: &[&str]) -> Option<Running> {
    let started = program(name)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = started else {
        missing(name);
        return None;
    };
    Some(Running(child))
}

fn missing(name: &str) {
    let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
    assert!(
        !required,
        "no {name}: install the packages `prometheus` and `prometheus-alertmanager`"
    );
    eprintln!("NOT RUN: {name} is not there");
}

struct Alertmanager {
    port: u16,
    directory: tempfile::TempDir,
    running: Option<Running>,
}

impl Alertmanager {
    fn start(webhook: u16) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            "route: {{ receiver: dogwatch, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 1h }}\n\
             receivers:\n\
             - name: dogwatch\n  webhook_configs:\n  - url: http://127.0.0.1:{webhook}/alerts/alertmanager\n    \
             http_config: {{ authorization: {{ credentials: open-sesame }} }}\n"
        );
        std::fs::write(directory.path().join("alertmanager.yml"), config).unwrap();
        let mut alertmanager = Self {
            port: free_port(),
            directory,
            running: None,
        };
        alertmanager.up();
        alertmanager.running.is_some().then_some(alertmanager)
    }

    fn up(&mut self) {
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        let config = format!("--config.file={}", path("alertmanager.yml"));
        let data = format!("--storage.path={}", path("data"));
        let listen = format!("--web.listen-address=127.0.0.1:{}", self.port);
        let arguments = [config.as_str(), &data, &listen, "--cluster.listen-address="];
        self.running = start("prometheus-alertmanager", &arguments);
    }

    fn down(&mut self) {
        self.running = None;
    }

    /// Says that an alert fires, or that it does not any more.
    fn post(&self, place: &Place, name: &str, is_over: bool) {
        let now = dogwatch::clock::Clock::System.now();
        let ends = if is_over {
            format!(r#", "endsAt": "{now}""#)
        } else {
            String::new()
        };
        let body = format!(
            r#"[{{"labels": {{"alertname": "{name}", "service": "db", "stack": "shop", "severity": "critical"}},
                "annotations": {{"summary": "{name} of shop/db"}}{ends}}}]"#
        );
        let url = format!("http://127.0.0.1:{}/api/v2/alerts", self.port);
        let arguments = [
            "-fsS",
            "--retry",
            "40",
            "--retry-delay",
            "1",
            "--retry-all-errors",
        ];
        let send = ["-H", "content-type: application/json", "-d", &body, &url];
        let mut curl = program("curl");
        let output = place.block_on(async { curl.args(arguments).args(send).output() });
        let output = output.expect("curl runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn open(place: &Place, database: &Path) -> Store {
    let url = format!("sqlite://{}", database.display());
    place.block_on(async { Store::open(&url).await.unwrap() })
}

#[test]
fn a_real_alertmanager_and_restarts_on_both_sides() {
    let place = Place::without_engine();
    let port = free_port();
    let server = Server::start(&place, port, CONFIG);
    let Some(mut alertmanager) = Alertmanager::start(port) else {
        return;
    };
    let store = open(&place, &server.database());
    let wait = |name: &'static str, state: AlertState| {
        let wanted = move |alert: &Alert| alert.what == name && alert.state == state;
        place.block_on(until_in(&store, name, wanted))
    };
    alertmanager.post(&place, "First", false);
    let first = wait("First", AlertState::Firing);
    assert_eq!(
        (first.stack.as_str(), first.service.as_str()),
        ("shop", "db")
    );
    assert_eq!(first.summary.as_str(), "First of shop/db");

    // what is sent while nobody listens comes when somebody does
    server.kill();
    alertmanager.post(&place, "Second", false);
    let server = Server::start(&place, port, CONFIG);
    wait("Second", AlertState::Firing);

    alertmanager.down();
    alertmanager.up();
    // as Prometheus does, again and again
    alertmanager.post(&place, "First", false);
    alertmanager.post(&place, "Third", false);
    wait("Third", AlertState::Firing);
    alertmanager.post(&place, "First", true);
    wait("First", AlertState::Resolved);
    drop(server);
}

#[test]
fn a_real_prometheus_scrapes_us_and_its_tool_finds_nothing_wrong() {
    let place = Place::without_engine();
    let port = free_port();
    let server = Server::start(&place, port, CONFIG);
    let token = ("authorization", "Bearer open-sesame");
    let sent = server.ask("POST", "/alerts/generic", &[token], r#"{"what": "x"}"#);
    assert_eq!(sent.code, 200);
    let metrics = server.ask("GET", "/metrics", &[], "").body;
    let Some(lint) = promtool(&place, &["check", "metrics"], &metrics) else {
        return;
    };
    assert_eq!(lint, "", "{metrics}");

    let directory = tempfile::tempdir().unwrap();
    let config = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: dogwatch\n  static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n"
    );
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("prometheus.yml"), config).unwrap();
    let web = free_port();
    let arguments = [
        format!("--config.file={}", path("prometheus.yml")),
        format!("--storage.tsdb.path={}", path("data")),
        format!("--web.listen-address=127.0.0.1:{web}"),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(_prometheus) = start("prometheus", &arguments) else {
        return;
    };
    let query = format!("http://127.0.0.1:{web}/api/v1/query?query=dogwatch_alerts_received_total");
    let found = place.block_on(async {
        loop {
            let output = program("curl").args(["-fsS", &query]).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            if text.contains("webhook") {
                break text;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    assert!(
        found.contains(r#""source":"webhook","state":"firing""#),
        "{found}"
    );
    assert!(
        !place
            .block_on(alerts_in(&open(&place, &server.database())))
            .is_empty()
    );
}

#[test]
fn the_rules_we_ship_are_valid_and_do_what_they_say() {
    let place = Place::without_engine();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prometheus");
    for (verb, file) in [
        ("check", "dogwatch.rules.yml"),
        ("test", "dogwatch.rules.test.yml"),
    ] {
        let file = rules.join(file).display().to_string();
        let Some(said) = promtool(&place, &[verb, "rules", &file], "") else {
            return;
        };
        assert!(said.contains("SUCCESS"), "{said}");
    }
}

/// What the tool said; it has to be content.
fn promtool(place: &Place, arguments: &[&str], input: &str) -> Option<String> {
    let mut command = program("promtool");
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        missing("promtool");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
    drop(stdin);
    let output = place.block_on(async { child.wait_with_output().unwrap() });
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}
