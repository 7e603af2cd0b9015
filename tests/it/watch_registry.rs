//! `system-config.json`, read as it is: problems with their places, and its checks on three real
//! containers.

use dogwatch::incident::{Alert, AlertState, Source};
use dogwatch::stack::registry::Registry;
use dogwatch::watch::registry::RegistryPlace;
use insta::assert_snapshot;

use crate::support::program::Place;
use crate::support::real_engine::{IMAGE, Sandbox, docker, eventually, listens, real_engine, runs};
use crate::support::watched::{Watched, detail, orders};
use crate::watch_checks::FILES;

#[test]
fn every_problem_is_told_with_its_place() {
    let text = "{\n\t\"web\": {\n\t\t\"enabled\": \"yes\",\n\t\t\"container\": \"services\",\n\t\t\"health_check\": { \"type\": \"htp\" }\n\t},\n\t\"db\": {\n\t\t\"container\": \"services\",\n\t\t\"health_check\": { \"type\": \"tcp\", \"host\": \"localhost\", \"interval_seconds\": -5 }\n\t},\n\t\"worker\": { \"health_check\": { \"type\": \"process\", \"process_name\": \"w\" } },\n\t\"api\": { \"container\": \"services\", \"health_check\": { \"type\": \"http\", \"endpoint\": \"localhost:80\" } }\n}\n";
    let problems = Registry::parse("system-config.json", text).unwrap_err();
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.message))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    3:14 expected `true` or `false`
    5:29 expected one of `http`, `tcp`, `process`
    9:3 `health_check` of `db` needs `port`
    9:77 expected a whole number from 0 to 4294967295
    11:2 `worker` needs `container`: a process is looked for in one
    12:82 expected a URL such as `https://ops.example.org/healthz?full=1`, without user or fragment
    ");
}

#[test]
fn it_is_read_as_it_is_at_the_top_or_beside_other_things() {
    let service = r#""worker": {"enabled": false, "type": "daemon", "container": "services", "owner": "ana",
        "health_check": {"type": "process", "process_name": "worker-daemon", "interval_seconds": 60, "note": 1},
        "restart_cmd": "/usr/local/bin/worker-daemon >> /w.log 2>&1 &", "log_path": "/w.log", "notify_on_fail": "alerts"}"#;
    let top = Registry::parse("x", &format!("{{{service}}}")).unwrap();
    let beside = format!(r#"{{"version": 3, "services": {{{service}}}}}"#);
    assert_eq!(top, Registry::parse("x", &beside).unwrap());
    let worker = &top.services["worker"];
    assert!(!worker.enabled && worker.kind == "daemon");
    assert_eq!(worker.notify_on_fail.as_deref(), Some("alerts"));
    let itself = r#"{"services": {"container": "c", "health_check": {"type": "tcp", "port": 1}}}"#;
    assert_eq!(Registry::parse("x", itself).unwrap().services.len(), 1);
}

fn config([web, database, worker]: &[&String; 3], port: u16) -> String {
    format!(
        r#"{{
  "web-api": {{ "enabled": true, "type": "daemon", "container": "{web}",
    "health_check": {{ "type": "http", "endpoint": "http://127.0.0.1:8080/health", "interval_seconds": 1 }},
    "restart_cmd": "true", "log_path": "/tmp/api.log", "notify_on_fail": "alerts" }},
  "postgres": {{ "enabled": true, "type": "daemon", "container": "{database}",
    "health_check": {{ "type": "tcp", "host": "localhost", "port": {port}, "interval_seconds": 1 }},
    "notify_on_fail": "databases" }},
  "worker": {{ "enabled": true, "type": "daemon", "container": "{worker}",
    "health_check": {{ "type": "process", "process_name": "worker-daemon", "interval_seconds": 1 }},
    "notify_on_fail": "alerts" }},
  "off": {{ "enabled": false, "container": "{worker}",
    "health_check": {{ "type": "process", "process_name": "nothing", "interval_seconds": 1 }} }}
}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn its_checks_run_in_three_real_containers() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let run = |image: &str, what: &str, script: &str| {
        let name = sandbox.name(what);
        sandbox.run_image(
            image,
            &["--network=none", "--name", &name],
            &["sh", "-c", script],
        );
        name
    };
    let page = format!(
        "echo up > /tmp/health; echo 'GET /health 500' > /tmp/api.log; exec node -e '{FILES}'"
    );
    let loops = "printf 'while :; do sleep 1; done' > /tmp/worker-daemon; sh /tmp/worker-daemon & sleep 600";
    let web = run("dogwatch-lab:1", "web", &page);
    let database = run(IMAGE, "db", "busybox httpd -p 5432 -h /tmp; sleep 600");
    let worker = run(IMAGE, "worker", loops);
    listens(&web, 8080).await;
    listens(&database, 5432).await;
    runs(&worker, "sh /tmp/worker-daemon").await;

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("system-config.json");
    let config = |port| config(&[&web, &database, &worker], port);
    std::fs::write(&file, config(5432)).unwrap();
    let mut orders = orders(engine.endpoint().clone());
    orders.registries = vec![RegistryPlace {
        name: "vai".to_owned(),
        file: file.clone(),
        host: "local".to_owned(),
        stack: "vai".to_owned(),
    }];
    let watched = Watched::over(orders).await;
    docker(&["exec", &web, "rm", "/tmp/health"]);
    let alert = watched.until_firing("web-api", "check:web-api").await;
    assert_eq!(
        alert.summary.as_str(),
        "vai/web-api, check web-api: HTTP 404 instead of 200 to 399"
    );
    assert_eq!(
        (alert.source, alert.route.as_deref()),
        (Source::Registry, Some("alerts"))
    );
    assert_eq!(detail(&alert, "log"), "GET /health 500");
    assert_eq!(detail(&alert, "container"), web);
    let others = |alerts: &[Alert]| alerts.iter().any(|alert| alert.service != "web-api");
    assert!(!others(&watched.alerts().await));

    // another file: the database is looked for elsewhere, and everything else goes on
    std::fs::write(&file, config(5433)).unwrap();
    let alert = watched.until_firing("postgres", "check:postgres").await;
    assert_eq!(alert.route.as_deref(), Some("databases"));
    docker(&["exec", &web, "touch", "/tmp/health"]);
    watched.until_resolved("web-api", "check:web-api").await;

    std::fs::write(&file, "{ \"web-api\": 3 }").unwrap();
    let alert = watched.until_firing("", "registry:vai").await;
    assert!(
        detail(&alert, "problems").contains("system-config.json:1:"),
        "{alert:?}"
    );
    std::fs::write(&file, config(5432)).unwrap();
    watched.until_resolved("", "registry:vai").await;
    watched.until_resolved("postgres", "check:postgres").await;
    let told = watched.alerts().await;
    let wrong = |alert: &&Alert| ["worker", "off"].contains(&alert.service.as_str());
    assert!(told.iter().find(wrong).is_none(), "{told:#?}");
    assert!(told.iter().any(|alert| alert.state == AlertState::Resolved));
}

/// The cells of a table's row.
fn row<'t>(told: &'t str, service: &str) -> Vec<&'t str> {
    let mut rows = told.lines().map(|line| {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()
    });
    let found = rows.find(|cells| cells.first() == Some(&service));
    found.unwrap_or_else(|| panic!("no row of {service} in {told}"))
}

#[test]
fn health_shows_what_docker_and_the_registry_say_side_by_side() {
    let place = Place::on_real_engine();
    if place.block_on(real_engine()).is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let sick = [
        "--health-cmd=false",
        "--health-interval=300ms",
        "--health-retries=1",
    ];
    let loops = "printf 'while :; do sleep 1; done' > /tmp/worker-daemon; sh /tmp/worker-daemon & sleep 600";
    let run = |what: &str, options: &[&str]| {
        let name = sandbox.name(what);
        let options = [options, &["--name", &name]].concat();
        sandbox.run(&options, &["sh", "-c", loops]);
        name
    };
    let (sick, well) = (run("sick", &sick), run("well", &[]));
    for container in [&sick, &well] {
        place.block_on(runs(container, "sh /tmp/worker-daemon"));
    }
    let service = |name: &str, container: &str, process: &str| {
        format!(
            r#""{name}": {{"container": "{container}",
              "health_check": {{"type": "process", "process_name": "{process}", "timeout_seconds": 60}}}}"#
        )
    };
    let services = [
        service("agrees", &well, "worker-daemon"),
        service("only-docker", &sick, "worker-daemon"),
        service("only-registry", &well, "gone-daemon"),
    ];
    let file = place.write(
        "system-config.json",
        &format!("{{{}}}", services.join(", ")),
    );
    place.write(
        "dogwatch.yaml",
        &format!(
            "registries: {{ vai: {{ file: \"{}\" }} }}\n",
            file.display()
        ),
    );
    let inspect = ["inspect", "--format", "{{.State.Health.Status}}", &sick];
    place.block_on(eventually("it is unhealthy", || async {
        docker(&inspect) == "unhealthy"
    }));
    let told = place.run(&["console", "--", "health", &sick, &well]).done();
    let first = told.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "1 of 2 services on local need attention; 1 of 3 of system-config.json does not hold"
    );
    assert_eq!(
        row(&told, "service"),
        ["service", "container", "docker", "registry"]
    );
    assert_eq!(row(&told, "agrees"), ["agrees", &well, "running", "holds"]);
    assert_eq!(
        row(&told, "only-docker"),
        ["only-docker", &sick, "unhealthy", "holds"]
    );
    let wrong = "no process `gone-daemon` runs in there";
    assert_eq!(
        row(&told, "only-registry"),
        ["only-registry", &well, "running", wrong]
    );
    // who asks for one hears of what runs in it
    let told = place.run(&["console", "--", "health", &sick]).done();
    assert!(!told.contains("agrees"), "{told}");
}
