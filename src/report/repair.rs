//! The report of a repair: the cause as it was found before, the steps that were really taken, and
//! the checks as they come out afterwards. Pure.

use jiff::Timestamp;

use super::build::and;
use super::{CheckResult, Report, ResolutionStep, TimelineEntry, Verification};
use crate::diagnose::Cause;
use crate::run::{StepEnd, StepOutcome};
use crate::say;
use crate::store::RunState;
use crate::text::{Clean, Name};

/// What was done about it.
pub struct Repair<'r> {
    pub run: &'r str,
    pub title: &'r Clean,
    pub by: String,
    pub steps: &'r [StepOutcome],
    pub state: RunState,
}

/// `before` says why it was broken; `now` what is seen after the repair, where that was possible.
pub fn after_repair(before: Report, now: Option<Report>, repair: &Repair<'_>, at: Timestamp, id: String) -> Report {
    let checks = recheck(&before.verification, now.as_ref());
    let issue = first_line(&before, now.as_ref(), repair, &checks);
    let mut timeline = before.timeline.clone();
    timeline.extend(now.iter().flat_map(|now| now.timeline.clone()));
    timeline.extend(steps_in_time(repair));
    timeline.sort_by(|a, b| (a.at, &a.text).cmp(&(b.at, &b.text)));
    timeline.dedup();
    Report {
        id,
        created_at: at,
        issue,
        services_affected: now.as_ref().map_or(before.services_affected.clone(), |now| {
            if now.root_cause.cause == Cause::None { recovered(&before) } else { now.services_affected.clone() }
        }),
        resolution_steps: repair.steps.iter().map(step).collect(),
        verification: checks,
        timeline,
        looked_at: now.as_ref().map_or(before.looked_at.clone(), |now| now.looked_at.clone()),
        not_seen: now.as_ref().map_or(before.not_seen.clone(), |now| now.not_seen.clone()),
        ..before
    }
}

fn recovered(before: &Report) -> Vec<super::AffectedService> {
    let again = |service: &super::AffectedService| super::AffectedService {
        service: service.service.clone(),
        status: say!("recovered"),
        symptoms: vec![say!("was {}", service.status)],
    };
    before.services_affected.iter().map(again).collect()
}

/// The checks of before with what was seen now; what was not seen again was not run.
fn recheck(before: &[Verification], now: Option<&Report>) -> Vec<Verification> {
    let seen = |check: &Verification| {
        let again = now?.verification.iter().find(|other| other.command == check.command)?;
        Some(again.result)
    };
    let mut checks: Vec<Verification> = before
        .iter()
        .map(|check| Verification { result: seen(check).unwrap_or(CheckResult::NotRun), ..check.clone() })
        .collect();
    let new = now.into_iter().flat_map(|now| &now.verification);
    checks.extend(new.filter(|check| !before.iter().any(|old| old.command == check.command)).cloned());
    checks
}

fn first_line(before: &Report, now: Option<&Report>, repair: &Repair<'_>, checks: &[Verification]) -> Clean {
    let passed = checks.iter().filter(|check| check.result == CheckResult::Passed).count();
    let names: Vec<Clean> = before.services_affected.iter().map(|service| Clean::from(&service.service)).collect();
    let fixed = passed == checks.len() && now.is_some_and(|now| now.root_cause.cause == Cause::None);
    let by = Name::new(&repair.by);
    match (repair.state, fixed) {
        (RunState::Succeeded, true) => {
            say!("{} recovered: {} by {}; {} of {} checks pass", and(&names), repair.title, by, passed, checks.len())
        }
        (RunState::Succeeded, false) => match now {
            Some(now) => say!("{} was done, and it is not over: {}", repair.title, now.issue),
            None => say!("{} was done; how it is now could not be seen", repair.title),
        },
        (state, _) => say!("{} {}: {}", repair.title, state.word(), failure(repair)),
    }
}

fn failure(repair: &Repair<'_>) -> Clean {
    let failed = repair.steps.iter().find_map(|step| match &step.end {
        StepEnd::Failed(why) => Some(say!("{}: {}", step.says, why)),
        _ => None,
    });
    failed.unwrap_or_else(|| {
        let done = repair.steps.iter().filter(|step| step.end == StepEnd::Done).count();
        say!("{} of {} steps were done", done, repair.steps.len())
    })
}

fn step(outcome: &StepOutcome) -> ResolutionStep {
    let took = outcome.took.as_secs_f64();
    let text = match &outcome.end {
        StepEnd::Done => say!("{}: done in {:.1} s", outcome.says, took),
        StepEnd::Failed(why) => say!("{}: failed after {:.1} s: {}", outcome.says, took, why),
        StepEnd::Skipped => say!("{}: not done, because a step before it failed", outcome.says),
        StepEnd::Cancelled => say!("{}: not done, because the run was cancelled", outcome.says),
    };
    ResolutionStep { text, command: None, runbook: None, risk: outcome.risk }
}

fn steps_in_time(repair: &Repair<'_>) -> Vec<TimelineEntry> {
    let by = Name::new(&repair.by);
    let run = Name::new(crate::run::book::short(repair.run));
    let asked = repair.steps.first().map(|first| TimelineEntry { at: first.at, text: say!("{} by {} (run {})", repair.title, by, run) });
    let taken = repair.steps.iter().filter(|step| !matches!(step.end, StepEnd::Skipped | StepEnd::Cancelled));
    let taken = taken.map(|step| {
        let how = if step.end == StepEnd::Done { "done" } else { "failed" };
        TimelineEntry { at: step.at, text: say!("dogwatch: {}: {}", step.says, how) }
    });
    asked.into_iter().chain(taken).collect()
}
