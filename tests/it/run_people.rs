//! Two people, one bot, a built-in engine: who may, who must say yes, who waits for whom.

use std::time::Duration;

use dogwatch::bot::Outcome;
use dogwatch::sim::Behaviour;
use dogwatch::store::{RunState, Verdict};

use crate::support::real_engine::eventually;
use crate::support::two_people::{Place, service};

#[tokio::test]
async fn rights_name_a_runbook_and_denials_are_written_down() {
    let place = Place::new(None);
    let (outcome, text) = place.says("cora", "run restart service=db").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = place.says("cora", "run stop service=db").await;
    assert_eq!(outcome, Outcome::Denied);
    assert!(
        text.contains("`slack:cora` needs the right `change` on `shop` for `stop`"),
        "{text}"
    );
    let (_, listed) = place.says("cora", "runbooks").await;
    assert!(
        listed.contains("restart") && !listed.contains("full-reset"),
        "{listed}"
    );
    let (outcome, _) = place.says("stranger", "run restart service=db").await;
    assert_eq!(outcome, Outcome::Denied);
    let states = place.states().await;
    assert_eq!(states[0].1, RunState::Refused);
    let store = place.bot.store.get().await.unwrap();
    let newest = store
        .runs(&dogwatch::store::RunFilter::default())
        .await
        .unwrap();
    let said = store.decisions(&newest[0].id).await.unwrap();
    assert_eq!(
        (said[0].what, said[0].who.as_str()),
        (Verdict::Denied, "slack:stranger")
    );
}

#[tokio::test]
async fn what_is_destructive_needs_a_second_person_and_the_name() {
    let place = Place::new(None);
    let (outcome, asked) = place.says("anna", "run full-reset stack=shop").await;
    assert_eq!(outcome, Outcome::Done);
    assert!(
        asked.contains("needs a second person") && asked.contains("deletes for good"),
        "{asked}"
    );
    let run = place.newest().await;
    let (outcome, text) = place.says("anna", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Denied);
    assert!(text.contains("needs a second person"), "{text}");
    let (outcome, _) = place.says("cora", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Denied);
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Usage);
    assert!(text.contains(&format!("approve {run} shop")), "{text}");
    let (outcome, text) = place.says("ben", &format!("approve {run} shop")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let store = place.bot.store.get().await.unwrap();
    let id = store
        .runs(&dogwatch::store::RunFilter::default())
        .await
        .unwrap()[0]
        .id
        .clone();
    let said: Vec<_> = store.decisions(&id).await.unwrap();
    let said: Vec<_> = said
        .iter()
        .map(|said| (said.who.as_str(), said.what))
        .collect();
    let expected = [
        ("slack:anna", Verdict::Denied),
        ("slack:cora", Verdict::Denied),
        ("slack:ben", Verdict::Approve),
    ];
    assert_eq!(said, expected);
    assert!(!store.run(&id).await.unwrap().report_id.is_empty());
}

#[tokio::test]
async fn a_change_in_production_waits_for_a_word_of_whoever_asked() {
    let place = Place::new(None);
    let (_, asked) = place.says("anna", "restart web").await;
    assert!(asked.contains("needs approval"), "{asked}");
    let run = place.newest().await;
    let (outcome, text) = place.says("anna", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
}

#[tokio::test]
async fn an_old_plan_is_no_plan() {
    let place = Place::new(Some(Duration::from_millis(1)));
    place.says("anna", "restart web").await;
    let run = place.newest().await;
    eventually("it has expired", || async {
        let (_, text) = place.says("ben", &format!("approve {run}")).await;
        text.contains("waited too long")
    })
    .await;
}

#[tokio::test]
async fn a_changed_world_is_not_what_was_approved() {
    let place = Place::new(None);
    place.says("anna", "restart web").await;
    let run = place.newest().await;
    let engine = place.bot.fleet.host(None).await.unwrap().engine;
    engine.remove("blog-web-1", true).await.unwrap();
    place
        .simulation
        .world()
        .add(service("blog", "web", Behaviour::idle()));
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        text.contains("blog-web-1 is another container now"),
        "{text}"
    );
    assert_eq!(place.states().await[0].1, RunState::Refused);
}

#[tokio::test]
async fn one_run_a_stack_and_the_second_may_queue() {
    let place = Place::new(None);
    let first = place.later("anna", "restart api");
    place.running().await;
    let (outcome, text) = place.says("ben", "restart db").await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("`shop` is being changed by run"), "{text}");
    let queued = place.later("ben", "run restart service=db --queue");
    // another stack is in nobody's way
    let (outcome, text) = place.says("ben", "run restart service=web --yes").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(first.await.unwrap().0, Outcome::Done);
    assert_eq!(queued.await.unwrap().0, Outcome::Done);
}

#[tokio::test]
async fn a_gate_waits_for_a_word_and_a_cancelled_run_cleans_up() {
    let place = Place::new(None);
    let going = place.later("anna", "run two-steps stack=shop");
    let gate = || async {
        let runs = place
            .bot
            .store
            .get()
            .await
            .unwrap()
            .unfinished_runs()
            .await
            .unwrap();
        let Some(run) = runs.first() else {
            return false;
        };
        let journal = place
            .bot
            .store
            .get()
            .await
            .unwrap()
            .journal(&run.id)
            .await
            .unwrap();
        journal.last().is_some_and(|entry| entry.step == "gate")
    };
    eventually("it waits at the gate", gate).await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = going.await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");

    let going = place.later("anna", "run two-steps stack=shop");
    eventually("it waits at the gate again", gate).await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("cancel {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = going.await.unwrap();
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        text.contains("was cancelled") && text.contains("roll back: start shop-api-1: done"),
        "{text}"
    );
    assert_eq!(place.states().await[0].1, RunState::Cancelled);
}

#[tokio::test]
async fn a_plan_is_only_looked_at() {
    let place = Place::new(None);
    let (outcome, text) = place.says("cora", "plan full-reset stack=shop").await;
    assert_eq!(outcome, Outcome::Done);
    assert!(
        text.contains("remove the volume shop_data") && text.contains("destructive"),
        "{text}"
    );
    assert!(place.states().await.is_empty());
    let (outcome, text) = place.says("anna", "run bundle shop").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let bundles = place.directory.path().join("bundles");
    let of_run = std::fs::read_dir(bundles)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let file = std::fs::read_to_string(of_run.join("shop-db-1.txt")).unwrap();
    assert!(file.contains("status    running"), "{file}");
}
