//! Watching one host: its events resumed where they were left, told apart from those seen before,
//! compared with a list of its containers, and the host itself told about when it is gone.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::lives::{Lives, Rules, STOPPING};
use super::reconcile::Glance;
use super::sign::{Ail, Course};
use super::words::{self, Gone};
use super::{edge, quiet};
use crate::action::events::{Event, EventQuery};
use crate::engine::EngineError;
use crate::host::{Fleet, FleetError, Host};
use crate::stack::Key;
use crate::store::LedgerEntry;
use crate::watch::book::Book;
use crate::watch::sink::Sink;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// An engine that is restarted is back by then, and nobody needs to know.
const GRACE: Duration = Duration::from_secs(10);
/// Asked for once more after a gap: an event may be written a little later than it happened.
const OVERLAP: SignedDuration = SignedDuration::from_secs(5);
/// How often the list is compared, for what an engine forgot to tell.
const COMPARE_EVERY: Duration = Duration::from_mins(2);
/// How often it is written down how far the record was read.
const MARK_EVERY: Duration = Duration::from_secs(15);
/// Enough for every event of the overlap on a busy host.
const REMEMBERED: usize = 4096;
/// A burst is told in one go.
const AT_ONCE: usize = 256;

const MARKS: &str = "watch.marks";

/// What is watched, and where it is told.
#[derive(Debug, Clone)]
pub(in crate::watch) struct HostWatch {
    pub(in crate::watch) host: String,
    pub(in crate::watch) fleet: Fleet,
    pub(in crate::watch) sink: Sink,
    pub(in crate::watch) rules: Rules,
    pub(in crate::watch) log_lines: usize,
    pub(in crate::watch) secrets: Vec<String>,
}

struct Watching {
    with: HostWatch,
    lives: Lives,
    book: Book,
    seen: VecDeque<(Timestamp, String, String)>,
    /// How far the record was read. None: never.
    mark: Option<Timestamp>,
    written: Option<LedgerEntry>,
    /// Nothing was read yet since the program began.
    is_new: bool,
    told_gone: Option<Gone>,
}

impl HostWatch {
    /// Until it is dropped.
    pub(in crate::watch) async fn run(self) {
        let mut watching = self.begin().await;
        let mut pause = FIRST_PAUSE;
        let mut lost: Option<Instant> = None;
        loop {
            let (error, was_reached) = watching.session().await;
            if was_reached {
                watching.lives.engine_left(watching.with.sink.clock.now());
                lost = None;
                pause = FIRST_PAUSE;
                watching.with.sink.tally.gap(&watching.with.host);
            }
            watching
                .with
                .sink
                .tally
                .host_is_up(&watching.with.host, false);
            tracing::warn!(host = watching.with.host, %error, "the engine's events broke off");
            let since = *lost.get_or_insert_with(Instant::now);
            if since.elapsed() >= GRACE {
                watching.tell_gone(&error).await;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn begin(self) -> Watching {
        let book = Book::open(&self.sink, format!("watch.events.{}", self.host)).await;
        let mut lives = Lives::new(self.rules);
        for wrong in book.iter() {
            if let Some(ail) = Ail::from_word(&wrong.what) {
                let stack = Some(wrong.stack.as_str()).filter(|stack| !stack.is_empty());
                let key = Key::new(stack, &wrong.service);
                // not an id that any container has
                lives.remember(&format!("before:{key}"), &key, ail);
            }
        }
        let written = self.sink.store.ledger_get(MARKS, &self.host).await;
        let written = written.unwrap_or_default();
        let mark = written
            .as_ref()
            .and_then(|entry| serde_json::from_str(&entry.value_json).ok());
        Watching {
            with: self,
            lives,
            book,
            seen: VecDeque::new(),
            mark,
            written,
            is_new: true,
            told_gone: None,
        }
    }
}

impl Watching {
    /// Until the engine cannot be asked any more; says why, and whether it could be at all.
    async fn session(&mut self) -> (EngineError, bool) {
        let host = match self.with.fleet.host(Some(&self.with.host)).await {
            Ok(host) => host,
            Err(FleetError::Engine { error, .. }) => return (error, false),
            Err(error @ FleetError::Unknown { .. }) => return (unknown(&error), false),
        };
        let since = self.with.sink.clock.now();
        if let Err(error) = self.catch_up(&host).await {
            return (error, false);
        }
        self.tell_reached().await;
        let error = match self.follow(&host, since).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        (error, true)
    }

    /// What the engine recorded since it was last asked, then what is there now.
    async fn catch_up(&mut self, host: &Host) -> Result<(), EngineError> {
        let Some(mark) = self.mark else {
            return self.compare(host, None).await;
        };
        let since = if self.is_new {
            mark.checked_sub(STOPPING)
        } else {
            mark.checked_sub(OVERLAP)
        };
        let query = EventQuery {
            since: since.ok(),
            ..EventQuery::default()
        };
        let events = host.engine.events(&query).await?;
        let was_told = events.partition_point(|event| event.at <= mark);
        let (told, untold) = events.split_at(if self.is_new { was_told } else { 0 });
        for event in told {
            self.take(event);
        }
        // an earlier life of ours told of these; they only say how the later ones came about
        self.lives.take();
        self.is_new = false;
        for event in untold {
            self.take(event);
        }
        self.compare(host, Some(overlapping(mark))).await
    }

    async fn follow(
        &mut self,
        host: &Host,
        since: Timestamp,
    ) -> Result<std::convert::Infallible, EngineError> {
        let query = EventQuery {
            since: Some(overlapping(self.mark.map_or(since, |mark| mark.min(since)))),
            ..EventQuery::default()
        };
        let mut events = host.engine.watch(&query).ready_chunks(AT_ONCE);
        let mut compare = interval(COMPARE_EVERY);
        compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
        compare.reset();
        let mut write = interval(MARK_EVERY);
        write.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.lives.due();
            tokio::select! {
                chunk = events.next() => self.take_all(chunk.unwrap_or_default())?,
                () = until(due) => {}
                _ = compare.tick() => self.compare(host, Some(overlapping(since))).await?,
                _ = write.tick() => self.write_mark().await,
            }
            self.lives.tick(Instant::now(), self.with.sink.clock.now());
            self.tell(host).await;
        }
    }

    fn take_all(&mut self, chunk: Vec<Result<Event, EngineError>>) -> Result<(), EngineError> {
        for event in chunk {
            self.take(&event?);
        }
        Ok(())
    }

    /// Each event once, however often the engine tells it.
    fn take(&mut self, event: &Event) {
        // health checks of the engine's make three of these each time
        if event.action.starts_with("exec_") {
            return;
        }
        let mark = (event.at, event.actor.clone(), event.action.clone());
        if self.seen.contains(&mark) {
            return;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(mark);
        self.mark = self.mark.max(Some(event.at));
        self.with.sink.tally.event(&self.with.host);
        self.lives.see(event, Instant::now());
    }

    async fn compare(&mut self, host: &Host, since: Option<Timestamp>) -> Result<(), EngineError> {
        let at = self.with.sink.clock.now();
        let containers = host.engine.containers().await?;
        let glance = Glance {
            at,
            now: Instant::now(),
            since,
            until: overlapping(at),
        };
        self.lives.compare(&containers, &glance);
        self.mark = self.mark.or(Some(at));
        self.tell(host).await;
        Ok(())
    }

    async fn tell(&mut self, host: &Host) {
        let signs = self.lives.take();
        if signs.is_empty() {
            return;
        }
        let with = &self.with;
        let signs = quiet::without_runs(&with.sink.store, &with.host, signs).await;
        let told = edge::capture(&host.engine, signs, with.log_lines, &with.secrets).await;
        let mut alerts = Vec::new();
        for (sign, words) in told {
            let mut alert = words::alert(&with.host, &sign, words);
            // a death that turned out to be a lack of memory is over when the death is
            if matches!(sign.course, Course::Over(_)) && !self.book.holds(&alert.fingerprint()) {
                alert.what = also_known_as(&alert.what);
            }
            alerts.push(alert);
        }
        self.book.tell(&self.with.sink, alerts).await;
        self.write_mark().await;
    }

    async fn tell_gone(&mut self, error: &EngineError) {
        let (host, at) = (self.with.host.clone(), self.with.sink.clock.now());
        let gone = Gone::told_by(error);
        if self.told_gone.replace(gone) != Some(gone) {
            let alert = words::unreachable(&host, gone, error, at);
            self.book.tell(&self.with.sink, vec![alert]).await;
        }
    }

    async fn tell_reached(&mut self) {
        let (host, at) = (self.with.host.clone(), self.with.sink.clock.now());
        self.with.sink.tally.host_is_up(&host, true);
        self.told_gone = None;
        let alerts = [Gone::Host, Gone::Engine].map(|gone| words::reached(&host, gone, at));
        self.book.tell(&self.with.sink, alerts.to_vec()).await;
    }

    async fn write_mark(&mut self) {
        let Some(mark) = self.mark else {
            return;
        };
        let (sink, host) = (&self.with.sink, &self.with.host);
        let value = serde_json::to_string(&mark).unwrap_or_default();
        if self
            .written
            .as_ref()
            .is_some_and(|entry| entry.value_json == value)
        {
            return;
        }
        let now = sink.now_ms();
        let version = match &self.written {
            Some(seen) => sink.store.ledger_replace(MARKS, seen, &value, now).await,
            None => sink.store.ledger_add(MARKS, host, &value, now).await,
        };
        match version {
            Ok(Some(version)) => {
                self.written = Some(LedgerEntry {
                    name: host.clone(),
                    value_json: value,
                    version,
                    updated_ms: now,
                });
            }
            // somebody else watches the same host with the same store: take up from there
            Ok(None) => {
                self.written = sink.store.ledger_get(MARKS, host).await.unwrap_or_default();
            }
            Err(error) => {
                tracing::warn!(%error, "how far the events were read is not written down");
            }
        }
    }
}

fn overlapping(at: Timestamp) -> Timestamp {
    at.checked_sub(OVERLAP).unwrap_or(at)
}

/// A lack of memory may be told as a death, or the other way round, before all is known.
fn also_known_as(what: &str) -> String {
    let other = match Ail::from_word(what) {
        Some(Ail::Died) => Ail::Oom.word(),
        Some(Ail::Oom) => Ail::Died.word(),
        _ => what,
    };
    other.to_owned()
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn unknown(error: &FleetError) -> EngineError {
    EngineError::Broken {
        why: crate::text::Redactor::shapes_only().clean(&error.to_string()),
    }
}
