//! Where every source hands in its alerts. What was handed in is on disk when the call returns.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::tally::Tally;
use crate::clock::Clock;
use crate::incident::alert::{self, Alert};
use crate::store::{Store, StoreError};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

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
    pub async fn accept(&self, alerts: &[Alert]) -> Result<(), StoreError> {
        if alerts.is_empty() {
            return Ok(());
        }
        match alert::accept(&self.store, self.clock, alerts).await {
            Ok(_) => {
                self.tally.kept(alerts);
                Ok(())
            }
            Err(error) => {
                self.tally.not_kept();
                Err(error)
            }
        }
    }

    /// Until it is kept: what we saw ourselves nobody sends again.
    pub(super) async fn deliver(&self, alerts: &[Alert]) {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.accept(alerts).await {
            tracing::error!(%error, alerts = alerts.len(), "alerts cannot be kept; trying again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}
