//! One step, done: its intent in the journal first, then as many tries as it may have, each within
//! its limits. Where the connection breaks in the middle, the engine is asked what came of it before
//! anything is done again.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::act::{Miss, Tools, Yield};
use super::facts;
use super::flow::{Flow, Interrupt};
use super::outcome::{Part, StepEnd};
use super::ports;
use super::settle::{self, Settled};
use crate::action::{Action, Risk};
use crate::engine::Engine;
use crate::host::FleetError;
use crate::runbook::PlannedStep;
use crate::say;
use crate::store::EntryKind;
use crate::text::{Clean, Redactor};

/// No pause between two tries is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How long an engine that went away in the middle of a run is waited for.
const AWAY: Duration = Duration::from_mins(1);
/// How often it is asked meanwhile.
const KNOCK: Duration = Duration::from_secs(1);
/// An engine that takes longer to say anything at all is away.
const ANSWER: Duration = Duration::from_secs(10);
/// An engine that goes away more often during one step is not worth another try.
const LOSSES: u32 = 5;

impl Flow<'_> {
    pub(super) async fn perform(
        &self,
        part: Part,
        step: &PlannedStep,
        begun: Option<Timestamp>,
    ) -> Result<(StepEnd, Yield), Interrupt> {
        self.begin(part, step);
        self.tell(part, &step.says);
        if let Action::Gate { .. } = step.action {
            return self.gate(part, step).await;
        }
        let _working = match part {
            Part::Steps => match self.turn.take(self.stop, || self.waiting(part)).await {
                Some(working) => Some(working),
                None => return Ok((StepEnd::Cancelled, Yield::default())),
            },
            // what cleans up and what looks waits for nobody
            Part::Rollback | Part::Verify => None,
        };
        if let Some(at) = begun {
            let why = say!("the program stopped during it");
            if let Some(end) = self.found_out(step, at, (why, Duration::ZERO)).await? {
                return Ok((end, Yield::default()));
            }
        }
        let at = self.hold.clock.now();
        if step.risk() > Risk::Read {
            self.write(EntryKind::Intent, &part.key(step), &step.says, "{}")
                .await?;
        }
        self.tries(part, step, at).await
    }

    fn waiting(&self, part: Part) {
        self.tell(part, &say!("waiting until another run has ended"));
    }

    async fn tries(
        &self,
        part: Part,
        step: &PlannedStep,
        begun: Timestamp,
    ) -> Result<(StepEnd, Yield), Interrupt> {
        let mut left = step.retry.as_ref().map_or(0, |retry| retry.times);
        let mut pause = step
            .retry
            .as_ref()
            .map_or(Duration::ZERO, |retry| retry.pause);
        let mut losses = 0;
        loop {
            let (end, seen) = match self.once(part, step).await {
                Ok(ended) => ended,
                Err(Miss::Failed(why)) => (StepEnd::Failed(why), Yield::default()),
                Err(miss) if losses < LOSSES => {
                    losses += 1;
                    match self.after_loss(part, step, begun, miss).await? {
                        Some(end) => return Ok((end, Yield::default())),
                        None => continue,
                    }
                }
                Err(miss) => (StepEnd::Unknown(miss.why()), Yield::default()),
            };
            if left == 0 || !matches!(end, StepEnd::Failed(_)) {
                return Ok((end, seen));
            }
            left -= 1;
            self.tell(part, &say!("{} failed; trying again", step.says));
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled(), if part == Part::Steps => return Ok((end, seen)),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What only waits can be left at once; what changes something is never abandoned half-way.
    async fn once(&self, part: Part, step: &PlannedStep) -> Result<(StepEnd, Yield), Miss> {
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
                () = self.stop.cancelled() => return Ok((StepEnd::Cancelled, Yield::default())),
            }
        } else {
            act.await
        };
        match done {
            Ok(seen) => seen.map(|seen| (self.judged(step, &seen), seen)),
            Err(_) => {
                let why = say!("took longer than {} s", limit.as_secs());
                if step.risk() > Risk::Read && !self.answers().await {
                    return Err(Miss::Lost(why));
                }
                Err(Miss::Failed(why))
            }
        }
    }

    async fn act(&self, step: &PlannedStep) -> Result<Yield, Miss> {
        let engine = self.engine().await?;
        if let Action::PortHolder { port, address } = step.action {
            let place = self.fleet.place(Some(self.plan.host.as_str())).await.ok();
            let held = ports::holder(&engine, place, (port, address)).await;
            return held.map_err(|error| Miss::of(&error, &step.action));
        }
        let tools = Tools {
            engine: &engine,
            ..*self.tools
        };
        tools.act(&step.action, &self.hold.claim.run).await
    }

    async fn engine(&self) -> Result<Engine, Miss> {
        match self.fleet.host(Some(self.plan.host.as_str())).await {
            Ok(host) => Ok(host.engine),
            Err(FleetError::Engine { error, .. }) if error.is_retryable() => {
                Err(Miss::Unsent(error.say()))
            }
            Err(error) => Err(Miss::Failed(
                Redactor::shapes_only().clean(&error.to_string()),
            )),
        }
    }

    async fn answers(&self) -> bool {
        let asked = async { Ok::<_, Miss>(self.engine().await?.about().await.is_ok()) };
        matches!(timeout(ANSWER, asked).await, Ok(Ok(true)))
    }

    /// The engine went away during a step. `None`: it is back, and the step is to be done.
    async fn after_loss(
        &self,
        part: Part,
        step: &PlannedStep,
        begun: Timestamp,
        miss: Miss,
    ) -> Result<Option<StepEnd>, Interrupt> {
        let waiting = say!("{}: {} does not answer; waiting", step.says, self.plan.host);
        self.tell(part, &waiting);
        match miss {
            Miss::Lost(why) if step.risk() > Risk::Read => {
                let patience = settle::may_last(&step.action);
                self.found_out(step, begun, (why, patience)).await
            }
            miss => self.back_again(part, miss.why()).await,
        }
    }

    /// Whether what was begun has happened, once the engine can be asked; `None`: it is to be done.
    async fn found_out(
        &self,
        step: &PlannedStep,
        begun: Timestamp,
        (why, patience): (Clean, Duration),
    ) -> Result<Option<StepEnd>, Interrupt> {
        let since = Instant::now();
        loop {
            let settled = match self.engine().await {
                Ok(engine) => settle::settle(&engine, &step.action, begun).await,
                Err(Miss::Failed(_)) => Settled::Unknown,
                Err(_) => Settled::NoAnswer,
            };
            match settled {
                Settled::Happened => return Ok(Some(StepEnd::Done)),
                Settled::Repeat => return Ok(None),
                Settled::NotYet if since.elapsed() < patience => {}
                Settled::NoAnswer if since.elapsed() < AWAY => {}
                Settled::NoAnswer => {
                    return Err(Interrupt::Away(say!("{}: {}", step.says, why)));
                }
                Settled::NotYet | Settled::Unknown => {
                    return Ok(Some(StepEnd::Unknown(say!("{}: outcome unknown", why))));
                }
            }
            sleep(KNOCK).await;
        }
    }

    /// Waits until the engine answers again. What changed something already is not given up for
    /// that: it goes on when the engine is back.
    async fn back_again(&self, part: Part, why: Clean) -> Result<Option<StepEnd>, Interrupt> {
        let since = Instant::now();
        while since.elapsed() < AWAY {
            tokio::select! {
                () = sleep(KNOCK) => {}
                () = self.stop.cancelled(), if part == Part::Steps => {
                    return Ok(Some(StepEnd::Cancelled));
                }
            }
            if self.answers().await {
                return Ok(None);
            }
        }
        if self.has_changed_something() {
            return Err(Interrupt::Away(why));
        }
        Ok(Some(StepEnd::Failed(why)))
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
}
