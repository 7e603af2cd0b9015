//! Going through the steps of a plan: conditions, lanes side by side, tries, what a failure means
//! for the rest, rollback, verification. Intent goes into the journal before each side effect, its
//! outcome after it, and only then is anybody told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::act::{Tools, Yield};
use super::execute::Watcher;
use super::facts;
use super::hold::Hold;
use super::outcome::{Ended, Part, StepEnd, StepOutcome};
use super::settle::{self, Settled};
use crate::action::{Action, Risk};
use crate::runbook::language::OnFailure;
use crate::runbook::{Plan, PlannedStep, Stage};
use crate::say;
use crate::store::{EntryKind, NewEntry, StoreError};
use crate::text::{Clean, Redactor};

/// No pause between two tries is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What a journal knows of a step.
#[derive(Debug, Clone)]
pub enum Known {
    Ended(Box<StepOutcome>),
    /// It was begun, and then the program stopped.
    Begun(Timestamp),
}

/// Why nothing more of the steps is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    Failed,
    Cancelled,
}

#[derive(Debug, Default)]
struct State {
    outcomes: Vec<StepOutcome>,
    halt: Option<Halt>,
    rolls_back: bool,
}

pub(super) struct Flow<'f> {
    hold: &'f Hold<'f>,
    plan: &'f Plan,
    tools: &'f Tools<'f>,
    known: BTreeMap<String, Known>,
    watcher: Watcher<'f>,
    stop: &'f CancellationToken,
    deadline: Instant,
    state: Mutex<State>,
}

impl<'f> Flow<'f> {
    pub(super) fn new(
        hold: &'f Hold<'f>,
        plan: &'f Plan,
        tools: &'f Tools<'f>,
        known: BTreeMap<String, Known>,
        (watcher, stop): (Watcher<'f>, &'f CancellationToken),
    ) -> Self {
        Self {
            hold,
            plan,
            tools,
            known,
            watcher,
            stop,
            deadline: Instant::now() + plan.limit,
            state: Mutex::default(),
        }
    }

    pub(super) async fn run(self) -> Result<Ended, StoreError> {
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
        Ok(self.ended())
    }

    async fn stage(&self, stage: &Stage) -> Result<(), StoreError> {
        let lanes = stage.lanes.iter().map(|lane| async move {
            for step in lane {
                self.step(Part::Steps, step).await?;
            }
            Ok::<(), StoreError>(())
        });
        // collected first: a closure over references is not general enough for a stream
        let lanes: Vec<_> = lanes.collect();
        iter(lanes)
            .buffer_unordered(stage.at_once.max(1))
            .try_collect::<()>()
            .await
    }

    async fn step(&self, part: Part, step: &PlannedStep) -> Result<(), StoreError> {
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
            part,
            id: step.id.clone(),
            name: step.name.clone(),
            round: step.round.clone(),
            says: step.says.clone(),
            risk: step.risk(),
            at,
            took: Duration::try_from(took).unwrap_or_default(),
            end,
            data: seen.data,
            text: seen.text,
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
        let when = step.when.as_deref()?;
        match facts::holds(when, self.plan, step, &self.state().outcomes, None) {
            Ok(true) => None,
            Ok(false) => Some(StepEnd::NotNeeded),
            Err(why) => Some(StepEnd::Failed(why)),
        }
    }

    async fn perform(
        &self,
        part: Part,
        step: &PlannedStep,
        begun: Option<Timestamp>,
    ) -> Result<(StepEnd, Yield), StoreError> {
        let done = self.state().outcomes.len();
        (self.watcher)(done, &step.says);
        if let Some(at) = begun {
            match settle::settle(self.tools.engine, &step.action, at).await {
                Settled::Happened => return Ok((StepEnd::Done, Yield::default())),
                Settled::Unknown => {
                    let why = say!("the program stopped during it: outcome unknown");
                    return Ok((StepEnd::Unknown(why), Yield::default()));
                }
                Settled::Repeat => {}
            }
        }
        if step.risk() > Risk::Read {
            self.write(EntryKind::Intent, &part.key(step), &step.says, "{}")
                .await?;
        }
        Ok(self.tries(part, step).await)
    }

    async fn tries(&self, part: Part, step: &PlannedStep) -> (StepEnd, Yield) {
        let mut left = step.retry.as_ref().map_or(0, |retry| retry.times);
        let mut pause = step
            .retry
            .as_ref()
            .map_or(Duration::ZERO, |retry| retry.pause);
        loop {
            let (end, seen) = self.once(part, step).await;
            if left == 0 || !matches!(end, StepEnd::Failed(_)) {
                return (end, seen);
            }
            left -= 1;
            let done = self.state().outcomes.len();
            (self.watcher)(done, &say!("{} failed; trying again", step.says));
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled(), if part == Part::Steps => return (end, seen),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What only waits can be left at once; what changes something is never abandoned half-way.
    async fn once(&self, part: Part, step: &PlannedStep) -> (StepEnd, Yield) {
        let limit = match part {
            Part::Steps => step
                .limit
                .min(self.deadline.saturating_duration_since(Instant::now())),
            Part::Rollback | Part::Verify => step.limit,
        };
        let act = timeout(limit, self.act(step));
        let done = if step.risk() == Risk::Read && part == Part::Steps {
            tokio::select! {
                done = act => done,
                () = self.stop.cancelled() => return (StepEnd::Cancelled, Yield::default()),
            }
        } else {
            act.await
        };
        match done {
            Ok(Ok(seen)) => (self.judged(step, &seen), seen),
            Ok(Err(why)) => (StepEnd::Failed(why), Yield::default()),
            Err(_) => {
                let why = say!("took longer than {} s", limit.as_secs());
                (StepEnd::Failed(why), Yield::default())
            }
        }
    }

    async fn act(&self, step: &PlannedStep) -> Result<Yield, Clean> {
        if let Action::Gate { .. } = step.action {
            return self.gate(step).await;
        }
        self.tools.act(&step.action, &self.hold.claim.run).await
    }

    /// A condition of its own decides; without one, what the action itself says.
    fn judged(&self, step: &PlannedStep, seen: &Yield) -> StepEnd {
        let Some(expect) = step.expect.as_deref() else {
            return seen.failed.clone().map_or(StepEnd::Done, StepEnd::Failed);
        };
        let outcomes = self.state().outcomes.clone();
        match facts::holds(expect, self.plan, step, &outcomes, Some(&seen.data)) {
            Ok(true) => StepEnd::Done,
            Ok(false) => {
                let expect = Redactor::shapes_only().clean(expect);
                StepEnd::Failed(match seen.text.lines().next() {
                    Some(first) => say!("expected `{}`, and saw: {}", expect, first),
                    None => say!("expected `{}`", expect),
                })
            }
            Err(why) => StepEnd::Failed(why),
        }
    }

    /// Waits for a decision that is newer than the gate.
    async fn gate(&self, step: &PlannedStep) -> Result<Yield, Clean> {
        use crate::store::Verdict;
        let failed = |error: StoreError| Redactor::shapes_only().clean(&error.to_string());
        self.write(EntryKind::Note, super::GATE, &step.says, "{}")
            .await
            .map_err(failed)?;
        let since = self.hold.clock.now().as_millisecond();
        loop {
            let decisions = self.hold.store.decisions(&self.hold.claim.run).await;
            for said in decisions.map_err(failed)? {
                let who = crate::text::Name::new(&said.who);
                match said.what {
                    _ if said.at_ms < since => {}
                    Verdict::Approve => return Ok(Yield::text(say!("{} let it go on", who))),
                    Verdict::Deny => return Err(say!("{} said no", who)),
                    Verdict::Cancel | Verdict::Denied => {}
                }
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Takes an outcome in, and what it means for the rest.
    fn take(&self, outcome: StepOutcome, step: &PlannedStep) {
        let mut state = self.state();
        if outcome.part == Part::Steps {
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
        let state = self.state();
        let changed = |one: &StepOutcome| one.risk > Risk::Read && one.end == StepEnd::Done;
        let cancelled = state.halt == Some(Halt::Cancelled);
        state.rolls_back || (cancelled && state.outcomes.iter().any(changed))
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(
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
