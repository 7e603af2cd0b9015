//! Alerts taken in: on disk before anybody hears so, in their order, all of a batch or none.

use dogwatch::clock::Clock;
use dogwatch::incident::{Alert, AlertState, Severity, Source, accept};
use dogwatch::say;
use dogwatch::store::Store;
use jiff::Timestamp;
use sqlx::Connection;

pub(crate) fn alert(stack: &str, service: &str, what: &str) -> Alert {
    Alert {
        source: Source::Events,
        host: "local".to_owned(),
        stack: stack.to_owned(),
        service: service.to_owned(),
        what: what.to_owned(),
        state: AlertState::Firing,
        severity: Severity::Critical,
        summary: say!("it went wrong"),
        details: Vec::new(),
        route: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn clock() -> Clock {
    Clock::simulated("2026-03-01T00:00:00Z".parse().unwrap())
}

async fn waiting(store: &Store) -> Vec<Alert> {
    let found = store.unplaced_alerts().await.unwrap();
    found
        .iter()
        .map(|row| serde_json::from_str(&row.body_json).unwrap())
        .collect()
}

#[tokio::test]
async fn what_was_accepted_is_there_for_who_opens_the_file_next() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", directory.path().display());
    let given: Vec<Alert> = (0..50)
        .map(|number| alert("shop", &format!("s{number}"), "died"))
        .collect();
    let store = Store::open(&url).await.unwrap();
    let accepted = accept(&store, clock(), &given).await.unwrap();
    assert_eq!(accepted.count, 50);
    // the first one is never closed: what counts is what is on disk by now
    let other = Store::open(&url).await.unwrap();
    assert_eq!(waiting(&other).await, given);
}

#[tokio::test]
async fn who_waits_for_alerts_is_woken() {
    let store = Store::in_memory().await.unwrap();
    let mut stirs = store.stirs();
    accept(&store, clock(), &[alert("shop", "api", "died")])
        .await
        .unwrap();
    stirs.changed().await.unwrap();
}

#[tokio::test]
async fn a_batch_that_cannot_be_kept_whole_is_refused_whole() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", directory.path().display());
    let store = Store::open(&url).await.unwrap();
    let mut foreign = sqlx::AnyConnection::connect(&url).await.unwrap();
    sqlx::query(
        "CREATE TRIGGER full BEFORE INSERT ON alerts WHEN NEW.service = 'last' \
         BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .execute(&mut foreign)
    .await
    .unwrap();
    let given = [alert("shop", "api", "died"), alert("shop", "last", "died")];
    accept(&store, clock(), &given).await.unwrap_err();
    assert_eq!(waiting(&store).await, []);
}

#[tokio::test]
async fn two_that_hand_in_at_once_both_get_all_of_theirs_in() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", directory.path().display());
    let (one, two) = (
        Store::open(&url).await.unwrap(),
        Store::open(&url).await.unwrap(),
    );
    let batch: Vec<Alert> = (0..20).map(|_| alert("shop", "api", "died")).collect();
    let hand_in = async |store: &Store| {
        for _ in 0..10 {
            accept(store, clock(), &batch).await.unwrap();
        }
    };
    tokio::join!(hand_in(&one), hand_in(&two));
    assert_eq!(waiting(&one).await.len(), 400);
}
