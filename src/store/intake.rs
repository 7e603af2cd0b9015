//! Alerts on their way to the disk. Those that come while others are written go together into the
//! next transaction: the disk syncs once for all of them. Who hands some in waits until they are
//! there; who comes when too many wait is sent away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::alerts::{self, NewAlert};
use super::{Store, StoreError};

/// So many callers wait at the same time …
const MOST_CALLERS: usize = 1024;
/// … with so much in all, but for the first of them, whose body may be as large as it likes.
const MOST_BYTES: usize = 16 << 20;

#[derive(Debug, Default)]
pub(super) struct Intake(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    bytes: usize,
    /// Somebody writes, and looks here again before ending.
    is_written: bool,
}

#[derive(Debug)]
struct Waiting {
    alerts: Vec<NewAlert>,
    at_ms: i64,
    told: oneshot::Sender<Result<(), StoreError>>,
}

impl Store {
    /// Keeps all of them or none, in the order in which they were handed in. When this returns,
    /// they survive a power cut.
    pub async fn add_alerts(&self, alerts: Vec<NewAlert>, at_ms: i64) -> Result<(), StoreError> {
        if alerts.is_empty() {
            return Ok(());
        }
        let (told, kept) = oneshot::channel();
        let is_first = self.intake.queue(Waiting {
            alerts,
            at_ms,
            told,
        })?;
        if is_first {
            // a task of its own: who hands in may go away, and others have joined
            tokio::spawn(self.clone().write_what_waits());
        }
        kept.await.unwrap_or(Err(StoreError::CutShort))
    }

    async fn write_what_waits(self) {
        let _ending = Ending(&self.intake);
        // whoever is just about to come joins
        yield_now().await;
        while let Some(batch) = self.intake.take() {
            self.write_batch(batch).await;
        }
    }

    /// Writes them together. Where what somebody brought is to blame, each is written alone, so
    /// that it fails for nobody else.
    async fn write_batch(&self, batch: Vec<Waiting>) {
        match self.write_together(&batch).await {
            Err(error) if batch.len() > 1 && error.is_of_the_data() => {
                for one in batch {
                    let done = self.write_together(std::slice::from_ref(&one)).await;
                    self.tell(vec![one], done);
                }
            }
            done => self.tell(batch, done),
        }
    }

    fn tell(&self, batch: Vec<Waiting>, done: Result<(), StoreError>) {
        match done {
            Ok(()) => {
                self.stir();
                for one in batch {
                    one.tell(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, callers = batch.len(), "alerts cannot be kept");
                let error = Arc::new(error);
                for one in batch {
                    one.tell(Err(StoreError::Together(Arc::clone(&error))));
                }
            }
        }
    }

    async fn write_together(&self, batch: &[Waiting]) -> Result<(), StoreError> {
        let rows = batch
            .iter()
            .flat_map(|one| one.alerts.iter().map(|alert| (alert, one.at_ms)));
        let rows: Vec<(&NewAlert, i64)> = rows.collect();
        if rows.len() <= alerts::MOST_AT_ONCE {
            let mut connection = self.writes.acquire().await?;
            return alerts::insert(&mut connection, &rows).await;
        }
        let mut transaction = self.writes.begin().await?;
        alerts::insert(&mut transaction, &rows).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Intake {
    /// Joins those that wait; whether nobody writes yet.
    fn queue(&self, waiting: Waiting) -> Result<bool, StoreError> {
        let mut queue = self.lock();
        let bytes = waiting.bytes();
        let is_full = queue.waiting.len() >= MOST_CALLERS || queue.bytes + bytes > MOST_BYTES;
        if is_full && !queue.waiting.is_empty() {
            return Err(StoreError::Full);
        }
        queue.bytes += bytes;
        queue.waiting.push(waiting);
        Ok(!std::mem::replace(&mut queue.is_written, true))
    }

    /// All that wait. `None`: nobody, and who asked is not waited for any more.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.lock();
        queue.bytes = 0;
        queue.is_written = !queue.waiting.is_empty();
        queue.is_written.then(|| std::mem::take(&mut queue.waiting))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.alerts.iter().map(|alert| alert.body_json.len()).sum()
    }

    fn tell(self, kept: Result<(), StoreError>) {
        // who has gone meanwhile does not need to know
        let _gone = self.told.send(kept).is_err();
    }
}

/// After a panic nobody waits in vain for who wrote, and the next caller begins anew.
struct Ending<'i>(&'i Intake);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.lock() = Queue::default();
        }
    }
}
