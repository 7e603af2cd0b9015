//! Goes through an approved plan, step by step: intent into the journal, the step, its outcome into
//! the journal, and only then is anybody told.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::plan::{Plan, PlannedStep};
use crate::action::{Action, Risk};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::say;
use crate::store::{
    Claim, EntryKind, LeaseTerms, NewEntry, RunState, StateChange, Store, StoreError,
};
use crate::text::Clean;

/// How long a claim lasts without being renewed: after a crash the run is up for recovery then.
const LEASE: Duration = Duration::from_secs(30);

/// No step takes longer than this, whatever it waits for.
const STEP_LIMIT: Duration = Duration::from_mins(10);

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    Done,
    Failed(Clean),
    /// An earlier step failed.
    Skipped,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    pub says: Clean,
    pub risk: Risk,
    pub at: Timestamp,
    pub took: Duration,
    pub end: StepEnd,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    Ended {
        state: RunState,
        steps: Vec<StepOutcome>,
    },
    /// Somebody else changes this stack right now.
    Busy,
}

/// Told before each step and after the last: how many are done, and what is being done.
pub type Watcher<'w> = &'w (dyn Fn(usize, &Clean) + Send + Sync);

pub struct Runner<'r> {
    pub store: &'r Store,
    pub engine: &'r Engine,
    pub clock: Clock,
    pub cancel: &'r CancellationToken,
}

impl Runner<'_> {
    /// Performs an approved run. An error here is the store's: nothing is done that cannot be journalled.
    pub async fn perform(
        &self,
        id: &str,
        plan: &Plan,
        watcher: Watcher<'_>,
    ) -> Result<RunEnd, StoreError> {
        let lock = plan.lock();
        let Some(fence) = self.store.acquire_lock(&lock, &self.terms(id)).await? else {
            return Ok(RunEnd::Busy);
        };
        let Some(claim) = self.store.claim_run(id, &self.terms(id)).await? else {
            self.store.release_lock(&lock, fence).await?;
            return Ok(RunEnd::Busy);
        };
        self.set(&claim, RunState::Running).await?;
        let keep = self.keep_alive(&claim, &lock, fence);
        let steps = tokio::select! {
            steps = self.steps(&claim, plan, watcher) => steps?,
            lost = keep => return Err(lost),
        };
        let state = state_of(&steps);
        self.set(&claim, state).await?;
        self.store.release_claim(&claim).await?;
        self.store.release_lock(&lock, fence).await?;
        Ok(RunEnd::Ended { state, steps })
    }

    async fn steps(
        &self,
        claim: &Claim,
        plan: &Plan,
        watcher: Watcher<'_>,
    ) -> Result<Vec<StepOutcome>, StoreError> {
        let mut outcomes: Vec<StepOutcome> = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let failed = outcomes
                .iter()
                .any(|outcome| matches!(outcome.end, StepEnd::Failed(_)));
            let end = if failed {
                Some(StepEnd::Skipped)
            } else if self.cancel.is_cancelled() {
                Some(StepEnd::Cancelled)
            } else {
                None
            };
            let at = self.clock.now();
            let end = match end {
                Some(end) => end,
                None => {
                    watcher(index, &step.says);
                    self.step(claim, index, step).await?
                }
            };
            let took = Duration::try_from(self.clock.now().duration_since(at)).unwrap_or_default();
            outcomes.push(StepOutcome {
                says: step.says.clone(),
                risk: step.action.spec().risk,
                at,
                took,
                end,
            });
        }
        Ok(outcomes)
    }

    async fn step(
        &self,
        claim: &Claim,
        index: usize,
        step: &PlannedStep,
    ) -> Result<StepEnd, StoreError> {
        let changes = step.action.spec().risk > Risk::Read;
        if changes {
            self.write(claim, EntryKind::Intent, index, &step.says)
                .await?;
        }
        let end = self.act(&step.action).await;
        let text = match &end {
            StepEnd::Done => say!("done: {}", step.says),
            StepEnd::Failed(why) => say!("failed: {}: {}", step.says, why),
            StepEnd::Cancelled | StepEnd::Skipped => say!("cancelled: {}", step.says),
        };
        self.write(claim, EntryKind::Outcome, index, &text).await?;
        Ok(end)
    }

    /// What only waits can be left at once; what changes something is never abandoned half-way.
    async fn act(&self, action: &Action) -> StepEnd {
        let work = timeout(STEP_LIMIT, self.engine.perform(action));
        let done = if action.spec().risk == Risk::Read {
            tokio::select! {
                done = work => done,
                () = self.cancel.cancelled() => return StepEnd::Cancelled,
            }
        } else {
            work.await
        };
        match done {
            Ok(Ok(_)) => StepEnd::Done,
            Ok(Err(error)) => StepEnd::Failed(error.say()),
            Err(_) => StepEnd::Failed(say!("took longer than {} s", STEP_LIMIT.as_secs())),
        }
    }

    /// Renews what we hold while we work; ends only when it is lost.
    async fn keep_alive(&self, claim: &Claim, lock: &str, fence: i64) -> StoreError {
        let mut ticks = interval(LEASE / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let until = self.lease_end();
            match (
                self.store.renew_claim(claim, until).await,
                self.store.renew_lock(lock, fence, until).await,
            ) {
                (Ok(true), Ok(true)) => {}
                (Err(error), _) | (_, Err(error)) if error.is_retryable() => {
                    tracing::warn!(%error, "a lease could not be renewed; trying again");
                }
                (Err(error), _) | (_, Err(error)) => return error,
                _ => {
                    return StoreError::TakenOver {
                        id: claim.run.clone(),
                    };
                }
            }
        }
    }

    async fn write(
        &self,
        claim: &Claim,
        kind: EntryKind,
        index: usize,
        text: &Clean,
    ) -> Result<(), StoreError> {
        let step = (index + 1).to_string();
        let at_ms = self.clock.now().as_millisecond();
        let entry = NewEntry {
            at_ms,
            kind,
            step: &step,
            text: text.as_str(),
            body_json: "{}",
        };
        self.store.append_journal(claim, &entry).await?;
        Ok(())
    }

    async fn set(&self, claim: &Claim, to: RunState) -> Result<(), StoreError> {
        let change = StateChange {
            fence: Some(claim.fence),
            ..StateChange::to(to, self.clock.now().as_millisecond())
        };
        self.store.set_state(&claim.run, &change).await?;
        Ok(())
    }

    /// Each run is its own owner: two runs of one process must not share a lock.
    fn terms<'t>(&self, id: &'t str) -> LeaseTerms<'t> {
        LeaseTerms {
            owner: id,
            now_ms: self.clock.now().as_millisecond(),
            until_ms: self.lease_end(),
        }
    }

    fn lease_end(&self) -> i64 {
        let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
        self.clock.now().as_millisecond().saturating_add(lease)
    }
}

fn state_of(steps: &[StepOutcome]) -> RunState {
    let any = |wanted: fn(&StepEnd) -> bool| steps.iter().any(|step| wanted(&step.end));
    if any(|end| matches!(end, StepEnd::Failed(_))) {
        RunState::Failed
    } else if any(|end| *end == StepEnd::Cancelled) {
        RunState::Cancelled
    } else {
        RunState::Succeeded
    }
}
