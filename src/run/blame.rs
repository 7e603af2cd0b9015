//! Why a run failed, as far as its failed step tells: a cause of the catalogue with the line that
//! proves it, or that the evidence does not decide. Pure.

use super::outcome::{Ended, StepOutcome, planned};
use crate::action::operate::Verb;
use crate::action::{Action, Risk};
use crate::diagnose::rules::said;
use crate::diagnose::{Cause, Confidence};
use crate::evidence::{Citation, Source};
use crate::report::{ResolutionStep, RootCause};
use crate::runbook::{Plan, PlannedStep};
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// The host that needs no name in a line.
const USUAL_HOST: &str = "local";

/// The root cause of a run that failed at this step.
pub(super) fn blame(plan: &Plan, failed: &StepOutcome, summary: Clean) -> RootCause {
    let evidence = evidence(failed);
    let makes_images = planned(plan, failed).is_some_and(makes_images);
    let proven = log(failed).filter(|_| makes_images).and_then(|log| {
        let (cause, line) = said::by_program(log)
            .or_else(|| Some((Cause::BuildFailed, failed.data.get("step")?.as_str()?)))?;
        Some((cause, line, service(plan, log)))
    });
    let Some((cause, line, service)) = proven else {
        return RootCause {
            cause: Cause::Inconclusive,
            service: Name::default(),
            summary,
            confidence: Confidence::Inconclusive,
            evidence,
        };
    };
    // the log was redacted before it was kept, so a line of it is clean
    let line = Redactor::shapes_only().clean(line.trim());
    let others = evidence.into_iter().filter(|cited| cited.text != line);
    let first = cited(failed, Source::Compose, line.clone());
    let cite = |cited: Citation| Citation {
        service: service.clone(),
        ..cited
    };
    RootCause {
        cause,
        summary: say!("{}: {}", summary, cause.title()),
        confidence: Confidence::Certain,
        evidence: std::iter::once(first).chain(others).map(cite).collect(),
        service,
    }
}

/// Only what builds and pulls is believed: in a task's own words anything may stand.
fn makes_images(step: &PlannedStep) -> bool {
    let Action::Call(call) = &step.action else {
        return false;
    };
    matches!(
        call.verb,
        Verb::Build | Verb::Pull | Verb::Up | Verb::UpAsBuilt
    )
}

/// What a failed program wrote.
fn log(step: &StepOutcome) -> Option<&str> {
    step.data.get("log")?.as_str()
}

/// What the step said: a program's last lines, else why it failed.
fn evidence(step: &StepOutcome) -> Vec<Citation> {
    if log(step).is_some() {
        let lines = step.text.lines();
        let cite = |line| cited(step, Source::Compose, line);
        return lines.map(cite).collect();
    }
    let why = say!("{}: {}", step.says, super::account::why(step));
    vec![cited(step, Source::Host, why)]
}

fn cited(step: &StepOutcome, source: Source, text: Clean) -> Citation {
    Citation {
        source,
        service: Name::default(),
        at: Some(step.ended()),
        text,
    }
}

/// The service that a builder or a registry last complained of, as compose writes it.
fn service(plan: &Plan, log: &str) -> Name {
    let known: Vec<&str> = plan.services.iter().map(bare).collect();
    let begins = |line: &str| {
        let line = line.trim_start_matches(|c: char| c == '#' || c.is_ascii_digit() || c == ' ');
        ["[", "Building ", "Pulling ", "Service '", "ERROR: for "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    let named = |line: &str| {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || "_.-".contains(c)));
        words.find_map(|word| known.iter().find(|name| **name == word).copied())
    };
    let told = log
        .lines()
        .rev()
        .filter(|line| begins(line))
        .find_map(named);
    let only = match known.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    told.or(only).map(Name::new).unwrap_or_default()
}

fn bare(full: &Name) -> &str {
    let full = full.as_str();
    full.split_once('/').map_or(full, |(_, service)| service)
}

/// Where to look next, for a run that ended badly.
pub(super) fn next(plan: &Plan, ended: &Ended) -> Option<ResolutionStep> {
    ended.failed()?;
    let (what, word) = match (plan.services.as_slice(), plan.stack()) {
        ([one], _) => (Clean::from(one), "diagnose"),
        (_, Some(stack)) => (Clean::from(stack), "status"),
        (_, None) => return None,
    };
    let target = if plan.host == USUAL_HOST {
        what.clone()
    } else {
        say!("{}:{}", plan.host, what)
    };
    Some(ResolutionStep {
        text: say!("look at {} as it is now", what),
        command: Some(say!("/ops {} {}", word, target)),
        runbook: None,
        risk: Risk::Read,
        taken: false,
    })
}
