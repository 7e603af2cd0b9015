//! The report of a repair: the cause as it was found before, the steps that were really taken, and
//! the checks as they come out afterwards. Pure.

use jiff::Timestamp;

use super::{StepEnd, StepOutcome};
use crate::diagnose::Cause;
use crate::report::build::and;
use crate::report::{
    AffectedService, CheckResult, Report, ResolutionStep, TimelineEntry, Verification,
};
use crate::say;
use crate::store::RunState;
use crate::text::{Clean, Name};

/// What was done about it.
pub struct Repair<'r> {
    pub run: &'r str,
    pub title: &'r Clean,
    pub by: Name,
    pub steps: &'r [StepOutcome],
    pub state: RunState,
}

/// `before` says why it was broken; `now` what is seen of each service after the repair, where
/// that was possible. The new report gets its own id and time.
pub fn after_repair(
    before: Report,
    now: &[Report],
    repair: &Repair<'_>,
    (id, at): (String, Timestamp),
) -> Report {
    let still = now.iter().find(|now| now.root_cause.cause != Cause::None);
    let checks = recheck(&before.verification, now);
    let issue = first_line(&before, now, repair, &checks);
    let seen = now.first().unwrap_or(&before);
    Report {
        id,
        created_at: at,
        issue,
        services_affected: match (still, now) {
            (Some(still), _) => still.services_affected.clone(),
            (None, [_, ..]) => recovered(&before),
            (None, []) => before.services_affected.clone(),
        },
        resolution_steps: repair.steps.iter().map(step).collect(),
        timeline: timeline(&before, now, repair),
        looked_at: seen.looked_at.clone(),
        not_seen: seen.not_seen.clone(),
        verification: checks,
        ..before
    }
}

/// What the engine recorded before and since, with who did what; nothing twice.
fn timeline(before: &Report, now: &[Report], repair: &Repair<'_>) -> Vec<TimelineEntry> {
    let mut timeline: Vec<TimelineEntry> = Vec::new();
    let recorded = before
        .timeline
        .iter()
        .chain(now.iter().flat_map(|now| &now.timeline))
        .cloned();
    for entry in recorded.chain(steps_in_time(repair)) {
        if !timeline.contains(&entry) {
            timeline.push(entry);
        }
    }
    // stable: what is recorded at one moment stays in the order it was told
    timeline.sort_by_key(|entry| entry.at);
    timeline
}

fn recovered(before: &Report) -> Vec<AffectedService> {
    let again = |service: &AffectedService| AffectedService {
        service: service.service.clone(),
        status: say!("recovered"),
        symptoms: vec![say!("was {}", service.status)],
    };
    before.services_affected.iter().map(again).collect()
}

/// The checks of before with what was seen now; what was not seen again was not run.
fn recheck(before: &[Verification], now: &[Report]) -> Vec<Verification> {
    let seen: Vec<&Verification> = now.iter().flat_map(|now| &now.verification).collect();
    let again = |check: &Verification| {
        let again = seen.iter().find(|other| other.command == check.command);
        let result = again.map_or(CheckResult::NotRun, |other| other.result);
        Verification {
            result,
            ..check.clone()
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

fn first_line(
    before: &Report,
    now: &[Report],
    repair: &Repair<'_>,
    checks: &[Verification],
) -> Clean {
    let passed = checks
        .iter()
        .filter(|check| check.result == CheckResult::Passed)
        .count();
    let names: Vec<Clean> = before
        .services_affected
        .iter()
        .map(|service| Clean::from(&service.service))
        .collect();
    let still = now.iter().find(|now| now.root_cause.cause != Cause::None);
    match (repair.state, still) {
        (RunState::Succeeded, _) if now.is_empty() => {
            say!("{} was done; how it is now could not be seen", repair.title)
        }
        (RunState::Succeeded, None) => {
            say!(
                "{} recovered: {} by {}; {} of {} checks pass",
                and(&names),
                repair.title,
                repair.by,
                passed,
                checks.len()
            )
        }
        (RunState::Succeeded, Some(still)) => say!(
            "{} was done, and it is not over: {}",
            repair.title,
            still.issue
        ),
        (state, _) => say!("{} {}: {}", repair.title, state.word(), failure(repair)),
    }
}

fn failure(repair: &Repair<'_>) -> Clean {
    let failed = repair.steps.iter().find_map(|step| match &step.end {
        StepEnd::Failed(why) | StepEnd::Unknown(why) => Some(say!("{}: {}", step.says, why)),
        _ => None,
    });
    failed.unwrap_or_else(|| {
        let done = repair
            .steps
            .iter()
            .filter(|step| step.end == StepEnd::Done)
            .count();
        say!("{} of {} steps were done", done, repair.steps.len())
    })
}

fn step(outcome: &StepOutcome) -> ResolutionStep {
    let took = outcome.took.as_secs_f64();
    let text = match &outcome.end {
        StepEnd::Done => say!("{}: done in {:.1} s", outcome.says, took),
        StepEnd::Failed(why) => say!("{}: failed after {:.1} s: {}", outcome.says, took, why),
        StepEnd::Skipped => say!(
            "{}: not done, because a step before it failed",
            outcome.says
        ),
        StepEnd::Cancelled => say!("{}: not done, because the run was cancelled", outcome.says),
        StepEnd::NotNeeded => say!("{}: not needed", outcome.says),
        StepEnd::Unknown(why) => say!("{}: {}", outcome.says, why),
    };
    ResolutionStep {
        text,
        command: None,
        runbook: None,
        risk: outcome.risk,
    }
}

fn steps_in_time(repair: &Repair<'_>) -> Vec<TimelineEntry> {
    let run = Name::new(super::book::short(repair.run));
    let asked = repair.steps.first().map(|first| TimelineEntry {
        at: first.at,
        text: say!("{} by {} (run {})", repair.title, repair.by, run),
    });
    let taken = repair.steps.iter().filter(|step| {
        !matches!(
            step.end,
            StepEnd::Skipped | StepEnd::Cancelled | StepEnd::NotNeeded
        )
    });
    let taken = taken.map(|step| {
        let how = if step.end == StepEnd::Done {
            "done"
        } else {
            "failed"
        };
        TimelineEntry {
            at: step.at,
            text: say!("dogwatch: {}: {}", step.says, how),
        }
    });
    asked.into_iter().chain(taken).collect()
}
