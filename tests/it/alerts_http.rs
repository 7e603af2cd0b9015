//! Alerts over HTTP to the real program: who may, what is understood, what is kept, and what is said
//! to who may not or is not understood.

use dogwatch::incident::{AlertState, Severity, Source};
use dogwatch::store::Store;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::incident_intake::refuse_last;
use crate::support::program::Place;
use crate::support::server::{Answered, Server, free_port};
use crate::support::watched::{alerts_in, detail, until_in};

const CONFIG: &str = r#"
hosts: { local: { docker: "unix:///nowhere/engine.sock" } }
watch: { events: false }
alerts:
  token: "open-sesame"
  hmac_secret: "shared-key"
  generic:
    monitor:
      alerts: data.checks
      what: "{{check.name}}"
      summary: "{{check.name}} is {{state}} since {{since}}"
      state: state
      severity: level
      service: check.target
      details: { region: where.region }
  alive:
    Watchdog: { every: 1h }
    backup: { every: 1h }
"#;
const TOKEN: (&str, &str) = ("authorization", "Bearer open-sesame");

fn server(place: &Place) -> Server<'_> {
    Server::start(place, free_port(), CONFIG)
}

fn store(server: &Server<'_>) -> Store {
    let url = format!("sqlite://{}", server.database().display());
    server
        .place
        .block_on(async { Store::open(&url).await.unwrap() })
}

#[track_caller]
fn says(answer: &Answered, code: u16, words: &str) {
    assert_eq!((answer.code, answer.body.trim_end()), (code, words));
}

#[test]
fn who_may_not_hears_why_and_nothing_is_kept() {
    let place = Place::without_engine();
    let server = server(&place);
    let body = r#"{"what": "x"}"#;
    let post = |headers: &[(&str, &str)]| server.ask("POST", "/alerts/generic", headers, body);
    let none = "send `Authorization: Bearer …`, or a signature and `X-Dogwatch-Timestamp`";
    says(&post(&[]), 401, none);
    says(&post(&[("authorization", "Basic b3Blbg==")]), 401, none);
    let wrong = "this token is not the one in `alerts.token`";
    says(&post(&[("authorization", "Bearer open-sesam")]), 401, wrong);
    assert!(post(&[]).head.contains("www-authenticate: bearer"));
    says(&post(&[TOKEN]), 200, "1 taken");
    // the scheme's name may be written in any case
    says(
        &post(&[("authorization", "bearer open-sesame")]),
        200,
        "1 taken",
    );
    let kept = place.block_on(alerts_in(&store(&server)));
    assert_eq!(kept.len(), 2);
    let get = server.ask("GET", "/alerts/generic", &[TOKEN], "");
    assert_eq!(get.code, 405);
}

#[test]
fn without_a_token_nobody_may() {
    let place = Place::without_engine();
    let server = Server::start(&place, free_port(), "watch: { events: false }\n");
    let answer = server.ask("POST", "/alerts/grafana", &[TOKEN], "{}");
    says(
        &answer,
        403,
        "alerts are not taken: set `alerts.token` or `alerts.hmac_secret`",
    );
}

fn signature(time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"shared-key").unwrap();
    mac.update(format!("{time}:{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_signature_is_of_this_body_and_of_now() {
    let place = Place::without_engine();
    let server = server(&place);
    let now = dogwatch::clock::Clock::System.now().as_second();
    let body = r#"{"what": "signed"}"#;
    let post = |name: &str, signature: &str, time: i64, body: &str| {
        let time = time.to_string();
        let headers = [(name, signature), ("x-dogwatch-timestamp", time.as_str())];
        server.ask("POST", "/alerts/generic", &headers, body)
    };
    let good = signature(now, body);
    says(
        &post("x-grafana-alerting-signature", &good, now, body),
        200,
        "1 taken",
    );
    says(
        &post("x-dogwatch-signature", &format!("sha256={good}"), now, body),
        200,
        "1 taken",
    );
    let wrong = "this signature is not of `alerts.hmac_secret`";
    let other = r#"{"what": "forged"}"#;
    says(&post("x-dogwatch-signature", &good, now, other), 401, wrong);
    says(
        &post("x-dogwatch-signature", &good, now - 1, body),
        401,
        wrong,
    );
    says(&post("x-dogwatch-signature", "zz", now, body), 401, wrong);
    let old = signature(now - 301, body);
    let late = "`X-Dogwatch-Timestamp` is more than five minutes away";
    says(
        &post("x-dogwatch-signature", &old, now - 301, body),
        401,
        late,
    );
    let missing = [("x-dogwatch-signature", good.as_str())];
    let answer = server.ask("POST", "/alerts/generic", &missing, body);
    says(&answer, 401, "`X-Dogwatch-Timestamp` is missing");
}

#[test]
fn what_is_not_understood_is_said_and_nothing_is_kept() {
    let place = Place::without_engine();
    let server = server(&place);
    let post = |path: &str, body: &str| server.ask("POST", path, &[TOKEN], body);
    let cases = [
        (
            "/alerts/generic",
            "{",
            "the body cannot be read: EOF while parsing an object at line 1 column 1",
        ),
        (
            "/alerts/generic",
            "{}",
            "the body cannot be read: missing field `what` at line 1 column 2",
        ),
        (
            "/alerts/generic",
            r#"{"what": " "}"#,
            "`what` is empty; say what is wrong in a word",
        ),
        (
            "/alerts/grafana",
            r#"{"x": 1}"#,
            "the body cannot be read: missing field `alerts` at line 1 column 8",
        ),
        (
            "/alerts/alertmanager",
            r#"{"alerts": [{"status": "firing", "labels": {"alertname": "A"}}, {"status": "odd", "labels": {"alertname": "B"}}]}"#,
            "alert 2 of the list: `status` must be `firing` or `resolved`",
        ),
        (
            "/alerts/alertmanager",
            r#"{"alerts": [{"status": "firing", "labels": {}}]}"#,
            "alert 1 of the list: `labels.alertname` is missing",
        ),
        (
            "/alerts/generic/monitor",
            r#"{"data": {}}"#,
            "there is no list at `data.checks`",
        ),
        (
            "/alerts/generic/monitor",
            r#"{"data": {"checks": [{"state": "down"}]}}"#,
            "nothing is at `{{check.name}}`, where `what` is read",
        ),
    ];
    for (path, body, words) in cases {
        says(&post(path, body), 400, words);
    }
    says(
        &post("/alerts/generic/nobody", "{}"),
        404,
        "`nobody` is not known; add it under `alerts.generic`",
    );
    says(
        &post("/alerts/alive/nobody", ""),
        404,
        "`nobody` is not known; add it under `alerts.alive`",
    );
    let large = format!(r#"{{"what": "{}"}}"#, "x".repeat(2 << 20));
    assert_eq!(post("/alerts/generic", &large).code, 413);
    assert!(place.block_on(alerts_in(&store(&server))).is_empty());

    let metrics = server.ask("GET", "/metrics", &[], "").body;
    let counted = "dogwatch_alerts_refused_total{source=\"webhook\",reason=\"malformed\"} 5";
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn what_is_sent_is_kept_in_its_parts() {
    let place = Place::without_engine();
    let server = server(&place);
    let own = r#"[{"what": "backup-failed", "summary": "tar: no space left", "severity": "critical", "host": "vps",
        "stack": "shop", "service": "db", "details": {"file": "/backup/db.tar", "password": "hunter2abc"}},
        {"what": "backup-failed", "state": "resolved", "stack": "shop", "service": "web"}]"#;
    let theirs = r#"{"data": {"checks": [
        {"check": {"name": "ping", "target": "gateway"}, "state": "DOWN", "level": "high", "since": "03:09", "where": {"region": "eu"}},
        {"check": {"name": "dns", "target": "resolver"}, "state": "Ok", "since": "03:10"}]}}"#;
    let post = |path: &str, body: &str| server.ask("POST", path, &[TOKEN], body);
    says(&post("/alerts/generic?route=night", own), 200, "2 taken");
    says(&post("/alerts/generic/monitor", theirs), 200, "2 taken");
    let kept = place.block_on(alerts_in(&store(&server)));
    let told: Vec<String> = kept
        .iter()
        .map(|alert| {
            let [host, stack, service] = [&alert.host, &alert.stack, &alert.service];
            let (state, severity) = (alert.state.word(), alert.severity.word());
            let route = alert.route.as_deref().unwrap_or("-");
            format!(
                "{host}:{stack}/{service} {} {state} {severity} {route} | {}",
                alert.what, alert.summary
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    vps:shop/db backup-failed firing critical night | tar: no space left
    :shop/web backup-failed resolved warning night | backup-failed
    :/gateway ping firing critical - | ping is DOWN since 03:09
    :/resolver dns resolved warning - | dns is Ok since 03:10
    ");
    let first = &kept[0];
    assert_eq!(detail(first, "file"), "/backup/db.tar");
    assert_eq!(detail(first, "password"), "••••");
    assert_eq!(detail(&kept[2], "region"), "eu");
}

/// As Grafana 12 sends them, down to the keys that nobody needs.
const GRAFANA: &str = r#"{"receiver": "dogwatch", "status": "firing", "orgId": 1, "truncatedAlerts": 0, "version": "1",
  "title": "[FIRING:1] High latency", "state": "alerting", "message": "…", "groupKey": "{}",
  "groupLabels": {"alertname": "HighLatency"}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://grafana",
  "alerts": [
    {"status": "firing", "labels": {"alertname": "HighLatency", "severity": "critical", "instance": "10.0.0.5:9100", "job": "api",
      "container_label_com_docker_compose_project": "shop", "container_label_com_docker_compose_service": "api"},
     "annotations": {"summary": "p99 is 4.2 s\nfor 10 minutes", "runbook_url": "http://x"}, "startsAt": "2026-11-20T03:09:41Z",
     "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://grafana/x", "fingerprint": "c6eadffa33fcdf37",
     "silenceURL": "", "dashboardURL": "", "panelURL": "", "values": {"B": 4.2}, "valueString": "[ var='B' value=4.2 ]"},
    {"status": "resolved", "labels": {"alertname": "HighLatency", "severity": "warning", "instance": "10.0.0.5:9100", "job": "api",
      "container_label_com_docker_compose_project": "shop", "container_label_com_docker_compose_service": "api"},
     "annotations": {}, "startsAt": "2026-11-20T03:05:00Z", "endsAt": "2026-11-20T03:09:41Z", "generatorURL": ""},
    {"status": "firing", "labels": {"alertname": "DiskFull", "device": "sda1", "mountpoint": "/data", "host": "vps"},
     "annotations": {"description": "94 %"}, "startsAt": "2026-11-20T03:09:41Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": ""},
    {"status": "firing", "labels": {"alertname": "Watchdog"}, "annotations": {}, "startsAt": "2026-11-20T03:09:41Z", "endsAt": "0001-01-01T00:00:00Z"}]}"#;

#[test]
fn labels_say_what_an_alert_is_about() {
    let place = Place::without_engine();
    let server = server(&place);
    let answer = server.ask("POST", "/alerts/grafana", &[TOKEN], GRAFANA);
    // the same trouble at a lower level is not over, and the watchdog is no trouble
    says(&answer, 200, "2 taken");
    let kept = place.block_on(alerts_in(&store(&server)));
    let (latency, disk) = (&kept[0], &kept[1]);
    assert_eq!(
        (latency.source, latency.severity),
        (Source::Grafana, Severity::Critical)
    );
    assert_eq!(
        (
            latency.host.as_str(),
            latency.stack.as_str(),
            latency.service.as_str()
        ),
        ("10.0.0.5", "shop", "api")
    );
    assert_eq!(
        (latency.what.as_str(), latency.summary.as_str()),
        ("HighLatency/job:api", "p99 is 4.2 s")
    );
    assert_eq!(latency.at.to_string(), "2026-11-20T03:09:41Z");
    assert_eq!(detail(latency, "value"), "[ var='B' value=4.2 ]");
    assert_eq!(
        (disk.host.as_str(), disk.what.as_str()),
        ("vps", "DiskFull/device:sda1/mountpoint:/data")
    );
    assert_eq!(
        (disk.state, disk.severity, disk.summary.as_str()),
        (AlertState::Firing, Severity::Warning, "94 %")
    );
    let metrics = server.ask("GET", "/metrics", &[], "").body;
    assert!(
        metrics.contains("dogwatch_alive_called_timestamp_seconds{name=\"Watchdog\"}"),
        "{metrics}"
    );
}

#[test]
fn who_stops_calling_is_told_and_who_calls_again_too() {
    let place = Place::without_engine();
    let config = CONFIG.replace("backup: { every: 1h }", "backup: { every: 2s }");
    let server = Server::start(&place, free_port(), &config);
    let store = store(&server);
    let silent = |state| {
        move |alert: &dogwatch::incident::Alert| alert.what == "silent" && alert.state == state
    };
    let alert = place.block_on(until_in(&store, "it is silent", silent(AlertState::Firing)));
    assert_eq!(
        (alert.service.as_str(), alert.source),
        ("backup", Source::DeadMan)
    );
    assert_eq!(detail(&alert, "last call"), "never");
    says(
        &server.ask("POST", "/alerts/alive/backup", &[TOKEN], ""),
        200,
        "heard",
    );
    let alert = place.block_on(until_in(&store, "it calls", silent(AlertState::Resolved)));
    assert_eq!(alert.summary.as_str(), "backup calls again");
    let told = place.block_on(alerts_in(&store));
    assert!(
        told.iter().all(|alert| alert.service == "backup"),
        "{told:#?}"
    );
}

#[test]
fn our_own_sign_of_life_arrives() {
    let place = Place::without_engine();
    let port = free_port();
    let listener = place.block_on(async {
        tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .unwrap()
    });
    let config = format!(
        "watch: {{ events: false, ping: {{ url: \"http://127.0.0.1:{port}/ping/abc\", every: 1s }} }}\n"
    );
    let server = Server::start(&place, free_port(), &config);
    let line = place.block_on(async {
        use tokio::io::AsyncBufReadExt;
        let (peer, _) = listener.accept().await.unwrap();
        let mut line = String::new();
        tokio::io::BufReader::new(peer)
            .read_line(&mut line)
            .await
            .unwrap();
        line
    });
    assert_eq!(line.trim_end(), "GET /ping/abc HTTP/1.1");
    drop(server);
}

#[test]
fn who_has_to_send_again_hears_when() {
    let place = Place::without_engine();
    let server = server(&place);
    let database = format!("sqlite://{}", server.database().display());
    place.block_on(refuse_last(&database));
    let post = |service: &str| {
        let body =
            format!("[{{\"what\": \"x\"}}, {{\"what\": \"x\", \"service\": \"{service}\"}}]");
        server.ask("POST", "/alerts/generic", &[TOKEN], &body)
    };
    let refused = post("last");
    says(
        &refused,
        503,
        "the alerts could not be kept; send them again",
    );
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    says(&post("first"), 200, "2 taken");
    assert_eq!(place.block_on(alerts_in(&store(&server))).len(), 2);
    let metrics = server.ask("GET", "/metrics", &[], "").body;
    let counted = "dogwatch_alerts_refused_total{source=\"webhook\",reason=\"not-kept\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}
