//! Alerts taken in: on disk before anybody hears so, in their order, all of a batch or none.

use dogwatch::clock::Clock;
use dogwatch::incident::{Alert, AlertState, Severity, Source, accept};
use dogwatch::say;
use dogwatch::store::Store;
use futures_util::future::{FutureExt, join_all};
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

/// They go into statements of few sizes; what is left of one must not come out as an alert.
#[tokio::test]
async fn a_batch_of_any_size_is_kept_whole_and_in_order() {
    let (_directory, _, store) = on_disk().await;
    let mut given = Vec::new();
    for size in [1, 2, 16, 17, 64, 65, 256, 257, 600] {
        let batch: Vec<Alert> = (0..size)
            .map(|number| alert("shop", &format!("s{number}"), &format!("of {size}")))
            .collect();
        accept(&store, clock(), &batch).await.unwrap();
        given.extend(batch);
    }
    let (seqs, kept): (Vec<i64>, Vec<Alert>) = all_waiting(&store).await.into_iter().unzip();
    assert_eq!(kept, given);
    assert_eq!(seqs, (1..).take(given.len()).collect::<Vec<i64>>());
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
    let (_directory, url, store) = on_disk().await;
    refuse_last(&url).await;
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

async fn on_disk() -> (tempfile::TempDir, String, Store) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", directory.path().display());
    let store = Store::open(&url).await.unwrap();
    (directory, url, store)
}

/// What is called `last` can't be written, whoever brings it.
pub(crate) async fn refuse_last(url: &str) {
    let mut foreign = sqlx::AnyConnection::connect(url).await.unwrap();
    sqlx::query(
        "CREATE TRIGGER full BEFORE INSERT ON alerts WHEN NEW.service = 'last' \
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    )
    .execute(&mut foreign)
    .await
    .unwrap();
}

#[tokio::test]
async fn many_that_come_at_once_cost_one_sync() {
    let (_directory, _, store) = on_disk().await;
    let brought = |caller: usize| -> Vec<Alert> {
        let one = |number| alert("shop", &format!("s{caller}"), &format!("what{number}"));
        (0..caller % 90).map(one).collect()
    };
    let written = store.stirs();
    let before = *written.borrow();
    let given: Vec<Vec<Alert>> = (0..200).map(brought).collect();
    let handed_in = given.iter().map(|alerts| accept(&store, clock(), alerts));
    for (kept, alerts) in join_all(handed_in).await.into_iter().zip(&given) {
        assert_eq!(kept.unwrap().count, alerts.len());
    }
    // all of them asked before the first one could be written
    assert_eq!(*written.borrow() - before, 1);
    let (numbers, found): (Vec<i64>, Vec<Alert>) = all_waiting(&store).await.into_iter().unzip();
    let expected: Vec<i64> = (1..).take(given.concat().len()).collect();
    assert_eq!(numbers, expected);
    for alerts in given.iter().filter(|alerts| !alerts.is_empty()) {
        let is_theirs = |one: &&Alert| one.service == alerts[0].service;
        let theirs: Vec<Alert> = found.iter().filter(is_theirs).cloned().collect();
        assert_eq!(theirs, *alerts);
    }
}

#[tokio::test]
async fn what_one_brings_fails_for_nobody_else() {
    let (_directory, url, store) = on_disk().await;
    refuse_last(&url).await;
    let given = [
        vec![alert("shop", "api", "died")],
        vec![alert("shop", "web", "died"), alert("shop", "last", "died")],
        vec![alert("shop", "db", "died")],
    ];
    let handed_in = given.iter().map(|alerts| accept(&store, clock(), alerts));
    let kept: Vec<bool> = join_all(handed_in)
        .await
        .iter()
        .map(Result::is_ok)
        .collect();
    assert_eq!(kept, [true, false, true]);
    assert_eq!(
        waiting(&store).await,
        [given[0].clone(), given[2].clone()].concat()
    );
}

#[tokio::test]
async fn who_comes_when_too_many_wait_is_sent_away() {
    let (_directory, _, store) = on_disk().await;
    let given = [alert("shop", "api", "died")];
    let handed_in = (0..1100).map(|_| accept(&store, clock(), &given));
    let answers = join_all(handed_in).await;
    let refused: Vec<String> = answers
        .into_iter()
        .filter_map(|answer| answer.err().map(|error| error.to_string()))
        .collect();
    let words = "too many alerts wait to be written; hand them in again in a moment";
    assert_eq!(refused, vec![words; 1100 - 1024]);
    // and when they are written there is room again
    accept(&store, clock(), &given).await.unwrap();
    assert_eq!(all_waiting(&store).await.len(), 1025);
}

#[tokio::test]
async fn more_than_memory_should_hold_is_sent_away_and_one_large_body_is_not() {
    let (_directory, _, store) = on_disk().await;
    let small = alert("shop", "api", "died");
    let mut large = small.clone();
    large.route = Some("x".repeat(17 << 20));
    let given = [[large], [small]];
    let handed_in = given.iter().map(|alerts| accept(&store, clock(), alerts));
    let answers = join_all(handed_in).await;
    let kept: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kept, [true, false]);
}

#[tokio::test]
async fn who_goes_away_takes_nobody_along() {
    let (_directory, _, store) = on_disk().await;
    let (mine, theirs) = (
        [alert("shop", "mine", "died")],
        [alert("shop", "theirs", "died")],
    );
    {
        // the first one is who has it written
        let hasty = accept(&store, clock(), &mine);
        assert_eq!(hasty.now_or_never().map(|kept| kept.is_ok()), None);
    }
    accept(&store, clock(), &theirs).await.unwrap();
    assert_eq!(waiting(&store).await, [mine, theirs].concat());
}

/// Every one that waits, with its number: more than are placed in one turn.
async fn all_waiting(store: &Store) -> Vec<(i64, Alert)> {
    let mut found = Vec::new();
    loop {
        let some = store.unplaced_alerts().await.unwrap();
        let read = |body: &str| serde_json::from_str(body).unwrap();
        found.extend(some.iter().map(|row| (row.seq, read(&row.body_json))));
        let seqs: Vec<i64> = some.iter().map(|row| row.seq).collect();
        if seqs.is_empty() {
            return found;
        }
        // out of the way, to see the rest
        assert!(store.save_incidents(&[], &seqs).await.unwrap());
    }
}
