//! An approved run from its claim to its end: the lock of its stack, a last look whether the world
//! is still what was planned for, the steps, a report, and only then its final state.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::act::Tools;
use super::flow::{Course, Flow, Interrupt, Known};
use super::headway::Headway;
use super::hold::Hold;
use super::outcome::{Ended, RunEnd};
use super::turn::Turn;
use super::world;
use crate::clock::Clock;
use crate::host::Fleet;
use crate::runbook::Plan;
use crate::say;
use crate::store::{RunState, Store, StoreError};
use crate::text::{Clean, Name};

/// How often a queued run asks for the lock.
const KNOCK: Duration = Duration::from_millis(500);

/// Told before each step: how far it is, and what is being done.
pub type Watcher<'w> = &'w (dyn Fn(&Headway, &Clean) + Send + Sync);

pub struct Runner<'r> {
    pub store: &'r Store,
    pub clock: Clock,
    pub fleet: &'r Fleet,
    pub cancel: &'r CancellationToken,
    pub tools: Tools<'r>,
    /// How many runs may go on at the same time in this program.
    pub slots: &'r Semaphore,
    /// Wait for the stack instead of giving up when somebody else changes it.
    pub queue: bool,
}

impl Runner<'_> {
    /// Performs an approved run. `before` is awaited when the stack is this run's alone and before
    /// anything is done to it. `conclude` keeps the report and gives its id: there is one before
    /// the run has ended for anybody. An error here is the store's: nothing is done that cannot be
    /// journalled.
    pub async fn perform<F, R>(
        &self,
        id: &str,
        plan: &Plan,
        watcher: Watcher<'_>,
        (before, conclude): (impl Future<Output = ()> + Send, F),
    ) -> Result<RunEnd, StoreError>
    where
        F: FnOnce(Ended) -> R + Send,
        R: Future<Output = String> + Send,
    {
        let Some(hold) = Hold::claim(self.store, self.clock, id, plan.lock()).await? else {
            return Ok(RunEnd::Busy { holder: None });
        };
        let stop = self.cancel.child_token();
        let work = async {
            if let Err(end) = self.ready(&hold, plan, watcher, &stop).await? {
                return Ok(end);
            }
            let turn = Turn::among(Some(self.slots));
            let told = || {
                let doing = say!("waiting until another run has ended");
                watcher(&Headway::none(plan), &doing);
            };
            if turn.take(&stop, told).await.is_none() {
                let detail = say!("cancelled while it waited for its turn");
                return called_off(&hold, detail).await;
            }
            let changed = world::changes(self.tools.engine, plan).await;
            if !changed.is_empty() {
                let detail = Clean::join(&changed, "; ");
                hold.set(RunState::Refused, detail.as_str(), "").await?;
                return Ok(RunEnd::Changed(changed));
            }
            before.await;
            hold.set(RunState::Running, "", "").await?;
            let course = Course {
                plan,
                known: BTreeMap::new(),
                spent: Duration::ZERO,
                turn: &turn,
                waits: true,
            };
            self.carry_out(&hold, course, (watcher, &stop), conclude)
                .await
        };
        let end = tokio::select! {
            end = work => end?,
            lost = hold.keep(&stop) => return Err(lost),
        };
        hold.release().await?;
        Ok(end)
    }

    /// Takes up a run that was cut short, with what its journal knows. Where it need not wait at
    /// gates, it is left at one that nobody has decided.
    pub async fn resume<F, R>(
        &self,
        id: &str,
        plan: &Plan,
        (known, waits): (BTreeMap<String, Known>, bool),
        conclude: F,
    ) -> Result<RunEnd, StoreError>
    where
        F: FnOnce(Ended) -> R + Send,
        R: Future<Output = String> + Send,
    {
        let Some(hold) = Hold::claim(self.store, self.clock, id, plan.lock()).await? else {
            return Ok(RunEnd::Busy { holder: None });
        };
        let stop = self.cancel.child_token();
        let work = async {
            if let Err(holder) = hold.lock().await? {
                return Ok(RunEnd::Busy { holder });
            }
            let record = self.store.run(id).await?;
            if record.state == RunState::Running {
                hold.set(
                    RunState::Unknown,
                    "the program stopped in the middle of it",
                    "",
                )
                .await?;
            }
            hold.set(RunState::Running, "", "").await?;
            let turn = Turn::among(None);
            let course = Course {
                plan,
                known,
                spent: self.since(record.started_ms),
                turn: &turn,
                waits,
            };
            self.carry_out(&hold, course, (&|_, _| {}, &stop), conclude)
                .await
        };
        let end = tokio::select! {
            end = work => end?,
            lost = hold.keep(&stop) => return Err(lost),
        };
        hold.release().await?;
        Ok(end)
    }

    async fn carry_out<F, R>(
        &self,
        hold: &Hold<'_>,
        course: Course<'_>,
        (watcher, stop): (Watcher<'_>, &CancellationToken),
        conclude: F,
    ) -> Result<RunEnd, StoreError>
    where
        F: FnOnce(Ended) -> R + Send,
        R: Future<Output = String> + Send,
    {
        let flow = Flow::new(hold, course, (&self.tools, self.fleet), (watcher, stop));
        let ended = match flow.run().await {
            Ok(ended) => ended,
            Err(Interrupt::Store(error)) => return Err(error),
            Err(Interrupt::Away(why)) => {
                hold.set(RunState::Unknown, why.as_str(), "").await?;
                return Ok(RunEnd::Away(why));
            }
        };
        let report = conclude(ended.clone()).await;
        hold.set(ended.state, ended.detail.as_str(), &report)
            .await?;
        Ok(RunEnd::Ended(ended))
    }

    /// How much of a run's time has gone since it began.
    fn since(&self, started_ms: Option<i64>) -> Duration {
        let started = started_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let spent = started.map(|started| self.clock.now().duration_since(started));
        spent
            .and_then(|spent| Duration::try_from(spent).ok())
            .unwrap_or_default()
    }

    /// Waits for the stack, if that is wanted. `Err` is how it ended before it began.
    async fn ready(
        &self,
        hold: &Hold<'_>,
        plan: &Plan,
        watcher: Watcher<'_>,
        stop: &CancellationToken,
    ) -> Result<Result<(), RunEnd>, StoreError> {
        let mut told = None;
        loop {
            let holder = match hold.lock().await? {
                Ok(()) => return Ok(Ok(())),
                Err(holder) => holder,
            };
            if !self.queue {
                let detail = "another run changes this stack";
                hold.set(RunState::Refused, detail, "").await?;
                return Ok(Err(RunEnd::Busy { holder }));
            }
            if told != holder {
                let run = holder.as_deref().map_or("", super::book::short);
                let doing = say!("waiting for run {} to end", Name::new(run));
                watcher(&Headway::none(plan), &doing);
                told = holder;
            }
            tokio::select! {
                () = tokio::time::sleep(KNOCK) => {}
                () = stop.cancelled() => {
                    let detail = say!("cancelled while {} was busy", Name::new(&plan.place()));
                    return called_off(hold, detail).await.map(Err);
                }
            }
        }
    }
}

/// It ends before it has begun.
async fn called_off(hold: &Hold<'_>, detail: Clean) -> Result<RunEnd, StoreError> {
    hold.set(RunState::Cancelled, detail.as_str(), "").await?;
    Ok(RunEnd::Ended(Ended {
        id: hold.claim.run.clone(),
        state: RunState::Cancelled,
        steps: Vec::new(),
        detail,
    }))
}
