//! Going through the steps of a plan: conditions, lanes side by side, what a failure means for the
//! rest, rollback, verification. Each outcome goes into the journal before anybody is told. How one
//! step is done is in `attempt`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::act::{Tools, Yield};
use super::execute::Watcher;
use super::facts;
use super::headway::Headway;
use super::hold::Hold;
use super::outcome::{Ended, Part, StepEnd, StepOutcome};
use super::turn::Turn;
use crate::action::Risk;
use crate::host::Fleet;
use crate::runbook::language::OnFailure;
use crate::runbook::{Plan, PlannedStep, Stage};
use crate::say;
use crate::store::{EntryKind, NewEntry, StoreError};
use crate::text::Clean;

/// What a journal knows of a step.
#[derive(Debug, Clone)]
pub enum Known {
    Ended(Box<StepOutcome>),
    /// It was begun, and then the program stopped.
    Begun(Timestamp),
}

/// Why a flow ended before its end.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// Nothing is done that cannot be journalled.
    Store(StoreError),
    /// The engine went away in the middle, and did not come back so far.
    Away(Clean),
}

impl From<StoreError> for Interrupt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why nothing more of the steps is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    Failed,
    Cancelled,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) outcomes: Vec<StepOutcome>,
    pub(super) halt: Option<Halt>,
    rolls_back: bool,
    /// The ids of steps that are being done.
    now: Vec<String>,
}

pub(super) struct Flow<'f> {
    pub(super) hold: &'f Hold<'f>,
    pub(super) plan: &'f Plan,
    pub(super) tools: &'f Tools<'f>,
    /// Asked for the engine before each step: a session may have died since the last.
    pub(super) fleet: &'f Fleet,
    known: BTreeMap<String, Known>,
    pub(super) watcher: Watcher<'f>,
    pub(super) stop: &'f CancellationToken,
    pub(super) deadline: Instant,
    pub(super) turn: &'f Turn<'f>,
    pub(super) waits: bool,
    state: Mutex<State>,
}

/// What a flow goes through, and how much of its time has gone already.
pub(super) struct Course<'f> {
    pub(super) plan: &'f Plan,
    pub(super) known: BTreeMap<String, Known>,
    pub(super) spent: Duration,
    pub(super) turn: &'f Turn<'f>,
    /// Stay at a gate until somebody says something, instead of leaving the run there.
    pub(super) waits: bool,
}

impl<'f> Flow<'f> {
    pub(super) fn new(
        hold: &'f Hold<'f>,
        course: Course<'f>,
        (tools, fleet): (&'f Tools<'f>, &'f Fleet),
        (watcher, stop): (Watcher<'f>, &'f CancellationToken),
    ) -> Self {
        let left = course.plan.limit.saturating_sub(course.spent);
        Self {
            hold,
            plan: course.plan,
            tools,
            fleet,
            known: course.known,
            watcher,
            stop,
            deadline: Instant::now() + left,
            turn: course.turn,
            waits: course.waits,
            state: Mutex::default(),
        }
    }

    pub(super) async fn run(self) -> Result<Ended, Interrupt> {
        for stage in &self.plan.stages {
            self.stage(stage).await?;
        }
        if self.must_roll_back() {
            for step in &self.plan.rollback {
                self.step(Part::Rollback, step).await?;
            }
        }
        if self.did_anything() {
            for step in &self.plan.verify {
                self.step(Part::Verify, step).await?;
            }
        }
        self.tell(Part::Verify, &say!("how it is now"));
        Ok(self.ended())
    }

    async fn stage(&self, stage: &Stage) -> Result<(), Interrupt> {
        let lanes = stage.lanes.iter().map(|lane| async move {
            for step in lane {
                self.step(Part::Steps, step).await?;
            }
            Ok::<(), Interrupt>(())
        });
        // collected first: a closure over references is not general enough for a stream
        let lanes: Vec<_> = lanes.collect();
        iter(lanes)
            .buffer_unordered(stage.at_once.max(1))
            .try_collect::<()>()
            .await
    }

    async fn step(&self, part: Part, step: &PlannedStep) -> Result<(), Interrupt> {
        let key = part.key(step);
        if let Some(Known::Ended(outcome)) = self.known.get(&key) {
            self.take((**outcome).clone(), step);
            return Ok(());
        }
        let at = self.hold.clock.now();
        let begun = match self.known.get(&key) {
            Some(Known::Begun(at)) => Some(*at),
            _ => None,
        };
        let (end, seen) = match self.verdict(part, step) {
            Some(end) => (end, Yield::default()),
            None => self.perform(part, step, begun).await?,
        };
        let took = self.hold.clock.now().duration_since(at);
        let outcome = StepOutcome {
            took: Duration::try_from(took).unwrap_or_default(),
            data: seen.data,
            text: seen.text,
            ..StepOutcome::without_result(part, step, at, end)
        };
        let (word, body) = (say!("{}: {}", outcome.end.word(), outcome.says), &outcome);
        let body = serde_json::to_string(body).unwrap_or_default();
        self.write(EntryKind::Outcome, &key, &word, &body).await?;
        self.take(outcome, step);
        Ok(())
    }

    /// What becomes of a step without its being begun; `None`: it is begun.
    fn verdict(&self, part: Part, step: &PlannedStep) -> Option<StepEnd> {
        if part == Part::Steps {
            if self.stop.is_cancelled() {
                self.state().halt.get_or_insert(Halt::Cancelled);
            }
            match self.state().halt {
                Some(Halt::Failed) => return Some(StepEnd::Skipped),
                Some(Halt::Cancelled) => return Some(StepEnd::Cancelled),
                None => {}
            }
            if Instant::now() >= self.deadline {
                let limit = self.plan.limit.as_secs();
                return Some(StepEnd::Failed(say!(
                    "the run took longer than {} s",
                    limit
                )));
            }
        }
        match facts::is_wanted(self.plan, step, &self.state().outcomes) {
            Ok(true) => None,
            Ok(false) => Some(StepEnd::NotNeeded),
            Err(why) => Some(StepEnd::Failed(why)),
        }
    }

    pub(super) fn begin(&self, part: Part, step: &PlannedStep) {
        if part == Part::Steps {
            self.state().now.push(step.id.clone());
        }
    }

    /// Tells whoever follows what is being done, and how far it is.
    pub(super) fn tell(&self, part: Part, doing: &Clean) {
        let headway = {
            let state = self.state();
            Headway::after(self.plan, &state.outcomes, (part, &state.now))
        };
        (self.watcher)(&headway, doing);
    }

    /// Takes an outcome in, and what it means for the rest.
    fn take(&self, outcome: StepOutcome, step: &PlannedStep) {
        let mut state = self.state();
        if outcome.part == Part::Steps {
            state.now.retain(|id| *id != step.id);
            match (&outcome.end, step.on_failure) {
                (StepEnd::Cancelled, _) => {
                    state.halt.get_or_insert(Halt::Cancelled);
                }
                (StepEnd::Unknown(_), _) | (StepEnd::Failed(_), OnFailure::Stop) => {
                    state.halt.get_or_insert(Halt::Failed);
                }
                (StepEnd::Failed(_), OnFailure::RollBack) => {
                    state.halt.get_or_insert(Halt::Failed);
                    state.rolls_back = true;
                }
                _ => {}
            }
        }
        state.outcomes.push(outcome);
    }

    /// A cancelled run cleans up after itself where it changed something.
    fn must_roll_back(&self) -> bool {
        let changed = self.has_changed_something();
        let state = self.state();
        state.rolls_back || (state.halt == Some(Halt::Cancelled) && changed)
    }

    pub(super) fn has_changed_something(&self) -> bool {
        let changed = |one: &StepOutcome| one.risk > Risk::Read && one.end == StepEnd::Done;
        self.state().outcomes.iter().any(changed)
    }

    fn did_anything(&self) -> bool {
        let untouched =
            |one: &StepOutcome| matches!(one.end, StepEnd::Cancelled | StepEnd::Skipped);
        !self.state().outcomes.iter().all(untouched)
    }

    fn ended(self) -> Ended {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        Ended::of(&self.hold.claim.run, self.plan, state.outcomes)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn write(
        &self,
        kind: EntryKind,
        step: &str,
        text: &Clean,
        body_json: &str,
    ) -> Result<(), StoreError> {
        let entry = NewEntry {
            at_ms: self.hold.clock.now().as_millisecond(),
            kind,
            step,
            text: text.as_str(),
            body_json,
        };
        self.hold
            .store
            .append_journal(&self.hold.claim, &entry)
            .await?;
        Ok(())
    }
}
