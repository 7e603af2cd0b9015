//! What came of a step and of a run. Outcomes go into the journal as they are, so that a run that
//! was cut short can be taken up with everything it knew.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::action::Risk;
use crate::runbook::{Plan, PlannedStep};
use crate::say;
use crate::store::RunState;
use crate::text::Clean;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    Done,
    Failed(Clean),
    /// An earlier step failed.
    Skipped,
    Cancelled,
    /// Its condition did not hold.
    NotNeeded,
    /// It was begun when the program stopped, and nobody can tell whether it happened.
    Unknown(Clean),
}

impl StepEnd {
    /// As conditions compare it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::NotNeeded => "not_needed",
            Self::Unknown(_) => "unknown",
        }
    }

    /// As people read it.
    pub fn words(&self) -> &'static str {
        match self {
            Self::NotNeeded => "not needed",
            Self::Unknown(_) => "outcome unknown",
            end => end.word(),
        }
    }

    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Unknown(_))
    }
}

/// Which part of the plan a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Steps,
    Rollback,
    Verify,
}

impl Part {
    /// In front of a step's id in the journal: a step may stand in two parts under one id.
    fn prefix(self) -> &'static str {
        match self {
            Self::Steps => "",
            Self::Rollback => "rollback: ",
            Self::Verify => "verify: ",
        }
    }

    pub fn key(self, step: &PlannedStep) -> String {
        format!("{}{}", self.prefix(), step.id)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    pub part: Part,
    pub id: String,
    pub name: String,
    pub round: String,
    pub says: Clean,
    pub risk: Risk,
    pub at: Timestamp,
    pub took: Duration,
    pub end: StepEnd,
    /// For conditions.
    pub data: Json,
    /// What was seen or said, bounded.
    pub text: Clean,
}

impl StepOutcome {
    /// A step that was not carried to its end here, or not at all.
    pub(super) fn without_result(
        part: Part,
        step: &PlannedStep,
        at: Timestamp,
        end: StepEnd,
    ) -> Self {
        Self {
            part,
            id: step.id.clone(),
            name: step.name.clone(),
            round: step.round.clone(),
            says: step.says.clone(),
            risk: step.risk(),
            at,
            took: Duration::ZERO,
            end,
            data: Json::Null,
            text: Clean::default(),
        }
    }
}

impl StepOutcome {
    pub fn ended(&self) -> Timestamp {
        let took = SignedDuration::try_from(self.took).unwrap_or_default();
        self.at.checked_add(took).unwrap_or(self.at)
    }

    /// It was not only passed over.
    pub fn was_begun(&self) -> bool {
        !matches!(
            self.end,
            StepEnd::Skipped | StepEnd::Cancelled | StepEnd::NotNeeded
        )
    }
}

/// A run that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub id: String,
    pub state: RunState,
    pub steps: Vec<StepOutcome>,
    /// One line for lists; empty when all went well.
    pub detail: Clean,
}

impl Ended {
    /// From the outcomes of a run, in whatever order its lanes ended: people read the plan's.
    pub(super) fn of(id: &str, plan: &Plan, mut steps: Vec<StepOutcome>) -> Self {
        let order = keys(plan);
        steps.sort_by_cached_key(|one| {
            let key = format!("{}{}", one.part.prefix(), one.id);
            order.iter().position(|other| *other == key)
        });
        let bad = steps.iter().find(|step| step.end.is_bad());
        let cancelled = steps.iter().any(|step| step.end == StepEnd::Cancelled);
        let (state, detail) = match (bad, cancelled) {
            // who cancels does not expect to find everything well
            (Some(step), true) if step.part == Part::Verify => {
                (RunState::Cancelled, Clean::default())
            }
            (Some(step), _) => (RunState::Failed, because(step)),
            (None, true) => (RunState::Cancelled, Clean::default()),
            (None, false) => (RunState::Succeeded, Clean::default()),
        };
        Self {
            id: id.to_owned(),
            state,
            steps,
            detail,
        }
    }

    /// It was let go, and the program stopped before its first step.
    pub(super) fn never_begun(id: &str, detail: Clean) -> Self {
        Self {
            id: id.to_owned(),
            state: RunState::Cancelled,
            steps: Vec::new(),
            detail,
        }
    }

    /// What was done or tried, verification left out.
    pub fn work(&self) -> impl Iterator<Item = &StepOutcome> {
        self.steps.iter().filter(|step| step.part != Part::Verify)
    }

    pub fn verification(&self) -> impl Iterator<Item = &StepOutcome> {
        self.steps.iter().filter(|step| step.part == Part::Verify)
    }

    /// How many of the plan's steps were done.
    pub fn done(&self) -> usize {
        let is_done = |step: &&StepOutcome| step.part == Part::Steps && step.end == StepEnd::Done;
        self.steps.iter().filter(is_done).count()
    }

    /// From the beginning of its first step to the end of its last.
    pub fn took(&self) -> Duration {
        let first = self.steps.iter().map(|step| step.at).min();
        let last = self.steps.iter().map(StepOutcome::ended).max();
        let took = first
            .zip(last)
            .map(|(first, last)| last.duration_since(first));
        took.and_then(|took| Duration::try_from(took).ok())
            .unwrap_or_default()
    }

    /// The first step that went wrong.
    pub fn failed(&self) -> Option<&StepOutcome> {
        self.steps.iter().find(|step| step.end.is_bad())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    Ended(Ended),
    /// Somebody else changes this stack right now.
    Busy {
        /// The id of the run that holds it.
        holder: Option<String>,
    },
    /// The world is not what it was when the plan was made: nothing was done.
    Changed(Vec<Clean>),
    /// The engine went away in the middle and did not come back. The run has not ended: it is taken
    /// up when the engine answers again.
    Away(Clean),
}

fn keys(plan: &Plan) -> Vec<String> {
    parts(plan).map(|(part, step)| part.key(step)).collect()
}

/// Every step with its part, in the order in which people read them.
pub(super) fn parts(plan: &Plan) -> impl Iterator<Item = (Part, &PlannedStep)> {
    let of = |part: Part| move |step| (part, step);
    plan.steps()
        .map(of(Part::Steps))
        .chain(plan.rollback.iter().map(of(Part::Rollback)))
        .chain(plan.verify.iter().map(of(Part::Verify)))
}

/// The step of the plan that this came of.
pub(super) fn planned<'p>(plan: &'p Plan, outcome: &StepOutcome) -> Option<&'p PlannedStep> {
    let is_it =
        |(part, step): &(Part, &PlannedStep)| *part == outcome.part && step.id == outcome.id;
    parts(plan).find(is_it).map(|(_, step)| step)
}

fn because(step: &StepOutcome) -> Clean {
    match &step.end {
        StepEnd::Failed(why) | StepEnd::Unknown(why) => say!("{}: {}", step.says, why),
        _ => step.says.clone(),
    }
}
