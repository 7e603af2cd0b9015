//! Where runs are kept: plans written down before anybody approves them, found again by the start
//! of their id, decided by people, and ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::gate;
use crate::access::{Caller, Need, Policy};
use crate::clock::Clock;
use crate::runbook::Plan;
use crate::say;
use crate::store::{
    Decision, Match, NewRun, RunFilter, RunRecord, RunState, StateChange, Store, StoreError,
    Verdict, places_meet,
};
use crate::text::Clean;

/// So many refusals of one caller are written down in an hour, and of one run: nobody can fill the
/// store by asking for what they may not.
const REFUSALS_KEPT: usize = 20;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Written down where a run goes on although nobody was asked.
pub const NO_APPROVAL: &str = "its risk needs no approval";

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

    /// Writes a plan down together with why it is not carried out.
    pub async fn plan_refused(
        &self,
        plan: &Plan,
        caller: &Caller,
        reason: &str,
    ) -> Result<(), BookError> {
        let since = self.now_ms().saturating_sub(HOUR_MS);
        let refused = self.store.refused_since(&caller.to_string(), since).await?;
        if refused >= REFUSALS_KEPT {
            tracing::warn!(%caller, reason, "refused, and not written down: it is one of many");
            return Ok(());
        }
        let id = self.plan(plan, caller).await?;
        self.refuse(&id, caller, Verdict::Denied, reason).await
    }

    /// Writes down that somebody tried what they may not; the run stays as it is.
    pub async fn note_denial(
        &self,
        id: &str,
        caller: &Caller,
        reason: &str,
    ) -> Result<(), BookError> {
        let denial = self.decision(caller, Verdict::Denied, reason);
        let said = self.store.decisions(id).await?;
        let own = |said: &&Decision| said.what == Verdict::Denied && said.who == denial.who;
        if said.iter().filter(own).count() >= REFUSALS_KEPT {
            tracing::warn!(run = id, %caller, reason, "refused, and not written down again");
            return Ok(());
        }
        Ok(self.store.record_decision(id, &denial).await?)
    }

    /// Where two are asked, nobody approves what they asked for themselves: why not, and written
    /// down that somebody tried.
    pub async fn needs_another(
        &self,
        policy: &Policy,
        caller: &Caller,
        (run, plan): (&RunRecord, &Plan),
    ) -> Result<Option<Clean>, BookError> {
        let need = policy.need_on(caller, (Some(&plan.host), plan.stack()), plan.risk());
        if need < Need::SecondPerson || caller.to_string() != run.requested_by {
            return Ok(None);
        }
        let why = say!(
            "you asked for `{}` yourself, and it needs a second person who may do it",
            plan.title
        );
        self.note_denial(&run.id, caller, why.as_str()).await?;
        Ok(Some(why))
    }

    /// The run that is meant: by its whole id, else by the beginning of its long or short one. One
    /// that can still be decided comes before any that is over.
    pub async fn find(&self, typed: &str) -> Result<RunRecord, BookError> {
        let typed = typed.to_uppercase();
        for over in [false, true] {
            match self.store.find_run(&typed, over).await? {
                Match::One(run) => return Ok(run),
                Match::None => {}
                Match::Many(ids) => {
                    let several = ids.iter().map(|id| short(id).to_owned()).collect();
                    return Err(BookError::Ambiguous { typed, several });
                }
            }
        }
        Err(BookError::Unknown(typed))
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
        let here = |run: &RunRecord| places_meet(&run.stack_key, place) && self.was_cut_short(run);
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

    /// The plan of a run that goes on, or will when it is taken up, whoever goes on with it.
    pub fn going_plan(&self, run: &RunRecord) -> Option<Plan> {
        use RunState::{Approved, Running, Unknown};
        matches!(run.state, Approved | Running | Unknown)
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
        Ok(gate::is_pending(&self.store.journal(id).await?))
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
