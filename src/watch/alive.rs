//! The dead-man's switch: who must call regularly, when they last did, and the alert when they stop.
//! And our own calls to somebody else's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::ask::{Asker, Question};
use super::book::Book;
use super::settings::{AliveSettings, PingSettings};
use super::sink::Sink;
use crate::incident::{Alert, AlertState, Severity, Source};
use crate::say;
use crate::store::StoreError;
use crate::text::{Clean, Name};

const CALLS: &str = "watch.alive";
const PING_LIMIT: Duration = Duration::from_secs(10);
/// Nothing is due sooner than this after the last look.
const SHORTEST: Duration = Duration::from_millis(20);

/// Who called when. Clones share it.
#[derive(Debug, Clone)]
pub struct Calls {
    sink: Sink,
    last: Arc<watch::Sender<BTreeMap<String, Timestamp>>>,
}

impl Calls {
    pub async fn load(sink: Sink) -> Result<Self, StoreError> {
        let entries = sink.store.ledger_list(CALLS).await?;
        let read = |value: &str| serde_json::from_str::<Timestamp>(value).ok();
        let last = entries
            .into_iter()
            .filter_map(|entry| Some((entry.name, read(&entry.value_json)?)))
            .collect();
        Ok(Self {
            sink,
            last: Arc::new(watch::channel(last).0),
        })
    }

    /// Somebody called. It is written down before they hear so.
    pub(super) async fn call(&self, name: &str) -> Result<(), StoreError> {
        let (store, at) = (&self.sink.store, self.sink.clock.now());
        let value = serde_json::to_string(&at).unwrap_or_default();
        // two calls at once mean the same
        match store.ledger_get(CALLS, name).await? {
            Some(seen) => {
                store
                    .ledger_replace(CALLS, &seen, &value, self.sink.now_ms())
                    .await?
            }
            None => {
                store
                    .ledger_add(CALLS, name, &value, self.sink.now_ms())
                    .await?
            }
        };
        self.sink.tally.called(name, at.as_second());
        self.last.send_modify(|last| {
            last.insert(name.to_owned(), at);
        });
        Ok(())
    }

    /// Tells who stops calling, and who calls again. Until it is dropped.
    pub(super) async fn watch_over(self, wanted: BTreeMap<String, AliveSettings>) {
        let mut book = Book::open(&self.sink, "watch.silent".to_owned()).await;
        let mut calls = self.last.subscribe();
        let began = self.sink.clock.now();
        // not by the book: an earlier life of ours may have ended in the middle of telling
        let mut told = BTreeSet::new();
        loop {
            let last = calls.borrow_and_update().clone();
            let now = self.sink.clock.now();
            let mut alerts = Vec::new();
            let mut next = None;
            for (name, settings) in &wanted {
                let called = last.get(name).copied();
                // while we were away we could not hear
                let heard = called.map_or(began, |called| called.max(began));
                let left = left(heard, settings.every(), now);
                let alert = turn(name, settings, called, left.is_some(), now);
                if left.is_some() {
                    told.remove(name);
                    alerts.push(alert);
                } else if told.insert(name.clone()) {
                    alerts.push(alert);
                }
                next = left.into_iter().chain(next).min();
            }
            book.tell(&self.sink, alerts).await;
            tokio::select! {
                () = until(next) => {}
                changed = calls.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// How much longer the silence may last; `None` once it is too long.
fn left(heard: Timestamp, every: Duration, now: Timestamp) -> Option<Duration> {
    let silent = Duration::try_from(now.duration_since(heard)).unwrap_or_default();
    every.checked_sub(silent).filter(|left| !left.is_zero())
}

async fn until(left: Option<Duration>) {
    match left {
        Some(left) => sleep(left.max(SHORTEST)).await,
        None => std::future::pending().await,
    }
}

fn turn(
    name: &str,
    settings: &AliveSettings,
    called: Option<Timestamp>,
    is_heard: bool,
    at: Timestamp,
) -> Alert {
    let shown = Name::new(name);
    let (state, summary) = if is_heard {
        (AlertState::Resolved, say!("{} calls again", shown))
    } else {
        let minutes = settings.every().as_secs_f64() / 60.0;
        (
            AlertState::Firing,
            say!("{} has not called for {} min", shown, minutes),
        )
    };
    let last = called.map_or(Clean::from_static("never"), |called| {
        let ago = at.duration_since(called).max(SignedDuration::ZERO);
        say!("{}, {} s ago", called, ago.as_secs())
    });
    Alert {
        source: Source::DeadMan,
        host: String::new(),
        stack: String::new(),
        service: shown.to_string(),
        what: "silent".to_owned(),
        state,
        severity: Severity::Critical,
        summary,
        details: vec![("last call".into(), last)],
        route: settings.route.clone(),
        at,
    }
}

/// Our own sign of life: only while what is told can be kept. Until it is dropped.
pub(super) async fn ping(settings: PingSettings, asker: Asker, sink: Sink) {
    let Some(url) = settings.url() else {
        return std::future::pending().await;
    };
    let mut ticks = interval(settings.every());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = sink.store.ping().await {
            tracing::error!(%error, "no sign of life is sent: the store is not usable");
            continue;
        }
        let question = Question {
            method: "GET",
            url: &url,
            wants_body: false,
        };
        let sent = timeout(PING_LIMIT, asker.ask(question)).await;
        let done = matches!(&sent, Ok(Ok(reply)) if reply.status < 400);
        if !done {
            tracing::warn!("our sign of life did not arrive; look at `watch.ping`");
        }
        sink.tally.pinged(done);
    }
}
