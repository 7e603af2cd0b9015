//! Where every source hands in its alerts. What was handed in is on disk when the call returns. Those
//! that come at the same time are written together: a disk syncs once for all of them.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::tally::Tally;
use crate::clock::Clock;
use crate::incident::{Alert, accept};
use crate::store::Store;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Callers that wait for the disk at the same time; more wait for their turn to wait.
const AT_ONCE: usize = 1024;

/// The store did not take it; the log says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the alerts could not be kept")]
pub struct NotKept;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sink {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) tally: Arc<Tally>,
    waiting: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    alerts: Vec<Alert>,
    told: oneshot::Sender<Result<(), NotKept>>,
}

impl Sink {
    /// Needs a tokio runtime. Its writer ends with the last clone.
    pub fn new(store: Store, clock: Clock, tally: Arc<Tally>) -> Self {
        let (waiting, handed_in) = mpsc::channel(AT_ONCE);
        tokio::spawn(write(store.clone(), clock, Arc::clone(&tally), handed_in));
        Self {
            store,
            clock,
            tally,
            waiting,
        }
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Once. Who asked from outside is told when it could not be kept, and asks again.
    pub async fn accept(&self, alerts: Vec<Alert>) -> Result<(), NotKept> {
        if alerts.is_empty() {
            return Ok(());
        }
        let (told, kept) = oneshot::channel();
        let waiting = Waiting { alerts, told };
        self.waiting.send(waiting).await.map_err(|_| NotKept)?;
        kept.await.map_err(|_| NotKept)?
    }

    /// Until it is kept: what we saw ourselves nobody sends again.
    pub(super) async fn deliver(&self, alerts: &[Alert]) {
        let mut pause = FIRST_PAUSE;
        while self.accept(alerts.to_vec()).await.is_err() {
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

async fn write(store: Store, clock: Clock, tally: Arc<Tally>, mut from: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    while from.recv_many(&mut batch, AT_ONCE).await > 0 {
        let mut alerts = Vec::new();
        let mut callers = Vec::new();
        for waiting in batch.drain(..) {
            alerts.extend(waiting.alerts);
            callers.push(waiting.told);
        }
        let kept = match accept(&store, clock, &alerts).await {
            Ok(_) => {
                tally.kept(&alerts);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, alerts = alerts.len(), "alerts cannot be kept");
                tally.not_kept();
                Err(NotKept)
            }
        };
        for caller in callers {
            // who has gone meanwhile does not need to know
            let _gone = caller.send(kept).is_err();
        }
    }
}
