//! Runs whose program died: found by their ended leases, taken up with what the journal knows,
//! brought to an end, and reported.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::account::{self, People};
use super::act::Tools;
use super::book::Book;
use super::execute::Runner;
use super::flow::Known;
use super::operate::Ground;
use super::outcome::{Ended, RunEnd, StepEnd, StepOutcome, parts};
use crate::clock::Clock;
use crate::host::Fleet;
use crate::report::Report;
use crate::runbook::Plan;
use crate::say;
use crate::stack::Sites;
use crate::store::{EntryKind, JournalEntry, RunRecord, RunState, StateChange, Store, StoreError};
use crate::survey::Survey;
use crate::text::Redactor;

/// An approved run that nobody began for so long never will be.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(60);

const NEVER_BEGUN: &str = "the program stopped before it began: nothing was changed; ask again";

/// Everything recovery needs of the program.
pub struct Recovery<'r> {
    pub store: &'r Store,
    pub fleet: &'r Fleet,
    pub clock: Clock,
    /// Configured secrets that must not be shown.
    pub hidden: &'r [String],
    pub sites: &'r Sites,
    /// Secrets for programs, by name.
    pub secrets: &'r BTreeMap<String, String>,
    pub directory: PathBuf,
    /// How long a plan waits for its approval.
    pub expires: Duration,
    /// Stay with a run at its gate; otherwise it is left there until somebody has said something.
    pub waits: bool,
}

impl Recovery<'_> {
    /// Brings every abandoned run to its end, one after the other, and gives the reports.
    pub async fn run(&self) -> Result<Vec<Report>, StoreError> {
        let mut reports = Vec::new();
        for run in self.abandoned().await? {
            reports.extend(self.bring_to_end(&run).await?);
        }
        Ok(reports)
    }

    /// The runs that nobody works on and nobody will.
    pub async fn abandoned(&self) -> Result<Vec<RunRecord>, StoreError> {
        let mut abandoned = Vec::new();
        for run in self.store.unfinished_runs().await? {
            let is_abandoned = match run.state {
                RunState::Running | RunState::Unknown => self.book().was_cut_short(&run),
                RunState::Approved | RunState::Planned => self.is_forgotten(&run).await?,
                RunState::AwaitingApproval => self.book().has_expired(&run),
                _ => false,
            };
            if is_abandoned {
                abandoned.push(run);
            }
        }
        Ok(abandoned)
    }

    /// Brings one of them to its end. That takes as long as the run itself.
    pub async fn bring_to_end(&self, run: &RunRecord) -> Result<Option<Report>, StoreError> {
        match run.state {
            RunState::Running | RunState::Unknown => return Box::pin(self.take_up(run)).await,
            RunState::Approved => return self.never_begun(run).await,
            RunState::Planned => {
                self.end(run, RunState::Cancelled, NEVER_BEGUN, "").await?;
            }
            _ => {
                let why = "nobody decided in time";
                self.end(run, RunState::Refused, why, "").await?;
            }
        }
        Ok(None)
    }

    fn book(&self) -> Book<'_> {
        Book {
            store: self.store,
            clock: self.clock,
            expires: self.expires,
        }
    }

    fn is_abandoned(&self, run: &RunRecord) -> bool {
        run.lease_until_ms <= self.clock.now().as_millisecond()
    }

    async fn is_forgotten(&self, run: &RunRecord) -> Result<bool, StoreError> {
        if !self.is_abandoned(run) {
            return Ok(false);
        }
        let decisions = self.store.decisions(&run.id).await?;
        let last = decisions.last().map_or(run.created_ms, |said| said.at_ms);
        let since = Timestamp::from_millisecond(last).unwrap_or_default();
        Ok(self.clock.now().duration_since(since) > FORGOTTEN)
    }

    /// It was let go and never begun, so there is nothing to find out.
    async fn never_begun(&self, run: &RunRecord) -> Result<Option<Report>, StoreError> {
        let Some(plan) = readable(run) else {
            self.end(run, RunState::Cancelled, NEVER_BEGUN, "").await?;
            return Ok(None);
        };
        let ended = Ended::never_begun(&run.id, Redactor::shapes_only().clean(NEVER_BEGUN));
        let report = self.report(run, &plan, &ended).await?;
        self.end(run, RunState::Cancelled, NEVER_BEGUN, &report.id)
            .await?;
        Ok(Some(report))
    }

    async fn take_up(&self, run: &RunRecord) -> Result<Option<Report>, StoreError> {
        let Some(plan) = readable(run) else {
            let why = "its plan cannot be read any more";
            self.give_up(run, why, "").await?;
            return Ok(None);
        };
        let host = match self.fleet.host(Some(plan.host.as_str())).await {
            Ok(host) => host,
            Err(error) => return self.wait_for_host(run, &plan, &error.to_string()).await,
        };
        let survey = match Survey::take(&host, self.clock, self.hidden).await {
            Ok(survey) => survey,
            Err(error) => return self.wait_for_host(run, &plan, &error.to_string()).await,
        };
        let known = known(&self.store.journal(&run.id).await?);
        let tools = Tools {
            engine: &host.engine,
            redactor: &survey.redactor,
            secrets: self.secrets,
            directory: &self.directory,
            clock: self.clock,
            ground: Ground::Real {
                fleet: self.fleet,
                sites: self.sites,
                host: &host.name,
                on_line: &|_| {},
            },
        };
        let (cancel, slots) = (CancellationToken::new(), Semaphore::new(1));
        let runner = Runner {
            store: self.store,
            clock: self.clock,
            fleet: self.fleet,
            cancel: &cancel,
            tools,
            slots: &slots,
            queue: false,
        };
        let (kept, mut keeping) = tokio::sync::mpsc::channel(1);
        let planned = &plan;
        let resumed = runner.resume(&run.id, planned, (known, self.waits), |ended| async move {
            let id = ended.id.clone();
            match self.report(run, planned, &ended).await {
                Ok(report) => {
                    let _heard = kept.send(report).await;
                }
                Err(error) => tracing::warn!(%error, "the report of a run could not be kept"),
            }
            id
        });
        let end = Box::pin(resumed).await;
        match end {
            Ok(RunEnd::Ended(_)) => Ok(keeping.recv().await),
            Ok(RunEnd::Busy { .. } | RunEnd::Changed(_) | RunEnd::Away(_))
            | Err(StoreError::TakenOver { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A host that never comes back must not keep a run for ever: when the run's own time is over,
    /// it ends with what is known.
    async fn wait_for_host(
        &self,
        run: &RunRecord,
        plan: &Plan,
        why: &str,
    ) -> Result<Option<Report>, StoreError> {
        let started = run.started_ms.unwrap_or(run.created_ms);
        let started = Timestamp::from_millisecond(started).unwrap_or_default();
        let limit = SignedDuration::try_from(plan.limit).unwrap_or(SignedDuration::MAX);
        if self.clock.now().duration_since(started) <= limit {
            tracing::warn!(
                run = run.id,
                why,
                "an interrupted run has to wait for its host"
            );
            return Ok(None);
        }
        let known = known(&self.store.journal(&run.id).await?);
        let steps = parts(plan).filter_map(|(part, step)| match known.get(&part.key(step))? {
            Known::Ended(outcome) => Some((**outcome).clone()),
            Known::Begun(at) => {
                let end =
                    StepEnd::Unknown(say!("{} did not answer again: outcome unknown", plan.host));
                Some(StepOutcome::without_result(part, step, *at, end))
            }
        });
        let mut ended = Ended::of(&run.id, plan, steps.collect());
        ended.state = RunState::Failed;
        if ended.detail.is_empty() {
            ended.detail = say!("{} did not answer again", plan.host);
        }
        let report = self.report(run, plan, &ended).await?;
        self.give_up(run, ended.detail.as_str(), &report.id).await?;
        Ok(Some(report))
    }

    /// One run, one report, one id: who concludes a run again changes the report and makes no other.
    async fn report(
        &self,
        run: &RunRecord,
        plan: &Plan,
        ended: &Ended,
    ) -> Result<Report, StoreError> {
        let people = People::of(run, self.store.decisions(&run.id).await?);
        let occasion = (run.id.clone(), self.clock.now());
        let report = account::report(plan, ended, &people, occasion);
        self.store.save_report(&(&report).into()).await?;
        Ok(report)
    }

    async fn give_up(&self, run: &RunRecord, why: &str, report: &str) -> Result<(), StoreError> {
        if run.state == RunState::Running {
            self.end(run, RunState::Unknown, why, "").await?;
        }
        self.end(run, RunState::Failed, why, report).await
    }

    async fn end(
        &self,
        run: &RunRecord,
        to: RunState,
        detail: &str,
        report_id: &str,
    ) -> Result<(), StoreError> {
        let change = StateChange {
            detail,
            report_id,
            ..StateChange::to(to, self.clock.now().as_millisecond())
        };
        match self.store.set_state(&run.id, &change).await {
            // somebody was quicker
            Err(StoreError::Transition { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The plan of a run, if it is still the one that was approved.
fn readable(run: &RunRecord) -> Option<Plan> {
    let plan: Plan = serde_json::from_str(&run.plan_json).ok()?;
    (plan.hash() == run.plan_hash).then_some(plan)
}

/// What a journal knows of each step.
fn known(journal: &[JournalEntry]) -> BTreeMap<String, Known> {
    let mut known = BTreeMap::new();
    for entry in journal {
        match entry.kind {
            EntryKind::Intent => {
                let at = Timestamp::from_millisecond(entry.at_ms).unwrap_or_default();
                known.insert(entry.step.clone(), Known::Begun(at));
            }
            EntryKind::Outcome => {
                if let Ok(outcome) = serde_json::from_str::<StepOutcome>(&entry.body_json) {
                    known.insert(entry.step.clone(), Known::Ended(Box::new(outcome)));
                }
            }
            EntryKind::Note => {}
        }
    }
    known
}
