//! Reports through the binary: the JSON that programs read, and the way through the store.

use std::collections::BTreeSet;

use dogwatch::diagnose::Cause;
use dogwatch::sim::{Behaviour, Restart, World, demo_world};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::service;
use crate::support::program::Place;

/// Exactly these keys, so that neither a missing nor a misspelt one goes unseen.
#[track_caller]
fn keys(value: &Value, expected: &[&str]) {
    let found: BTreeSet<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(found, expected.iter().copied().collect(), "{value:#}");
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[track_caller]
fn one_of(value: &Value, allowed: &[&str]) {
    assert!(
        allowed.contains(&text(value)),
        "{value} is none of {allowed:?}"
    );
}

fn is_time(value: &Value) -> bool {
    text(value).parse::<Timestamp>().is_ok()
}

fn each<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("no list `{key}`: {value:#}"))
}

fn is_cause(value: &Value) -> bool {
    Cause::ALL.iter().any(|cause| cause.id() == text(value))
}

/// Holds one document to the fixed shape, down to the values that are named there.
fn check_shape(report: &Value) {
    keys(
        report,
        &[
            "schema",
            "id",
            "created_at",
            "host",
            "project",
            "issue",
            "services_affected",
            "root_cause",
            "contributing",
            "resolution_steps",
            "verification",
            "prevention",
            "related_services",
            "timeline",
            "checklist",
            "changes",
            "not_seen",
            "looked_at",
        ],
    );
    assert_eq!(report["schema"], "dogwatch.report/1");
    assert!(!text(&report["id"]).is_empty() && !text(&report["issue"]).is_empty());
    assert!(is_time(&report["created_at"]));
    for affected in each(report, "services_affected") {
        keys(affected, &["service", "status", "symptoms"]);
        assert!(!text(&affected["service"]).is_empty());
        assert!(each(affected, "symptoms").iter().all(Value::is_string));
    }
    check_root_cause(&report["root_cause"]);
    for contributing in each(report, "contributing") {
        keys(contributing, &["cause", "service", "summary"]);
        assert!(is_cause(&contributing["cause"]));
    }
    for step in each(report, "resolution_steps") {
        keys(step, &["text", "command", "runbook", "risk"]);
        one_of(&step["risk"], &["read", "change", "destructive"]);
        for optional in [&step["command"], &step["runbook"]] {
            assert!(optional.is_null() || optional.is_string());
        }
    }
    for check in each(report, "verification") {
        keys(check, &["text", "command", "expect", "result"]);
        one_of(&check["result"], &["passed", "failed", "not-run"]);
        assert!(!text(&check["command"]).is_empty());
    }
    assert!(each(report, "prevention").iter().all(Value::is_string));
    for related in each(report, "related_services") {
        keys(related, &["service", "why"]);
    }
    for point in each(report, "checklist") {
        keys(point, &["point", "outcome", "text"]);
        assert!(!text(&point["point"]).is_empty() && !text(&point["text"]).is_empty());
    }
    for entry in each(report, "timeline") {
        keys(entry, &["at", "text"]);
        assert!(is_time(&entry["at"]), "{entry}");
    }
}

fn check_root_cause(root: &Value) {
    keys(
        root,
        &["cause", "service", "summary", "confidence", "evidence"],
    );
    assert!(is_cause(&root["cause"]), "{root}");
    one_of(&root["confidence"], &["certain", "likely", "inconclusive"]);
    for line in each(root, "evidence") {
        keys(line, &["source", "service", "at", "text"]);
        let sources = [
            "inspect", "logs", "events", "health", "stats", "network", "host", "compose",
        ];
        one_of(&line["source"], &sources);
        assert!(line["at"].is_null() || is_time(&line["at"]), "{line}");
        assert!(!text(&line["text"]).is_empty());
    }
}

fn diagnose(place: &Place, service: &str) -> Value {
    let out = place.run(&["diagnose", service, "--format", "json"]).done();
    let report = serde_json::from_str(&out).expect("one JSON document and nothing else");
    check_shape(&report);
    report
}

/// `greedy` dies of its limit, `api` fails since it needs it, `calm` is well.
fn ailing() -> World {
    const MIB: u64 = 1 << 20;
    let greedy = service("shop", "greedy")
        .memory_limit(16 * MIB)
        .env("DB_PASSWORD", "correct-horse-battery")
        .behaviour(
            Behaviour::idle()
                .says(5, "connecting with password correct-horse-battery")
                .memory(MIB)
                .grows(100 * MIB),
        );
    let crashing = service("shop", "crashing")
        .restart(Restart::Always)
        .behaviour(Behaviour::idle().exits(5, 3));
    [greedy, crashing, service("shop", "calm")]
        .into_iter()
        .fold(World::new(), World::with)
}

fn until_it_died(place: &Place, service: &str) {
    let is_well = || {
        let status = place.run(&["console", "--", "status", service]).done();
        status.contains("all 1 services are well")
    };
    assert!((0..100).any(|_| !is_well()), "the fault comes");
}

#[test]
fn a_diagnosis_is_one_json_document_of_the_fixed_shape() {
    let place = Place::simulated(ailing());
    until_it_died(&place, "greedy");
    let report = diagnose(&place, "greedy");
    assert_eq!(report["host"], "local");
    assert_eq!(report["project"], "shop");
    assert_eq!(report["root_cause"]["cause"], "oom-killed");
    assert_eq!(report["root_cause"]["service"], "greedy");
    assert!(!each(&report, "resolution_steps").is_empty());
    assert!(!each(&report, "verification").is_empty());
    assert!(!each(&report, "prevention").is_empty());
}

#[test]
fn a_healthy_service_accuses_nobody() {
    let place = Place::simulated(demo_world());
    let report = diagnose(&place, "db");
    assert_eq!(report["root_cause"]["cause"], "none");
    assert_eq!(report["root_cause"]["service"], "");
    assert!(each(&report, "services_affected").is_empty(), "{report:#}");
    assert!(each(&report, "resolution_steps").is_empty(), "{report:#}");
}

#[test]
fn what_cannot_be_told_is_inconclusive_and_says_what_to_look_at() {
    let place = Place::simulated(ailing());
    until_it_died(&place, "crashing");
    let report = diagnose(&place, "crashing");
    assert_eq!(report["root_cause"]["cause"], "inconclusive");
    assert_eq!(report["root_cause"]["confidence"], "inconclusive");
    assert!(!each(&report, "resolution_steps").is_empty(), "{report:#}");
}

#[test]
fn a_report_comes_back_from_the_store_in_every_format_and_without_secrets() {
    let place = Place::simulated(ailing());
    until_it_died(&place, "greedy");
    let report = diagnose(&place, "greedy");
    let id = text(&report["id"]);
    let listed = place.run(&["report", "list"]).done();
    assert!(
        listed.contains(id) && listed.contains("oom-killed"),
        "{listed}"
    );

    let again = place
        .run(&["report", "show", id, "--format", "json"])
        .done();
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), report);
    let shown = place.run(&["report", "show", &id.to_lowercase()]).done();
    assert!(shown.contains("oom-killed"), "{shown}");

    for (format, name, mark) in [
        ("text", "txt", "Root cause"),
        ("markdown", "md", "#"),
        ("json", "json", "dogwatch.report/1"),
        ("html", "html", "<!doctype html>"),
    ] {
        let said = place.run(&["report", "export", id, "--format", format]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{format}");
        let file = place.path(&format!("report-{id}.{name}"));
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(
            written.to_lowercase().contains(&mark.to_lowercase()),
            "{format}: {written}"
        );
        assert!(written.contains("oom-killed"), "{format}: {written}");
        assert!(
            !written.contains("correct-horse"),
            "{format} shows a secret: {written}"
        );
    }
    let own = place.path("mine.md").display().to_string();
    let export = ["report", "export", id, "--format", "markdown", "-o", &own];
    place.run(&export).done();
    assert!(place.path("mine.md").exists());
}

#[test]
fn secrets_stay_inside_in_everything_the_console_shows() {
    let place = Place::simulated(ailing());
    until_it_died(&place, "greedy");
    let lines = "logs greedy\ninspect greedy\ndiagnose greedy\nevents\nstatus\nhealth\n";
    for format in ["text", "markdown", "html"] {
        let answer = place.feed(&["console", "--format", format], lines);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(
            answer.out.contains("connecting with password"),
            "the line itself is shown"
        );
        let all = answer.out + &answer.err;
        assert!(!all.contains("correct-horse"), "{format}: {all}");
    }
}

#[test]
fn a_report_that_is_not_there_and_a_file_that_cannot_be_written_are_told() {
    let place = Place::simulated(demo_world());
    let unknown = place.run(&["report", "show", "01ZZ"]).failed(2);
    assert!(unknown.contains("`01ZZ`"), "{unknown}");
    place.run(&["report", "export", "01ZZ"]).failed(2);
    let report = diagnose(&place, "db");
    let nowhere = [
        "report",
        "export",
        text(&report["id"]),
        "-o",
        "/nowhere/at/all.html",
    ];
    let said = place.run(&nowhere).failed(1);
    assert!(said.contains("/nowhere/at/all.html"), "{said}");
}

#[test]
fn a_report_that_cannot_be_kept_is_still_shown() {
    let place = Place::simulated(demo_world());
    place.write("state", "a file where the directory should be");
    let answer = place.run(&["diagnose", "db", "--format", "json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    check_shape(&serde_json::from_str(&answer.out).expect("the report"));
    assert!(answer.err.contains("could not be kept"), "{answer:?}");
}
