//! Whole projects on a real engine, looked at through the binary: a shop of six services, well and
//! then not, and programs with output nobody expects.

use serde_json::Value;

use crate::lab::is_there;
use crate::lab_scenario::{Condition, directory};
use crate::lab_stage::{Conditions, Stage};
use crate::support::program::Place;

fn conditions(wanted: &[(&str, &str)]) -> Conditions {
    let one = |(service, condition): &(&str, &str)| {
        let condition = Condition::try_from((*condition).to_owned()).unwrap();
        ((*service).to_owned(), vec![condition])
    };
    wanted.iter().map(one).collect()
}

/// The project's own name, with the console's words.
struct Desk<'s> {
    place: Place,
    stage: &'s Stage<'s>,
}

impl<'s> Desk<'s> {
    fn at(stage: &'s Stage<'s>) -> Self {
        Self {
            place: Place::on_real_engine(),
            stage,
        }
    }

    /// Types a line; `%` stands for the project.
    #[track_caller]
    fn ask(&self, line: &str) -> String {
        let line = line.replace('%', &self.stage.project);
        self.place.feed(&["console"], &line).done()
    }

    fn diagnose(&self, service: &str) -> Value {
        let call = [
            "diagnose",
            "--project",
            &self.stage.project,
            service,
            "--format",
            "json",
        ];
        serde_json::from_str(&self.place.run(&call).done()).expect("one JSON document")
    }
}

/// Of a text that is not as it should be.
const LONGEST_SHOWN: usize = 8000;

#[track_caller]
fn shows(text: &str, parts: &[&str]) {
    for part in parts {
        let shown: String = text.chars().take(LONGEST_SHOWN).collect();
        assert!(text.contains(part), "`{part}` is not in:\n{shown}");
    }
}

#[test]
fn a_shop_of_six_services_can_be_looked_at_and_its_fault_is_found() {
    if !is_there() {
        return;
    }
    let shop = directory().join("shop");
    let (stage, said) = Stage::up(&shop, "shop");
    let well = conditions(&[
        ("gateway", "healthy"),
        ("api", "healthy"),
        ("db", "healthy"),
        ("redis", "healthy"),
        ("worker", "running"),
        ("migrate", "exit 0"),
    ]);
    stage
        .until(&well)
        .unwrap_or_else(|why| panic!("{why}\n{said}"));
    let desk = Desk::at(&stage);
    all_is_well(&desk);
    a_restart_is_on_record(&desk);

    stage.act("docker stop db").unwrap();
    let ill = conditions(&[
        ("db", "exited"),
        ("api", "unhealthy"),
        ("gateway", "unhealthy"),
    ]);
    stage.until(&ill).unwrap();
    the_database_is_to_blame(&desk);
}

fn all_is_well(desk: &Desk<'_>) {
    let status = desk.ask("status %");
    shows(
        &status,
        &["all 6 services are well", "api 1", "api 2", "exited 0"],
    );
    shows(&desk.ask("health %"), &["are well"]);
    let logs = desk.ask("logs %/api %/worker --tail 20");
    shows(
        &logs,
        &[
            "api listens on 3000",
            "worker waits for jobs",
            "api_1",
            "api_2",
            "worker_1",
        ],
    );
    let stats = desk.ask("stats %");
    shows(&stats, &["128 MiB", "256 MiB", "0.5"]);
    let api = desk.ask("inspect %/api");
    shows(
        &api,
        &["128 MiB", "needs", "db", "redis", "needed by", "gateway"],
    );
    assert!(!api.contains("purple-monkey"), "a secret is shown:\n{api}");
    shows(&desk.ask("top %/db"), &["postgres: walwriter"]);
    for service in ["gateway", "api", "db", "redis", "worker", "migrate"] {
        let report = desk.diagnose(service);
        let root = &report["root_cause"];
        assert_eq!(root["cause"], "none", "{service}: {root:#}");
    }
}

fn a_restart_is_on_record(desk: &Desk<'_>) {
    desk.ask("restart %/worker");
    shows(
        &desk.ask("events %/worker --since 5m"),
        &["worker", "restart"],
    );
}

fn the_database_is_to_blame(desk: &Desk<'_>) {
    shows(&desk.ask("status %"), &["need attention", "unhealthy"]);
    shows(&desk.ask("health %"), &["503"]);
    let report = desk.diagnose("gateway");
    let root = &report["root_cause"];
    assert_eq!(root["cause"], "stopped-by-operator", "{root:#}");
    assert_eq!(root["service"], "db", "{root:#}");
    let affected: Vec<&str> = report["services_affected"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|affected| affected["service"].as_str())
        .collect();
    assert_eq!(
        affected,
        ["db", "api", "gateway"],
        "the cause, then who suffers"
    );
    assert!(!report.to_string().contains("purple-monkey"), "{report:#}");
}

#[test]
fn output_that_nobody_expects_is_shown_within_bounds() {
    if !is_there() {
        return;
    }
    let odd = directory().join("odd");
    let (stage, said) = Stage::up(&odd, "odd");
    let ready = conditions(&[
        ("wide", "says after"),
        ("binary", "says after"),
        ("silent", "running"),
    ]);
    stage
        .until(&ready)
        .unwrap_or_else(|why| panic!("{why}\n{said}"));
    let desk = Desk::at(&stage);
    for service in ["wide", "binary"] {
        let logs = desk.ask(&format!("logs %/{service} --tail 1000"));
        shows(&logs, &["before", "after"]);
        assert!(logs.len() < 200_000, "{service}: {} bytes", logs.len());
        let control = logs.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{service}");
        let root = &desk.diagnose(service)["root_cause"];
        assert_eq!(root["cause"], "none", "{service}: {root:#}");
    }
    desk.ask("logs %/silent");
    desk.ask("diagnose %/silent");
}

/// Between a survey and a look at one container, that container may be gone.
#[test]
fn containers_that_come_and_go_disturb_nobody() {
    if !is_there() {
        return;
    }
    let odd = directory().join("odd");
    let (stage, said) = Stage::up(&odd, "fleeting");
    let ready = conditions(&[("silent", "running")]);
    stage
        .until(&ready)
        .unwrap_or_else(|why| panic!("{why}\n{said}"));
    let desk = Desk::at(&stage);
    let script = "for i in $(seq 12); do docker run --rm --label lab-fleeting=1 dogwatch-lab-busybox:1 true; done";
    let mut churn = desk
        .place
        .as_program(std::path::Path::new("sh"), &["-c", script]);
    let mut churn = desk
        .place
        .block_on(async { churn.spawn() })
        .expect("sh runs");
    for _ in 0..8 {
        shows(&desk.ask("status"), &["silent"]);
        desk.ask("health %");
        let root = &desk.diagnose("silent")["root_cause"];
        assert_eq!(root["cause"], "none", "{root:#}");
    }
    let ended = desk.place.block_on(async { churn.wait().await });
    assert!(
        ended.expect("sh ends").success(),
        "containers came and went"
    );
}
