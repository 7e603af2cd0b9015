//! The report of a repair: the cause as it was found before, the steps that were really taken, and
//! the checks as they come out afterwards. Pure.

use jiff::Timestamp;

use super::account::{self, People};
use super::outcome::{Ended, StepEnd, StepOutcome};
use crate::diagnose::Cause;
use crate::report::build::and;
use crate::report::{
    AffectedService, CheckResult, Report, ResolutionStep, TimelineEntry, Verification,
};
use crate::runbook::Plan;
use crate::say;
use crate::store::RunState;
use crate::text::{Clean, Name};

/// What was done about it.
pub struct Repair<'r> {
    pub plan: &'r Plan,
    pub ended: &'r Ended,
    pub people: &'r People,
}

/// What is seen after a repair.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// One for each service that could be looked at.
    pub reports: Vec<Report>,
    /// Services without a container that is well, whatever the reason, with their state.
    pub unwell: Vec<(Name, Clean)>,
}

impl Now {
    pub fn is_ill(&self) -> bool {
        self.still().is_some()
    }

    fn still(&self) -> Option<&Report> {
        let mut reports = self.reports.iter();
        reports.find(|report| report.root_cause.cause != Cause::None)
    }

    fn state_of(&self, service: &Name) -> Option<&Clean> {
        let mut unwell = self.unwell.iter();
        unwell
            .find(|(name, _)| name == service)
            .map(|(_, state)| state)
    }
}

/// `before` says why it was broken. The new report gets its own id and time.
pub fn after_repair(
    before: Report,
    now: &Now,
    repair: &Repair<'_>,
    (id, at): (String, Timestamp),
) -> Report {
    let checks = recheck(&before.verification, &now.reports);
    let issue = first_line(&before, now, repair, &checks);
    let seen = now.reports.first().unwrap_or(&before);
    let mut report = Report {
        id,
        created_at: at,
        issue,
        services_affected: match (now.still(), now.reports.as_slice()) {
            (Some(still), _) => still.services_affected.clone(),
            (None, [_, ..]) => afterwards(&before, now),
            (None, []) => before.services_affected.clone(),
        },
        resolution_steps: steps(now, repair),
        timeline: recorded(&before, &now.reports),
        looked_at: seen.looked_at.clone(),
        not_seen: seen.not_seen.clone(),
        verification: checks,
        ..before
    };
    account::add(&mut report, repair.plan, repair.ended, repair.people);
    report
}

/// What was done; where that was not enough, what mends it as it is now.
fn steps(now: &Now, repair: &Repair<'_>) -> Vec<ResolutionStep> {
    let taken = repair.ended.work().map(account::step);
    let still = now.still().into_iter();
    let left = still.flat_map(|report| report.resolution_steps.iter().cloned());
    taken.chain(left).collect()
}

/// What the engine recorded before and since; nothing twice.
fn recorded(before: &Report, now: &[Report]) -> Vec<TimelineEntry> {
    let mut timeline: Vec<TimelineEntry> = Vec::new();
    let all = before.timeline.iter();
    for entry in all.chain(now.iter().flat_map(|now| &now.timeline)) {
        if !timeline.contains(entry) {
            timeline.push(entry.clone());
        }
    }
    timeline
}

/// Nothing is found wrong any more, which is not the same as being well.
fn afterwards(before: &Report, now: &Now) -> Vec<AffectedService> {
    let again = |service: &AffectedService| AffectedService {
        service: service.service.clone(),
        status: match now.state_of(&service.service) {
            Some(state) => say!("not well yet: {}", state),
            None => say!("recovered"),
        },
        symptoms: vec![say!("was {}", service.status)],
    };
    before.services_affected.iter().map(again).collect()
}

/// The checks of before with what was seen now; what was not seen again was not run.
fn recheck(before: &[Verification], now: &[Report]) -> Vec<Verification> {
    let seen: Vec<&Verification> = now.iter().flat_map(|now| &now.verification).collect();
    let again = |check: &Verification| {
        let again = seen.iter().find(|other| other.command == check.command);
        match again {
            Some(again) => (*again).clone(),
            None => Verification {
                result: CheckResult::NotRun,
                ..check.clone()
            },
        }
    };
    let mut checks: Vec<Verification> = before.iter().map(again).collect();
    for check in seen {
        if !checks.iter().any(|known| known.command == check.command) {
            checks.push(check.clone());
        }
    }
    checks
}

fn first_line(before: &Report, now: &Now, repair: &Repair<'_>, checks: &[Verification]) -> Clean {
    let (title, state) = (&repair.plan.title, repair.ended.state);
    if state != RunState::Succeeded {
        let line = say!("{} {}: {}", title, state.word(), failure(repair));
        return match account::way_back(repair.plan, repair.ended) {
            Some(back) => say!("{}; {}", line, back),
            None => line,
        };
    }
    if let Some(still) = now.still() {
        return say!("{} was done, and it is not over: {}", title, still.issue);
    }
    if now.reports.is_empty() {
        return say!("{} was done; how it is now could not be seen", title);
    }
    let affected = before.services_affected.iter();
    let not_yet = affected.clone().find_map(|affected| {
        let state = now.state_of(&affected.service)?;
        Some(say!("{} is not well yet: {}", affected.service, state))
    });
    if let Some(not_yet) = not_yet {
        return say!("{} was done; {}", title, not_yet);
    }
    let passed = |check: &&Verification| check.result == CheckResult::Passed;
    let names: Vec<Clean> = affected.map(|one| Clean::from(&one.service)).collect();
    say!(
        "{} recovered: {} by {}; {} of {} checks pass",
        and(&names),
        title,
        repair.people.asked,
        checks.iter().filter(passed).count(),
        checks.len()
    )
}

fn failure(repair: &Repair<'_>) -> Clean {
    let why = |step: &StepOutcome| match &step.end {
        StepEnd::Failed(why) | StepEnd::Unknown(why) => Some(say!("{}: {}", step.says, why)),
        _ => None,
    };
    repair.ended.work().find_map(why).unwrap_or_else(|| {
        say!(
            "{} of {} steps were done",
            repair.ended.done(),
            repair.plan.steps().count()
        )
    })
}
