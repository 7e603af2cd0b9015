//! Gates: who may pass them, what goes on beside them, and what waits behind them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::approval::NeedSettings;
use dogwatch::access::{ApprovalSettings, Need};
use dogwatch::bot::Outcome;
use dogwatch::report::Report;
use dogwatch::run::Recovery;
use dogwatch::run::book::short;
use dogwatch::setting::Identifier;
use dogwatch::store::{EntryKind, RunState};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::support::real_engine::eventually;
use crate::support::two_people::{Place, policy_asking};

const SOON: Duration = Duration::from_secs(30);

/// Where every change needs this.
fn needing(need: Need) -> Place {
    let needs = NeedSettings {
        change: Some(need),
        destructive: None,
    };
    let default = Identifier::try_from("default".to_owned()).unwrap();
    Place::with(&[], |bot| {
        bot.policy = policy_asking(ApprovalSettings {
            environments: BTreeMap::from([(default, needs)]),
            ..ApprovalSettings::default()
        });
    })
}

#[tokio::test]
async fn who_asked_passes_no_gate_alone_where_a_second_person_is_needed() {
    let place = needing(Need::SecondPerson);
    place.says("anna", "run two-steps stack=shop").await;
    let run = place.newest().await;
    let going = place.later("ben", &format!("approve {run}"));
    place.at_gate().await;
    let (outcome, text) = place.says("anna", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Denied, "{text}");
    assert!(text.contains("needs a second person"), "{text}");
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(going.await.unwrap().0, Outcome::Done);
}

const SIDE_BY_SIDE: &str = "name: side-by-side\ntitle: Side by side\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - for_each: [gated, free]\n    as: lane\n    parallel: 2\n    steps:\n      - id: ask\n        gate: is the queue empty?\n        when: lane == 'gated'\n      - id: again\n        container.restart: { services: api }\n        when: lane == 'free'\n";

#[tokio::test]
async fn what_goes_on_beside_a_gate_does_not_close_it() {
    let place = Place::with(&[SIDE_BY_SIDE], |_| {});
    let going = place.later("anna", "run side-by-side stack=shop");
    eventually(
        "the other lane is done after the gate was reached",
        || async {
            let runs = place.runs().await;
            let Some(run) = runs.first() else {
                return false;
            };
            let journal = place.store().await.journal(&run.id).await.unwrap();
            let at = |kind, step: &str| {
                let mut entries = journal.iter();
                entries.position(|entry| entry.kind == kind && entry.step.contains(step))
            };
            let (gate, other) = (
                at(EntryKind::Note, "gate"),
                at(EntryKind::Outcome, "free again"),
            );
            gate.is_some() && other > gate
        },
    )
    .await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(going.await.unwrap().0, Outcome::Done);
}

fn one_at_once() -> Place {
    Place::with(&[], |bot| bot.conduct.slots = Arc::new(Semaphore::new(1)))
}

#[tokio::test]
async fn a_run_at_a_gate_takes_nobodys_turn() {
    let place = one_at_once();
    let going = place.later("anna", "run two-steps stack=shop");
    let gated = place.at_gate().await;
    let other = place.says("ben", "run restart service=web --yes");
    let (outcome, text) = timeout(SOON, other).await.expect("it has its turn");
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = place.says("ben", &format!("approve {gated}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(going.await.unwrap().0, Outcome::Done);
    assert_eq!(place.bot.conduct.slots.available_permits(), 1);
}

#[tokio::test]
async fn who_waits_for_a_turn_says_so_and_can_be_cancelled() {
    let place = one_at_once();
    let busy = place.bot.conduct.slots.acquire().await.unwrap();
    let waiting = place.later("anna", "restart db");
    eventually("it is approved", || async {
        place
            .runs()
            .await
            .first()
            .is_some_and(|run| run.state == RunState::Approved)
    })
    .await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("cancel {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = timeout(SOON, waiting).await.expect("it ends").unwrap();
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(text.contains("waiting"), "{text}");
    assert_eq!(place.runs().await[0].state, RunState::Cancelled);
    drop(busy);
}

async fn taken_up(place: &Place) -> Vec<Report> {
    let recovery = Recovery {
        store: place.store().await,
        fleet: &place.bot.fleet,
        clock: place.bot.clock,
        hidden: &[],
        secrets: &BTreeMap::new(),
        directory: place.directory.path().to_owned(),
        expires: Duration::from_mins(15),
        sites: &place.bot.conduct.sites,
        waits: false,
    };
    let taken = timeout(SOON, Box::pin(recovery.run())).await;
    taken.expect("it waits at no gate").unwrap()
}

#[tokio::test]
async fn who_begins_something_else_waits_at_no_gate_and_a_word_is_not_lost() {
    let place = needing(Need::Confirm);
    let id = place.cut_short("run two-steps stack=shop").await;
    for _ in 0..2 {
        assert!(taken_up(&place).await.is_empty(), "it stands at its gate");
        let journal = place.store().await.journal(&id).await.unwrap();
        let notes = journal.iter().filter(|entry| entry.kind == EntryKind::Note);
        assert_eq!(notes.count(), 1, "it came there once");
    }
    let (_, text) = place.says("ben", "run restart service=db").await;
    assert!(
        text.contains(&format!("say `approve {}`", short(&id))),
        "{text}"
    );
    let (outcome, text) = place.says("ben", &format!("approve {id}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert!(text.contains("goes on when it is taken up"), "{text}");
    assert_eq!(taken_up(&place).await.len(), 1);
    let run = place.store().await.run(&id).await.unwrap();
    assert_eq!((run.state, run.detail.as_str()), (RunState::Succeeded, ""));
}

#[tokio::test]
async fn a_run_that_was_left_at_a_gate_can_be_denied() {
    let place = needing(Need::Confirm);
    let id = place.cut_short("run two-steps stack=shop").await;
    assert!(taken_up(&place).await.is_empty());
    let (outcome, text) = place.says("ben", &format!("deny {id} not today")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(taken_up(&place).await.len(), 1);
    let run = place.store().await.run(&id).await.unwrap();
    assert_eq!(run.state, RunState::Failed);
    assert!(run.detail.contains("slack:ben said no"), "{}", run.detail);
}
