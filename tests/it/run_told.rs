//! How a run is told while it goes on and when it has ended: what was done, what failed, what was
//! never reached, and that it goes back.

use std::time::Duration;

use dogwatch::bot::Outcome;
use dogwatch::runbook::Library;
use dogwatch::sim::{Begins, Behaviour, HealthSpec};
use dogwatch::store::{EntryKind, Match};
use serde_json::Value;

use crate::support::real_engine::eventually;
use crate::support::slack_shop::{ANNA, BOB, SlackShop, policy};
use crate::support::two_people::{Place, service};

/// Fails in its middle, and stands still on its way back until somebody has looked.
const HALF_WAY: &str = "name: half-way\ntitle: Half way\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: first\n    container.restart: { services: gateway }\n  - id: second\n    stack.health: { services: gateway }\n    expect: 'outcome.total == 7'\n    on_failure: roll_back\n  - id: third\n    container.restart: { services: cache }\nrollback:\n  - id: ask\n    gate: may it go back?\n";

fn library(directory: &tempfile::TempDir) -> Library {
    std::fs::write(directory.path().join("half-way.yml"), HALF_WAY).unwrap();
    Library::new(Some(directory.path().to_owned()))
}

#[tokio::test]
async fn what_failed_and_what_was_never_reached_is_not_ticked_off() {
    let own = tempfile::tempdir().unwrap();
    let shop = SlackShop::with(|bot| {
        bot.policy = policy();
        bot.conduct.library = library(&own);
    })
    .await;
    shop.ops(ANNA, "run half-way stack=shop").await;
    let back = shop
        .slack
        .until("that it goes back", |shown| {
            shown.text.starts_with("🔵") && shown.words().contains("may it go back?")
        })
        .await;
    insta::with_settings!({ filters => [(r"\d+ s\b", "N s")] }, {
        insta::assert_snapshot!(back.words(), @"
        🔵 half-way shop
        ▓▓▓░░░░░░░ failed at step 2 of 3 · going back · wait for somebody's word: may it go back? · N s
        ✓ restart shop-gateway-1
        ✗ *look at the health of 1 container*
        – restart shop-cache-1 (not reached)
        asked by <@UANNA>
        [Continue]
        [Stop]
        [Logs]
        ");
    });
    shop.slack
        .until("the steps in the thread", |shown| {
            shown.thread.as_deref() == Some(&back.ts) && shown.words().contains("✗ *look at")
        })
        .await;
    shop.press(BOB, &back, "Continue").await;
    shop.slack
        .until("its end", |shown| {
            shown.ts == back.ts && shown.text.starts_with("🔴")
        })
        .await;
    shop.slack.assert_obeyed();
}

const PAUSE: &str = "name: pause-api\ntitle: Pause\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: stop\n    container.stop: { services: api }\n  - id: wait\n    gate: may it go on?\n  - id: start\n    container.start: { services: api }\n";

#[tokio::test]
async fn what_a_run_before_it_did_is_nobodys_fault_in_a_queued_run() {
    let place = Place::with(&[PAUSE], |_| {});
    let first = place.later("anna", "run pause-api stack=shop");
    let gated = place.at_gate().await;
    let queued = place.later("ben", "run restart service=api --queue");
    eventually("the second one waits for the stack", || async {
        let runs = place.runs().await;
        runs.len() == 2 && runs[0].lease_until_ms > 0
    })
    .await;
    place.says("ben", &format!("approve {gated}")).await;
    assert_eq!(first.await.unwrap().0, Outcome::Done);
    let (outcome, text) = queued.await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");
    let root = &kept(&place).await["root_cause"];
    assert_eq!(root["cause"], "none", "{root:#}");
}

/// The newest run's report, as it is kept.
async fn kept(place: &Place) -> Value {
    let run = place.runs().await.remove(0);
    match place.store().await.report(&run.report_id).await.unwrap() {
        Match::One(record) => serde_json::from_str(&record.body_json).unwrap(),
        other => panic!("there is no report of `{}`: {other:?}", run.title),
    }
}

/// Until a step of the newest run was carried out.
async fn has_done(place: &Place, step: &str) {
    eventually("a step is done", || async {
        let runs = place.runs().await;
        let Some(run) = runs.first() else {
            return false;
        };
        let journal = place.store().await.journal(&run.id).await.unwrap();
        let mut entries = journal.iter();
        entries.any(|entry| entry.kind == EntryKind::Outcome && entry.step.contains(step))
    })
    .await;
}

#[tokio::test]
async fn what_starts_has_not_recovered() {
    let place = Place::with(&[], |_| {});
    let slow = service("shop", "slow", Behaviour::idle().never_ready())
        .begins(Begins::Running(Duration::from_hours(2)))
        .health(HealthSpec::shell("true").start_period(3600));
    place.simulation.world().add(slow);
    eventually("it is unhealthy", || async {
        let (_, text) = place.says("anna", "status slow").await;
        text.contains("unhealthy")
    })
    .await;
    let going = place.later("anna", "restart slow");
    has_done(&place, "restart").await;
    let run = place.newest().await;
    place.says("ben", &format!("cancel {run}")).await;
    let (_, text) = going.await.unwrap();
    assert!(!text.contains("recovered"), "{text}");
    let report = kept(&place).await;
    let affected = &report["services_affected"][0];
    assert!(
        affected["status"].as_str().unwrap().contains("starting"),
        "{affected}"
    );
    let steps = report["resolution_steps"].as_array().unwrap();
    assert_eq!(steps[0]["taken"], true, "{steps:?}");
    let issue = report["issue"].as_str().unwrap();
    assert!(issue.contains("1 of 2 steps were done"), "{issue}");
}

#[tokio::test]
async fn a_container_that_has_done_its_work_passes_its_check() {
    let place = Place::with(&[], |_| {});
    let once = service("shop", "migrate", Behaviour::idle().exits(50, 0));
    let world = place.simulation.world();
    world.add(once.begins(Begins::Starting));
    world.crash("shop-db-1", 3);
    eventually("one has ended and one has failed", || async {
        let (_, text) = place.says("anna", "status shop").await;
        text.contains("exited 0") && text.contains("exited 3")
    })
    .await;
    let (outcome, text) = place.says("anna", "run soft-restart stack=shop").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert!(!text.contains('✗') && !text.contains("failed"), "{text}");
    assert!(text.contains("recovered"), "{text}");
    let report = kept(&place).await;
    let checks = report["verification"].as_array().unwrap();
    let done = checks
        .iter()
        .find(|check| check["text"] == "shop-migrate-1 has done its work");
    assert_eq!(done.unwrap()["result"], "passed", "{checks:?}");
}

/// Its second step fails, and nothing was wrong before.
const FAILS: &str = "name: fails\ntitle: Fails\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: first\n    container.restart: { services: db }\n  - id: second\n    stack.health: { services: db }\n    expect: 'outcome.total == 7'\n  - id: third\n    container.restart: { services: api }\nverify:\n  - stack.health: { services: db }\n";

#[tokio::test]
async fn a_failed_run_claims_no_health_and_shows_what_it_looked_at() {
    let place = Place::with(&[FAILS], |_| {});
    let (outcome, text) = place.says("anna", "run fails stack=shop").await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    let report = kept(&place).await;
    let root = &report["root_cause"];
    assert_eq!(root["cause"], "inconclusive", "{root}");
    assert_eq!(root["confidence"], "inconclusive", "{root}");
    let summary = root["summary"].as_str().unwrap();
    assert!(summary.ends_with("1 of 3 steps done"), "{summary}");
    insta::assert_json_snapshot!(report["verification"], @r#"
    [
      {
        "command": "docker inspect -f '{{.Name}} {{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}' shop-db-1",
        "expect": "running, and healthy where it is checked",
        "result": "passed",
        "text": "look at the health of 1 container: all 1 containers are well"
      }
    ]
    "#);
    let told = report["timeline"].to_string();
    for words in ["no approval was needed", ": failed after "] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("approved by"), "{told}");
    let next = report["resolution_steps"].as_array().unwrap().last();
    assert_eq!(next.unwrap()["command"], "/ops status shop", "{report:#}");
}

#[tokio::test]
async fn who_only_looks_leaves_no_report() {
    let place = Place::with(&[], |_| {});
    for line in [
        "run port-holder port=5432",
        "run bundle stack=shop",
        "run logs service=db",
    ] {
        let (_, text) = place.says("anna", line).await;
        let run = place.runs().await.remove(0);
        assert_eq!(run.report_id, "", "{line}: {text}");
    }
    place.says("anna", "restart db").await;
    let run = place.runs().await.remove(0);
    assert!(!run.report_id.is_empty(), "what changes something has one");
}
