//! Where every source hands in its alerts. What was handed in is on disk when the call returns.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::time::sleep;

use super::tally::Tally;
use crate::clock::Clock;
use crate::incident::{Alert, accept};
use crate::store::{Store, StoreError};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The alerts are not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotKept {
    /// So many wait already that these were not even looked at.
    #[error("too many alerts wait to be written")]
    Full,
    /// The store did not take them; the log says why.
    #[error("the alerts could not be kept")]
    Failed,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sink {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) tally: Arc<Tally>,
}

impl Sink {
    pub fn new(store: Store, clock: Clock, tally: Arc<Tally>) -> Self {
        Self {
            store,
            clock,
            tally,
        }
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Once. Who asked from outside is told when it could not be kept, and asks again.
    pub async fn accept(&self, alerts: &[Alert]) -> Result<(), NotKept> {
        match accept(&self.store, self.clock, alerts).await {
            Ok(_) => {
                self.tally.kept(alerts);
                Ok(())
            }
            Err(error) => {
                self.tally.not_kept();
                Err(match error {
                    StoreError::Full => NotKept::Full,
                    _ => NotKept::Failed,
                })
            }
        }
    }

    /// Until it is kept: what we saw ourselves nobody sends again.
    pub(super) async fn deliver(&self, alerts: &[Alert]) {
        let mut pause = FIRST_PAUSE;
        while self.accept(alerts).await.is_err() {
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}
