//! All evidence about one container, sorted, with the questions that rules ask of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Case, Cause, Confidence, Finding};
use crate::action::container::{HealthStatus, Status};
use crate::evidence::events::EventFact;
use crate::evidence::{Evidence, Fact, Source};
use crate::stack::Key;
use crate::text::{Clean, Name, Raw};

/// A signal and the death it brings are at most this far apart.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(90);

/// A life that lasts longer than this is no part of a loop.
const RECENT: SignedDuration = SignedDuration::from_secs(120);

/// A life must outlive the others by this much to count as the one that went well.
const HEALED_AFTER: SignedDuration = SignedDuration::from_millis(1500);

pub struct View<'e> {
    pub service: &'e Key,
    pub container: &'e Name,
    pub now: Timestamp,
    pub case: &'e Case<'e>,
    /// Somebody who needs it says that it does not work, so its log is taken at its word even
    /// while it runs.
    pub accused: bool,
    pub(super) evidence: Vec<&'e Evidence>,
}

impl<'e> View<'e> {
    pub fn new(service: &'e Key, container: &'e Name, case: &'e Case<'e>) -> Self {
        let mine = |item: &&Evidence| item.service == *service && item.container == *container;
        let mut evidence: Vec<&Evidence> = case.evidence.iter().filter(mine).collect();
        evidence.sort_by(|a, b| {
            (a.at, place(a), a.source, &a.text).cmp(&(b.at, place(b), b.source, &b.text))
        });
        Self {
            service,
            container,
            now: case.now,
            case,
            accused: false,
            evidence,
        }
    }

    /// Every container of a service, by name.
    pub fn all_of(service: &Key, case: &'e Case<'e>) -> Vec<Self> {
        let Some(service) = case.find_key(service) else {
            return Vec::new();
        };
        let mine = case
            .evidence
            .iter()
            .filter(|item| item.service == *service && !item.container.is_empty());
        let containers: BTreeSet<&Name> = mine.map(|item| &item.container).collect();
        containers
            .into_iter()
            .map(|container| Self::new(service, container, case))
            .collect()
    }

    /// The words of its command and entry point, as one text. Never shown.
    pub fn command(&self) -> String {
        let Some(setup) = self.setup() else {
            return String::new();
        };
        let words: Vec<&str> = setup
            .settings
            .entrypoint
            .iter()
            .chain(&setup.settings.command)
            .map(Raw::expose)
            .collect();
        words.join(" ")
    }

    pub fn age(&self) -> Option<SignedDuration> {
        let (_, state) = self.state()?;
        state
            .started_at
            .map(|started| self.now.duration_since(started))
    }

    /// Only the compose files know of it.
    pub fn is_absent(&self) -> bool {
        self.state()
            .is_some_and(|(line, _)| line.source == Source::Compose)
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

    /// The engine brings it back again and again, and this life has not outlived the others.
    pub fn loops(&self) -> bool {
        let Some((_, state)) = self.state() else {
            return false;
        };
        if state.status == Status::Restarting {
            return true;
        }
        let well = self
            .health()
            .is_some_and(|(_, health)| health.status == HealthStatus::Healthy);
        if state.status != Status::Running || state.restart_count == 0 || well {
            return false;
        }
        let Some(age) = self.age().filter(|age| *age < RECENT) else {
            return false;
        };
        match self.lives().longest_ended() {
            Some(longest) => age <= longest.saturating_mul(3) / 2 + HEALED_AFTER,
            None => state.restart_count > 1 && age < HEALED_AFTER * 5,
        }
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

    pub fn last_death(&self) -> Option<&'e Evidence> {
        let is_death = |fact| matches!(fact, EventFact::Died { .. });
        let mut deaths = self.events().rev().filter(|(_, fact)| is_death(*fact));
        deaths.next().map(|(item, _)| item)
    }

    /// The engine keeps few events: on a busy host the record of an end is soon gone, and with it
    /// whether somebody asked for that end.
    pub fn end_is_forgotten(&self) -> bool {
        let ended = self.state().and_then(|(_, state)| state.finished_at);
        let recorded = self.last_death().and_then(|death| death.at);
        self.has_ended()
            && match (ended, recorded) {
                (Some(ended), Some(death)) => ended.duration_since(death).abs() > SAME_MOMENT,
                (_, recorded) => recorded.is_none(),
            }
    }

    /// The newest event of a kind, if it belongs to the newest death.
    pub fn near_death(&self, wanted: impl Fn(EventFact) -> bool) -> Option<&'e Evidence> {
        let death = self.last_death()?.at?;
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

    /// A signal has frozen its main process, and nothing has woken it since.
    pub fn frozen_by(&self) -> Option<&'e Evidence> {
        const FREEZE: u32 = 19;
        const GO_ON: u32 = 18;
        let decides = |fact| match fact {
            EventFact::Signalled { signal } => matches!(signal, Some(FREEZE | GO_ON)),
            EventFact::Started | EventFact::Died { .. } => true,
            _ => false,
        };
        let (item, fact) = self.events().rev().find(|(_, fact)| decides(*fact))?;
        let is_frozen = fact
            == EventFact::Signalled {
                signal: Some(FREEZE),
            };
        (is_frozen && self.is_running()).then_some(item)
    }

    pub fn is_unhealthy(&self) -> bool {
        self.health()
            .is_some_and(|(_, health)| health.status == HealthStatus::Unhealthy)
            && self
                .state()
                .is_some_and(|(_, state)| state.status == Status::Running)
    }

    pub fn is_healthy(&self) -> bool {
        self.health()
            .is_some_and(|(_, health)| health.status == HealthStatus::Healthy)
    }

    pub fn is_running(&self) -> bool {
        self.state()
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
            Status::Running => self.is_unhealthy() || self.loops() || self.frozen_by().is_some(),
            // created and left so: what should have started it has failed
            Status::Created | Status::Restarting | Status::Dead | Status::Paused => true,
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
            change: None,
            because_of: None,
        }
    }

    pub fn name(&self) -> &Name {
        &self.service.service
    }
}

/// The line's place in its log: what was written at one moment stays in order.
fn place(item: &Evidence) -> u64 {
    match &item.fact {
        Fact::Log(line) => line.place,
        _ => 0,
    }
}
