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
use super::outcome::{RunEnd, StepOutcome};
use crate::clock::Clock;
use crate::host::Fleet;
use crate::report::Report;
use crate::runbook::Plan;
use crate::stack::Sites;
use crate::store::{EntryKind, JournalEntry, RunRecord, RunState, StateChange, Store, StoreError};
use crate::survey::Survey;

/// An approved run that nobody began for so long never will be.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(60);

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
}

impl Recovery<'_> {
    /// Brings every abandoned run to its end, and gives the reports.
    pub async fn run(&self) -> Result<Vec<Report>, StoreError> {
        let mut reports = Vec::new();
        for run in self.store.unfinished_runs().await? {
            match run.state {
                RunState::Running | RunState::Unknown if self.is_abandoned(&run) => {
                    reports.extend(Box::pin(self.take_up(&run)).await?);
                }
                RunState::Approved if self.is_forgotten(&run).await? => {
                    let why = "the program stopped before it began: nothing was changed; ask again";
                    self.end(&run, RunState::Cancelled, why).await?;
                }
                RunState::AwaitingApproval if self.book().has_expired(&run) => {
                    self.end(&run, RunState::Refused, "nobody decided in time")
                        .await?;
                }
                _ => {}
            }
        }
        Ok(reports)
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

    async fn take_up(&self, run: &RunRecord) -> Result<Option<Report>, StoreError> {
        let plan = serde_json::from_str::<Plan>(&run.plan_json).ok();
        let Some(plan) = plan.filter(|plan| plan.hash() == run.plan_hash) else {
            self.give_up(run, "its plan cannot be read any more")
                .await?;
            return Ok(None);
        };
        let host = match self.fleet.host(Some(plan.host.as_str())).await {
            Ok(host) => host,
            Err(error) => {
                tracing::warn!(run = run.id, %error, "an interrupted run has to wait for its host");
                return Ok(None);
            }
        };
        let survey = match Survey::take(&host, self.clock, self.hidden).await {
            Ok(survey) => survey,
            Err(error) => {
                tracing::warn!(run = run.id, %error, "an interrupted run has to wait for its engine");
                return Ok(None);
            }
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
            cancel: &cancel,
            tools,
            slots: &slots,
            queue: false,
        };
        let people = People::of(run, self.store.decisions(&run.id).await?);
        let (kept, mut keeping) = tokio::sync::mpsc::channel(1);
        let (plan, people) = (&plan, &people);
        let end = runner
            .resume(&run.id, plan, known, |ended| async move {
                let occasion = (self.clock.id(), self.clock.now());
                let report = account::report(plan, &ended, people, occasion);
                let id = report.id.clone();
                if let Err(error) = self.store.save_report(&(&report).into()).await {
                    tracing::warn!(%error, "the report of a run could not be kept");
                }
                let _heard = kept.send(report).await;
                id
            })
            .await;
        match end {
            Ok(RunEnd::Ended(_)) => Ok(keeping.recv().await),
            Ok(RunEnd::Busy { .. } | RunEnd::Changed(_)) | Err(StoreError::TakenOver { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn give_up(&self, run: &RunRecord, why: &str) -> Result<(), StoreError> {
        if run.state == RunState::Running {
            self.end(run, RunState::Unknown, why).await?;
        }
        self.end(run, RunState::Failed, why).await
    }

    async fn end(&self, run: &RunRecord, to: RunState, detail: &str) -> Result<(), StoreError> {
        let change = StateChange {
            detail,
            ..StateChange::to(to, self.clock.now().as_millisecond())
        };
        match self.store.set_state(&run.id, &change).await {
            // somebody was quicker
            Err(StoreError::Transition { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
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
