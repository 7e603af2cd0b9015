//! Where runs are kept: plans written down before anybody approves them, found again by the start
//! of their id, decided by people, and ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::access::Caller;
use crate::clock::Clock;
use crate::runbook::Plan;
use crate::store::{
    Decision, EntryKind, NewRun, RunFilter, RunRecord, RunState, StateChange, Store, StoreError,
    Verdict,
};

/// How far back an id's beginning is looked for.
const LOOKED_THROUGH: u32 = 500;

#[derive(Debug, Error)]
pub enum BookError {
    #[error("no run `{0}`; `runs` lists them")]
    Unknown(String),
    #[error("`{typed}` is the beginning of several runs: {}; type more of it", several.join(", "))]
    Ambiguous { typed: String, several: Vec<String> },
    #[error("run `{id}` does not wait for approval: it is {state}")]
    NotWaiting { id: String, state: &'static str },
    #[error("run `{0}` waited too long for its approval; ask for it again")]
    Expired(String),
    #[error("run `{0}` is not what was planned any more; ask for it again")]
    Altered(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct Book<'s> {
    pub store: &'s Store,
    pub clock: Clock,
    /// How long a plan waits for its approval.
    pub expires: Duration,
}

impl Book<'_> {
    /// Writes a plan down; it waits for a decision.
    pub async fn plan(&self, plan: &Plan, caller: &Caller) -> Result<String, BookError> {
        let id = self.clock.id();
        let run = NewRun {
            id: id.clone(),
            created_ms: self.now_ms(),
            requested_by: caller.to_string(),
            title: plan.title.as_str().to_owned(),
            stack_key: plan.place(),
            risk: plan.risk().word().to_owned(),
            plan_hash: plan.hash(),
            plan_json: serde_json::to_string(plan).unwrap_or_default(),
        };
        self.store.create_run(&run).await?;
        self.set(&id, RunState::AwaitingApproval, "").await?;
        Ok(id)
    }

    /// Somebody lets it go.
    pub async fn approve(&self, id: &str, caller: &Caller, reason: &str) -> Result<(), BookError> {
        self.store
            .record_decision(id, &self.decision(caller, Verdict::Approve, reason))
            .await?;
        self.set(id, RunState::Approved, "").await
    }

    /// Somebody, or a rule, says no.
    pub async fn refuse(
        &self,
        id: &str,
        caller: &Caller,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), BookError> {
        self.store
            .record_decision(id, &self.decision(caller, verdict, reason))
            .await?;
        let state = if verdict == Verdict::Cancel {
            RunState::Cancelled
        } else {
            RunState::Refused
        };
        self.set(id, state, reason).await
    }

    /// Writes down that somebody tried what they may not; the run stays as it is.
    pub async fn note_denial(
        &self,
        id: &str,
        caller: &Caller,
        reason: &str,
    ) -> Result<(), BookError> {
        Ok(self
            .store
            .record_decision(id, &self.decision(caller, Verdict::Denied, reason))
            .await?)
    }

    /// The run whose id begins with what was typed.
    pub async fn find(&self, typed: &str) -> Result<RunRecord, BookError> {
        let typed = typed.to_uppercase();
        let filter = RunFilter {
            limit: Some(LOOKED_THROUGH),
            ..RunFilter::default()
        };
        let mut found: Vec<RunRecord> = self.store.runs(&filter).await?;
        found.retain(|run| run.id.starts_with(&typed) || short(&run.id).starts_with(&typed));
        match found.len() {
            0 => Err(BookError::Unknown(typed)),
            1 => Ok(found.remove(0)),
            _ => Err(BookError::Ambiguous {
                typed,
                several: found.iter().map(|run| short(&run.id).to_owned()).collect(),
            }),
        }
    }

    /// The plan of a run that waits, if it is still what was planned and not too old.
    pub fn waiting_plan(&self, run: &RunRecord) -> Result<Plan, BookError> {
        if run.state != RunState::AwaitingApproval {
            return Err(BookError::NotWaiting {
                id: short(&run.id).to_owned(),
                state: run.state.word(),
            });
        }
        if self.has_expired(run) {
            return Err(BookError::Expired(short(&run.id).to_owned()));
        }
        let altered = || BookError::Altered(short(&run.id).to_owned());
        let plan: Plan = serde_json::from_str(&run.plan_json).map_err(|_| altered())?;
        if plan.hash() == run.plan_hash {
            Ok(plan)
        } else {
            Err(altered())
        }
    }

    pub fn has_expired(&self, run: &RunRecord) -> bool {
        let created = Timestamp::from_millisecond(run.created_ms).unwrap_or_default();
        self.clock.now().duration_since(created)
            > SignedDuration::try_from(self.expires).unwrap_or_default()
    }

    /// Nobody works on it any more, though it has not ended.
    pub fn was_cut_short(&self, run: &RunRecord) -> bool {
        matches!(run.state, RunState::Running | RunState::Unknown)
            && run.lease_until_ms <= self.now_ms()
    }

    /// The run that was cut short at this place, if there is one: until it is taken up, nobody
    /// knows what the place is like.
    pub async fn cut_short(&self, place: &str) -> Result<Option<RunRecord>, BookError> {
        let unfinished = self.store.unfinished_runs().await?;
        let here = |run: &RunRecord| run.stack_key == place && self.was_cut_short(run);
        Ok(unfinished.into_iter().find(here))
    }

    pub async fn newest(&self, limit: u32) -> Result<Vec<RunRecord>, BookError> {
        Ok(self
            .store
            .runs(&RunFilter {
                limit: Some(limit),
                ..RunFilter::default()
            })
            .await?)
    }

    /// The plan of a run that goes on, whoever goes on with it.
    pub fn going_plan(&self, run: &RunRecord) -> Option<Plan> {
        matches!(run.state, RunState::Running | RunState::Approved)
            .then(|| serde_json::from_str(&run.plan_json).ok())
            .flatten()
    }

    /// Says something to a run that goes on: whoever performs it listens.
    pub async fn say(
        &self,
        id: &str,
        caller: &Caller,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), BookError> {
        let said = self.decision(caller, verdict, reason);
        Ok(self.store.record_decision(id, &said).await?)
    }

    /// Whether the run waits at a gate for somebody's word.
    pub async fn waits_at_gate(&self, id: &str) -> Result<bool, BookError> {
        let journal = self.store.journal(id).await?;
        let last = journal.last();
        Ok(last.is_some_and(|entry| entry.kind == EntryKind::Note && entry.step == super::GATE))
    }

    async fn set(&self, id: &str, to: RunState, detail: &str) -> Result<(), BookError> {
        let change = StateChange {
            detail,
            ..StateChange::to(to, self.now_ms())
        };
        self.store.set_state(id, &change).await?;
        Ok(())
    }

    fn decision(&self, caller: &Caller, what: Verdict, reason: &str) -> Decision {
        Decision {
            at_ms: self.now_ms(),
            who: caller.to_string(),
            what,
            reason: reason.to_owned(),
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

/// The last six characters tell runs of one day apart; the first ten are the time.
pub fn short(id: &str) -> &str {
    const SHORT: usize = 6;
    id.len()
        .checked_sub(SHORT)
        .and_then(|at| id.get(at..))
        .unwrap_or(id)
}
