//! How far a run has come: where each of its steps stands, and which part of the plan it is in. A
//! step that failed is not a step that was done, whoever counts.

use super::outcome::{Part, StepEnd, StepOutcome};
use crate::runbook::Plan;

/// Where one step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Ahead,
    Now,
    Done,
    Failed,
    /// Its condition did not hold.
    NotNeeded,
    /// A step before it failed, or somebody cancelled.
    NotReached,
}

impl Mark {
    fn of(end: &StepEnd) -> Self {
        match end {
            StepEnd::Done => Self::Done,
            StepEnd::Failed(_) | StepEnd::Unknown(_) => Self::Failed,
            StepEnd::NotNeeded => Self::NotNeeded,
            StepEnd::Skipped | StepEnd::Cancelled => Self::NotReached,
        }
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Self::Ahead | Self::Now)
    }

    /// It is behind, and well.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::NotNeeded)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headway {
    pub part: Part,
    /// One for each step of the plan, in its order.
    pub marks: Vec<Mark>,
}

impl Headway {
    /// Nothing was begun so far.
    pub fn none(plan: &Plan) -> Self {
        Self {
            part: Part::Steps,
            marks: plan.steps().map(|_| Mark::Ahead).collect(),
        }
    }

    /// After these outcomes, while `now` are being done, told by a step of `part`.
    pub(super) fn after(
        plan: &Plan,
        outcomes: &[StepOutcome],
        (part, now): (Part, &[String]),
    ) -> Self {
        let mark = |id: &String| {
            let mut own = outcomes.iter().filter(|one| one.part == Part::Steps);
            match own.find(|one| one.id == *id) {
                Some(outcome) => Mark::of(&outcome.end),
                None if now.contains(id) => Mark::Now,
                None => Mark::Ahead,
            }
        };
        Self {
            part,
            marks: plan.steps().map(|step| mark(&step.id)).collect(),
        }
    }

    /// What goes on where it is not the steps themselves any more.
    pub fn stage(&self) -> Option<&'static str> {
        match self.part {
            Part::Steps => None,
            Part::Rollback => Some("going back"),
            Part::Verify => Some("looking again"),
        }
    }

    pub fn of(&self) -> usize {
        self.marks.len()
    }

    pub fn done(&self) -> usize {
        self.marks.iter().filter(|mark| mark.is_done()).count()
    }

    /// The step that is being done, or the one where it stopped; counted from one.
    pub fn position(&self) -> usize {
        let stands = |mark: &Mark| matches!(mark, Mark::Now | Mark::Failed);
        let at = self.marks.iter().position(stands);
        at.unwrap_or_else(|| self.done().min(self.of().saturating_sub(1))) + 1
    }
}
