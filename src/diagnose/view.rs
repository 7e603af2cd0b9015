//! All evidence about one container, sorted, with the questions that rules ask of it.

use jiff::{SignedDuration, Timestamp};

use super::{Cause, Confidence, Finding};
use crate::action::container::{HealthStatus, Status};
use crate::evidence::events::EventFact;
use crate::evidence::state::{HealthFact, StateFact};
use crate::evidence::{Evidence, Fact};
use crate::stack::Key;
use crate::text::{Clean, Name};

/// A signal and the death it brings are at most this far apart.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(90);

/// So many restarts are a loop while the last one is recent.
const LOOP: u64 = 2;

/// A life shorter than this right after restarts is part of a loop.
const RECENT: SignedDuration = SignedDuration::from_secs(120);

pub struct View<'e> {
    pub service: &'e Key,
    pub container: &'e Name,
    pub now: Timestamp,
    evidence: Vec<&'e Evidence>,
}

impl<'e> View<'e> {
    pub fn new(
        service: &'e Key,
        container: &'e Name,
        evidence: &'e [Evidence],
        now: Timestamp,
    ) -> Self {
        let mine = |item: &&Evidence| item.service == *service && item.container == *container;
        let mut evidence: Vec<&Evidence> = evidence.iter().filter(mine).collect();
        evidence.sort_by(|a, b| (a.at, a.source, &a.text).cmp(&(b.at, b.source, &b.text)));
        Self {
            service,
            container,
            now,
            evidence,
        }
    }

    pub fn state(&self) -> Option<(&'e Evidence, &'e StateFact)> {
        self.evidence.iter().find_map(|item| match &item.fact {
            Fact::State(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    pub fn health(&self) -> Option<(&'e Evidence, &'e HealthFact)> {
        self.evidence.iter().find_map(|item| match &item.fact {
            Fact::Health(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    /// Oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = (&'e Evidence, EventFact)> + '_ {
        self.evidence.iter().filter_map(|item| match item.fact {
            Fact::Event(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    /// Oldest first.
    pub fn logs(&self) -> impl DoubleEndedIterator<Item = &'e Evidence> + '_ {
        self.evidence
            .iter()
            .copied()
            .filter(|item| matches!(item.fact, Fact::Log(_)))
    }

    pub fn usage(&self) -> Option<&'e Evidence> {
        self.evidence
            .iter()
            .copied()
            .find(|item| matches!(item.fact, Fact::Usage(_)))
    }

    /// It ran and does not run now.
    pub fn has_ended(&self) -> bool {
        self.state().is_some_and(|(_, state)| {
            matches!(
                state.status,
                Status::Exited | Status::Dead | Status::Restarting
            )
        })
    }

    /// The engine brings it back again and again.
    pub fn loops(&self) -> bool {
        self.state().is_some_and(|(_, state)| {
            let young = state
                .started_at
                .is_some_and(|started| self.now.duration_since(started) < RECENT);
            state.status == Status::Restarting || (state.restart_count >= LOOP && young)
        })
    }

    /// How the newest finished life ended: from the state while it is down, else from the events.
    pub fn last_exit(&self) -> Option<i64> {
        let (_, state) = self.state()?;
        if self.has_ended() {
            return state.exit_code;
        }
        self.events().rev().find_map(|(_, fact)| match fact {
            EventFact::Died { exit_code } => exit_code,
            _ => None,
        })
    }

    /// The newest event of a kind, if it belongs to the newest death.
    pub fn near_death(&self, wanted: impl Fn(EventFact) -> bool) -> Option<&'e Evidence> {
        let death = self
            .events()
            .rev()
            .find(|(_, fact)| matches!(fact, EventFact::Died { .. }))
            .and_then(|(item, _)| item.at)?;
        let near = |item: &Evidence| {
            item.at
                .is_some_and(|at| at.duration_since(death).abs() <= SAME_MOMENT)
        };
        self.events()
            .rev()
            .find(|(item, fact)| wanted(*fact) && near(item))
            .map(|(item, _)| item)
    }

    /// Somebody asked the engine to stop it, and nobody has started it since.
    pub fn stopped_by_somebody(&self) -> Option<&'e Evidence> {
        let last = self.events().rev().find(|(_, fact)| {
            matches!(
                fact,
                EventFact::Stopped | EventFact::Started | EventFact::Restarted
            )
        });
        last.filter(|(_, fact)| *fact == EventFact::Stopped)
            .map(|(item, _)| item)
    }

    pub fn is_unhealthy(&self) -> bool {
        self.health()
            .is_some_and(|(_, health)| health.status == HealthStatus::Unhealthy)
            && self
                .state()
                .is_some_and(|(_, state)| state.status == Status::Running)
    }

    /// Ended well and was not meant to come back: a job that is done.
    pub fn is_done(&self) -> bool {
        self.state().is_some_and(|(_, state)| {
            let ended_well = state.status == Status::Exited
                && state.exit_code == Some(0)
                && state.error.is_empty();
            ended_well && matches!(state.restart_policy.name.as_str(), "" | "no" | "on-failure")
        })
    }

    /// Something is wrong with it at this moment.
    pub fn is_failing(&self) -> bool {
        let Some((_, state)) = self.state() else {
            return false;
        };
        match state.status {
            Status::Running => self.is_unhealthy() || self.loops(),
            Status::Created => !state.error.is_empty(),
            Status::Restarting | Status::Dead | Status::Paused => true,
            Status::Exited => !self.is_done(),
            Status::Removing => false,
        }
    }

    /// A finding about this container that cites `proof`.
    pub fn finding(
        &self,
        cause: Cause,
        confidence: Confidence,
        summary: Clean,
        proof: &[&Evidence],
    ) -> Finding {
        let mut evidence: Vec<_> = proof.iter().map(|item| item.cite()).collect();
        evidence.dedup();
        Finding {
            cause,
            service: self.service.clone(),
            container: self.container.clone(),
            confidence,
            summary,
            evidence,
            fixes: Vec::new(),
            prevention: Vec::new(),
        }
    }

    pub fn name(&self) -> &Name {
        &self.service.service
    }
}
