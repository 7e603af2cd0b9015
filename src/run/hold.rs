//! What a run holds while it works: its claim, and the lock of its stack. Both end by themselves
//! when nobody renews them, so a run whose program died is up for recovery soon.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::{Claim, LeaseTerms, RunState, StateChange, Store, StoreError, Verdict};

/// How long a claim lasts without being renewed.
const LEASE: Duration = Duration::from_secs(10);
/// How often somebody's wish to cancel is looked for.
const GLANCE: Duration = Duration::from_secs(1);
/// Every so many glances the leases are renewed.
const RENEW: u32 = 3;

/// The right to work on one run.
pub(super) struct Hold<'h> {
    pub(super) store: &'h Store,
    pub(super) clock: Clock,
    pub(super) claim: Claim,
    lock: Option<String>,
    /// Of the lock, once it is held.
    fence: AtomicI64,
}

impl<'h> Hold<'h> {
    pub(super) async fn claim(
        store: &'h Store,
        clock: Clock,
        id: &str,
        lock: Option<String>,
    ) -> Result<Option<Self>, StoreError> {
        let claim = store.claim_run(id, &terms(clock, id)).await?;
        Ok(claim.map(|claim| Self {
            store,
            clock,
            claim,
            lock,
            fence: AtomicI64::new(0),
        }))
    }

    /// Takes the lock of the stack, or says who has it.
    pub(super) async fn lock(&self) -> Result<Result<(), Option<String>>, StoreError> {
        let Some(name) = &self.lock else {
            return Ok(Ok(()));
        };
        // each run is its own owner: two runs of one process must not share a lock
        let terms = terms(self.clock, &self.claim.run);
        match self.store.acquire_lock(name, &terms).await? {
            Some(fence) => {
                self.fence.store(fence, Ordering::Relaxed);
                Ok(Ok(()))
            }
            None => Ok(Err(self.store.lock_holder(name).await?)),
        }
    }

    /// Renews what is held, and turns a wish to cancel into the token. Ends only when it is lost.
    pub(super) async fn keep(&self, cancel: &CancellationToken) -> StoreError {
        let mut ticks = interval(GLANCE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut glances = 0_u32;
        loop {
            ticks.tick().await;
            glances = glances.wrapping_add(1);
            match self.wants_cancel().await {
                Ok(true) => cancel.cancel(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the decisions on a run could not be read"),
            }
            if glances % RENEW == 1 {
                match self.renew().await {
                    Ok(true) => {}
                    Ok(false) => {
                        return StoreError::TakenOver {
                            id: self.claim.run.clone(),
                        };
                    }
                    Err(error) if error.is_retryable() => {
                        tracing::warn!(%error, "a lease could not be renewed; trying again");
                    }
                    Err(error) => return error,
                }
            }
        }
    }

    async fn wants_cancel(&self) -> Result<bool, StoreError> {
        let decisions = self.store.decisions(&self.claim.run).await?;
        Ok(decisions.iter().any(|said| said.what == Verdict::Cancel))
    }

    async fn renew(&self) -> Result<bool, StoreError> {
        let until = lease_end(self.clock);
        let fence = self.fence.load(Ordering::Relaxed);
        if let Some(name) = self.lock.as_ref().filter(|_| fence > 0)
            && !self.store.renew_lock(name, fence, until).await?
        {
            return Ok(false);
        }
        self.store.renew_claim(&self.claim, until).await
    }

    pub(super) async fn set(
        &self,
        to: RunState,
        detail: &str,
        report_id: &str,
    ) -> Result<(), StoreError> {
        let change = StateChange {
            fence: Some(self.claim.fence),
            detail,
            report_id,
            ..StateChange::to(to, self.clock.now().as_millisecond())
        };
        self.store.set_state(&self.claim.run, &change).await?;
        Ok(())
    }

    pub(super) async fn release(self) -> Result<(), StoreError> {
        let fence = self.fence.load(Ordering::Relaxed);
        if let Some(name) = self.lock.as_ref().filter(|_| fence > 0) {
            self.store.release_lock(name, fence).await?;
        }
        self.store.release_claim(&self.claim).await
    }
}

fn terms(clock: Clock, owner: &str) -> LeaseTerms<'_> {
    LeaseTerms {
        owner,
        now_ms: clock.now().as_millisecond(),
        until_ms: lease_end(clock),
    }
}

fn lease_end(clock: Clock) -> i64 {
    let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
    clock.now().as_millisecond().saturating_add(lease)
}
