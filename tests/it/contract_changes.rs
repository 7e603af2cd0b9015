//! The contract: what is done to an engine, and what it records of it. `contract` holds the list.

use std::time::Duration;

use dogwatch::action::container::{Container, Status};
use dogwatch::action::events::{Event, EventQuery};
use dogwatch::engine::EngineError;

use crate::contract_reads::{assert_missing, assert_refused};
use crate::support::sim_fixture::Fixture;
use crate::support::sim_programs::Program;

const SOON: Duration = Duration::from_secs(20);

pub(crate) async fn starting_and_stopping_twice_is_once(fixture: &Fixture) {
    let engine = &fixture.engine;
    let job = fixture.job("twice", Program::Patient).await;
    engine.start(&job).await.unwrap();
    engine.stop(&job, None).await.unwrap();
    let stopped = fixture.container("twice").await;
    assert_eq!(stopped.state.status, Status::Exited);
    assert_eq!(stopped.state.exit_code, Some(0));
    engine.stop(&job, None).await.unwrap();
    assert_eq!(
        fixture.container("twice").await.state.finished_at,
        stopped.state.finished_at
    );
    engine.start(&job).await.unwrap();
    engine.start(&job).await.unwrap();
    let again = fixture.container("twice").await;
    assert_eq!(
        (again.state.status, again.restart_count),
        (Status::Running, 0)
    );
    assert!(again.state.started_at > stopped.state.finished_at);
}

pub(crate) async fn a_stop_is_recorded_in_order(fixture: &Fixture) {
    let job = fixture.job("recorded", Program::Patient).await;
    fixture.engine.stop(&job, None).await.unwrap();
    fixture.engine.start(&job).await.unwrap();
    let events = recorded(fixture, "recorded").await;
    let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "start", "kill", "die", "stop", "start"]);
    assert_eq!(events[2].attributes["signal"], "15");
    assert_eq!(events[3].attributes["exitCode"], "0");
    assert!(events.is_sorted_by_key(|event| event.at));
    assert!(events.iter().all(|event| event.attributes["name"] == job));
}

pub(crate) async fn who_ignores_the_signal_is_killed_after_the_grace(fixture: &Fixture) {
    let job = fixture.job("stubborn", Program::Stubborn).await;
    let grace = Some(Duration::from_secs(1));
    fixture.engine.stop(&job, grace).await.unwrap();
    let stopped = fixture.container("stubborn").await;
    assert_eq!(stopped.state.status, Status::Exited);
    assert_eq!(stopped.state.exit_code, Some(137));
    assert!(!stopped.state.oom_killed);
    let events = recorded(fixture, "stubborn").await;
    let signals: Vec<&str> = events
        .iter()
        .filter(|event| event.action == "kill")
        .map(|event| event.attributes["signal"].as_str())
        .collect();
    assert_eq!(signals, ["15", "9"]);
}

pub(crate) async fn a_restart_is_a_new_life(fixture: &Fixture) {
    let job = fixture.job("reborn", Program::Patient).await;
    let before = fixture.container("reborn").await;
    fixture.engine.restart(&job, None).await.unwrap();
    let after = fixture.container("reborn").await;
    assert_eq!(
        (after.state.status, after.restart_count),
        (Status::Running, 0)
    );
    assert!(after.state.started_at > before.state.started_at);
    assert_eq!(after.id, before.id);
    let events = recorded(fixture, "reborn").await;
    let actions: Vec<&str> = events
        .iter()
        .skip(2)
        .map(|event| event.action.as_str())
        .collect();
    assert_eq!(actions, ["kill", "die", "stop", "start", "restart"]);
    fixture.engine.stop(&job, None).await.unwrap();
    fixture.engine.restart(&job, None).await.unwrap();
    assert_eq!(
        fixture.container("reborn").await.state.status,
        Status::Running
    );
}

pub(crate) async fn a_kill_is_final_whatever_the_policy(fixture: &Fixture) {
    let job = fixture.job("killed", Program::Stubborn).await;
    fixture.engine.kill(&job, "KILL").await.unwrap();
    let killed = fixture.until("killed", ended).await;
    assert_eq!(
        (killed.state.exit_code, killed.restart_count),
        (Some(137), 0)
    );
}

pub(crate) async fn a_signal_can_be_a_request(fixture: &Fixture) {
    let job = fixture.job("asked", Program::Patient).await;
    fixture.engine.kill(&job, "SIGTERM").await.unwrap();
    let asked = fixture.until("asked", ended).await;
    assert_eq!(asked.state.exit_code, Some(0));
    let events = recorded(fixture, "asked").await;
    let last: Vec<&str> = events
        .iter()
        .skip(2)
        .map(|event| event.action.as_str())
        .collect();
    assert_eq!(last, ["kill", "die"]);
}

pub(crate) async fn the_dead_cannot_be_killed(fixture: &Fixture) {
    assert_refused(
        &fixture.engine.kill(&fixture.name("idle"), "KILL").await,
        409,
    );
}

pub(crate) async fn a_loop_of_restarts_can_be_stopped(fixture: &Fixture) {
    let job = fixture.job("looping", Program::Failing).await;
    let looping = |c: &Container| c.state.status == Status::Restarting && c.restart_count >= 2;
    let found = fixture.until("looping", looping).await;
    assert_eq!((found.state.exit_code, found.state.pid), (Some(1), None));
    fixture.engine.stop(&job, None).await.unwrap();
    let stopped = fixture.container("looping").await;
    assert_eq!(stopped.state.status, Status::Exited);
    assert!(stopped.restart_count >= found.restart_count);
}

pub(crate) async fn running_out_of_memory_leaves_its_marks(fixture: &Fixture) {
    fixture.job("greedy", Program::Greedy).await;
    let dead = fixture.until("greedy", ended).await;
    assert!(dead.state.oom_killed);
    assert_eq!(dead.state.exit_code, Some(137));
    let events = recorded(fixture, "greedy").await;
    let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "start", "oom", "die"]);
    assert_eq!(events[3].attributes["exitCode"], "137");
}

pub(crate) async fn only_force_removes_what_runs(fixture: &Fixture) {
    let engine = &fixture.engine;
    let job = fixture.job("removed", Program::Patient).await;
    assert_refused(&engine.remove(&job, false).await, 409);
    engine.remove(&job, true).await.unwrap();
    assert_missing(&engine.container(&job).await);
    let job = fixture.job("removed-later", Program::Patient).await;
    engine.stop(&job, None).await.unwrap();
    engine.remove(&job, false).await.unwrap();
    assert_missing(&engine.container(&job).await);
}

pub(crate) async fn a_volume_in_use_stays(fixture: &Fixture) {
    let volume = format!("{}-vol", fixture.prefix);
    assert_refused(&fixture.engine.remove_volume(&volume).await, 409);
    let volumes = fixture.engine.volumes().await.unwrap();
    assert!(volumes.iter().any(|found| found.name == volume));
}

pub(crate) async fn programs_run_inside(fixture: &Fixture) {
    let web = fixture.name("web");
    let hello = argv(&["echo", "hello"]);
    let said = fixture.engine.exec(&web, &hello, SOON).await.unwrap();
    assert_eq!((said.exit_code, said.stdout.expose()), (0, "hello\n"));
    assert!(said.stderr.is_empty() && !said.cut);
    let mixed = argv(&["sh", "-c", "echo out; echo err >&2; exit 4"]);
    let failed = fixture.engine.exec(&web, &mixed, SOON).await.unwrap();
    assert_eq!(failed.exit_code, 4);
    assert_eq!(
        (failed.stdout.expose(), failed.stderr.expose()),
        ("out\n", "err\n")
    );
}

pub(crate) async fn a_program_that_is_not_there_says_so(fixture: &Fixture) {
    let nope = argv(&["nope", "x"]);
    let outcome = fixture.engine.exec(&fixture.name("web"), &nope, SOON).await;
    let missing = outcome.unwrap();
    // Which of the two depends on the engine's version.
    assert!(matches!(missing.exit_code, 126 | 127));
    let said = [missing.stdout.expose(), missing.stderr.expose()].concat();
    assert!(said.contains("executable file not found"), "{said}");
}

pub(crate) async fn a_slow_program_is_not_waited_for(fixture: &Fixture) {
    let sleep = argv(&["sleep", "30"]);
    let limit = Duration::from_secs(1);
    let outcome = fixture
        .engine
        .exec(&fixture.name("web"), &sleep, limit)
        .await;
    assert!(
        matches!(outcome, Err(EngineError::TimedOut { .. })),
        "{outcome:?}"
    );
}

pub(crate) async fn no_program_runs_in_the_dead(fixture: &Fixture) {
    let hello = argv(&["echo", "hello"]);
    let outcome = fixture
        .engine
        .exec(&fixture.name("idle"), &hello, SOON)
        .await;
    assert_refused(&outcome, 409);
}

pub(crate) async fn waiting_for_health_ends_well_or_with_a_reason(fixture: &Fixture) {
    let engine = &fixture.engine;
    engine
        .wait_healthy(&fixture.name("web"), SOON)
        .await
        .unwrap();
    engine
        .wait_healthy(&fixture.name("db"), SOON)
        .await
        .unwrap();
    let short = Duration::from_secs(1);
    let sick = engine.wait_healthy(&fixture.name("sick"), short).await;
    assert!(
        matches!(sick, Err(EngineError::TimedOut { .. })),
        "{sick:?}"
    );
    assert_refused(&engine.wait_healthy(&fixture.name("idle"), SOON).await, 409);
}

fn ended(container: &Container) -> bool {
    container.state.status == Status::Exited
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// What the engine recorded of a container's life, without checks and looks.
async fn recorded(fixture: &Fixture, short: &str) -> Vec<Event> {
    let container = fixture.container(short).await;
    let query = EventQuery {
        since: container.created.map(|at| at - Duration::from_secs(1)),
        until: None,
        container: Some(container.id),
    };
    let events = fixture.engine.events(&query).await.unwrap();
    let told = |event: &Event| event.kind == "container" && !event.action.starts_with("exec_");
    events.into_iter().filter(told).collect()
}
