//! Real faults on a real engine: every scenario of `tests/lab/scenarios` is put on, asked about
//! through the binary, and scored.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use dogwatch::diagnose::Cause;
use dogwatch::report::Report;
use serde_json::json;
use tokio::time::Instant;

use crate::lab_scenario::{Scenario, load};
use crate::lab_score::{Score, Scores};
use crate::lab_stage::Stage;
use crate::support::program::Place;
use crate::support::real_engine::program;

/// Scenarios on the engine at the same time.
const AT_ONCE: usize = 4;

/// Scenarios may come out wrong the first time, where the machine was slower than the fault: so many
/// are put on once more, alone.
const SECOND_TRIES: usize = 2;

/// How often a fault that has not shown itself yet is asked about again.
const MORE_LOOKS: usize = 4;

const IMAGES: [&str; 2] = ["dogwatch-lab:1", "dogwatch-lab-busybox:1"];

#[expect(
    clippy::disallowed_methods,
    reason = "what to run is chosen by whoever runs it"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Past the capture of the test harness: a pass has something to say too.
fn say(text: &dyn std::fmt::Display) {
    writeln!(std::io::stderr().lock(), "{text}").expect("standard error is open");
}

/// Whether engine, compose and images are there. Where they must be, their absence is a failure.
pub(crate) fn is_there() -> bool {
    let answers = |name: &str, arguments: &[&str]| {
        let mut call = program(name);
        call.args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        call.status().is_ok_and(|status| status.success())
    };
    let lacks = if !answers("docker", &["version"]) {
        "no container engine answers"
    } else if !answers("docker-compose", &["version"]) {
        "docker-compose is not installed"
    } else if !answers("docker", &[&["image", "inspect"], &IMAGES[..]].concat()) {
        "its images are missing; make them with tests/lab/build-images.sh"
    } else {
        return true;
    };
    missing(lacks);
    false
}

/// Says that a test was not run, or fails where everything must be there.
pub(crate) fn missing(what: &str) {
    let required = environment("DOGWATCH_REQUIRE_ENGINE").as_deref() == Some("1");
    assert!(!required, "{what}");
    say(&format_args!("NOT RUN: {what}"));
}

#[test]
fn every_scenario_gets_its_cause_and_nobody_is_accused_falsely() {
    if !is_there() {
        return;
    }
    let only = environment("DOGWATCH_LAB");
    if only.as_deref() == Some("later") {
        say(&"the lab runs by itself later");
        return;
    }
    let scenarios = load(only.as_deref());
    assert!(!scenarios.is_empty(), "no scenario has that name");
    let (scores, shown) = scored(&scenarios);
    let is_missed = |scenario: &&Scenario| {
        let mut missed = scores.iter().filter(|score| !score.misses.is_empty());
        missed.any(|score| score.name() == scenario.name)
    };
    let missed: Vec<Scenario> = scenarios.iter().filter(is_missed).cloned().collect();
    assert!(missed.len() <= SECOND_TRIES, "{shown}");
    for scenario in &missed {
        let (again, shown) = scored(std::slice::from_ref(scenario));
        let right = again.iter().all(|score| score.misses.is_empty());
        assert!(right, "missed twice, the second time alone: {shown}");
    }
}

fn scored(scenarios: &[Scenario]) -> (Vec<Score>, String) {
    let scores = run_all(scenarios);
    let shown = Scores(&scores).to_string();
    say(&shown);
    (scores, shown)
}

/// Needs no engine: a misspelt key or cause is found at once.
#[test]
fn the_scenarios_can_be_read_and_have_names_of_their_own() {
    let scenarios = load(None);
    for pair in scenarios.windows(2) {
        assert_ne!(pair[0].name, pair[1].name, "two scenarios of one name");
    }
    for scenario in &scenarios {
        assert!(!scenario.story.is_empty(), "{} has no story", scenario.name);
        let services = scenario.settle.keys().chain(scenario.until.keys());
        for service in services.chain([&scenario.ask]) {
            assert!(
                scenario.compose.contains_key(service),
                "{}: no service `{service}`",
                scenario.name
            );
        }
    }
}

fn run_all(scenarios: &[Scenario]) -> Vec<Score> {
    let (next, scores) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let score = run(scenario)
                .unwrap_or_else(|why| Score::broken(&scenario.name, &scenario.expect, why));
            scores.lock().unwrap().push(score);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut scores = scores.into_inner().unwrap();
    scores.sort_by_key(Score::name);
    scores
}

fn run(scenario: &Scenario) -> Result<Score, String> {
    let place = Place::on_real_engine();
    lay_out(scenario, &place.path("."));
    let directory = place.path(".");
    let (stage, said) = Stage::up(&directory, &scenario.name);
    let stuck = |why: String| format!("never settled: {why}; compose said: {said}");
    stage.until(&scenario.settle).map_err(stuck)?;
    thread::sleep(Duration::from_secs(scenario.takes));
    for line in &scenario.then {
        stage.act(line)?;
    }
    stage.until(&scenario.until).map_err(stuck)?;
    thread::sleep(Duration::from_secs(scenario.then_takes));

    let (mut report, mut took) = diagnosed(&place, &stage, scenario)?;
    // where no health check speaks, a fault must be seen more than once; until then `none` is right,
    // and anything else stands as it was said
    for _ in 0..MORE_LOOKS {
        if scenario.expect.cause == Cause::None || report.root_cause.cause != Cause::None {
            break;
        }
        thread::sleep(Duration::from_secs(3));
        (report, took) = diagnosed(&place, &stage, scenario)?;
    }
    let score = Score::of(&scenario.name, &scenario.expect, &report, took);
    if !score.misses.is_empty() && environment("DOGWATCH_LAB_KEEP").as_deref() == Some("1") {
        keep(scenario, &stage, &report);
    }
    Ok(score)
}

/// How it was when a diagnosis was wrong, as a recorded incident to work on; its report beside it.
fn keep(scenario: &Scenario, stage: &Stage<'_>, report: &Report) {
    let expect = &scenario.expect;
    let culprit = if expect.service.is_empty() {
        "-"
    } else {
        &expect.service
    };
    let name = format!("missed-{}", stage.project);
    let output = program("tests/lab/record")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            &stage.project,
            &scenario.ask,
            expect.cause.id(),
            culprit,
            &name,
        ])
        .output();
    say(&format_args!(
        "lab: kept {name}: {:?}",
        output.map(|output| output.status)
    ));
    say(&serde_json::to_string_pretty(report).unwrap());
}

fn diagnosed(
    place: &Place,
    stage: &Stage<'_>,
    scenario: &Scenario,
) -> Result<(Report, Duration), String> {
    let began = Instant::now();
    let ask = [
        "diagnose",
        "--project",
        &stage.project,
        &scenario.ask,
        "--format",
        "json",
    ];
    let answer = place.run(&ask);
    let took = began.elapsed();
    let report: Report = serde_json::from_str(&answer.out)
        .map_err(|error| format!("no report ({error}): {}", answer.err))?;
    Ok((report, took))
}

fn lay_out(scenario: &Scenario, directory: &Path) {
    for (name, file) in &scenario.files {
        let path = directory.join(name);
        std::fs::write(&path, &file.text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(file.mode.0)).unwrap();
    }
    // JSON is YAML
    let compose = json!({
        "version": "2.4",
        "services": scenario.compose,
        "networks": scenario.networks,
        "volumes": scenario.volumes,
    });
    std::fs::write(directory.join("docker-compose.yml"), compose.to_string()).unwrap();
}
