//! The report of a run by itself: what was done, how it ended, how it is now, who asked and who
//! let it go. Pure; where something was wrong before, `repair` tells that story with it.

use jiff::Timestamp;

use super::blame::{blame, next};
use super::book::{NO_APPROVAL, short};
use super::checked::checks;
use super::outcome::{Ended, Part, StepEnd, StepOutcome};
use crate::diagnose::{Cause, Confidence};
use crate::report::{RelatedService, Report, ResolutionStep, RootCause, SCHEMA, TimelineEntry};
use crate::runbook::Plan;
use crate::say;
use crate::stack::revisions::short as short_commit;
use crate::store::{Decision, RunRecord, RunState, Verdict};
use crate::text::{Clean, Name, Redactor};

/// Who had to do with a run.
#[derive(Debug, Clone, Default)]
pub struct People {
    pub asked: Name,
    pub asked_at: Timestamp,
    pub decided: Vec<Decision>,
}

impl People {
    pub fn of(run: &RunRecord, decided: Vec<Decision>) -> Self {
        Self {
            asked: Name::new(&run.requested_by),
            asked_at: moment(run.created_ms),
            decided,
        }
    }

    /// Those who let it go, each once.
    pub fn approved(&self) -> Vec<Name> {
        let yes = self
            .decided
            .iter()
            .filter(|said| said.what == Verdict::Approve && said.reason != NO_APPROVAL);
        let mut names: Vec<Name> = yes.map(|said| Name::new(&said.who)).collect();
        names.dedup();
        names
    }
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// The whole report of a run before which nothing was found wrong.
pub fn report(
    plan: &Plan,
    ended: &Ended,
    people: &People,
    (id, at): (String, Timestamp),
) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        id,
        created_at: at,
        host: plan.host.clone(),
        project: plan.stack.clone(),
        environment: plan.environment.clone(),
        issue: issue(plan, ended),
        services_affected: Vec::new(),
        root_cause: root_cause(plan, ended),
        contributing: Vec::new(),
        resolution_steps: steps(plan, ended),
        verification: checks(plan, ended),
        prevention: plan.report.prevention.clone(),
        related_services: related(plan),
        timeline: timeline(plan, ended, people),
        checklist: Vec::new(),
        changes: Vec::new(),
        not_seen: Vec::new(),
        looked_at: took(ended),
    }
}

/// What a run adds to a report that tells why it was needed.
pub fn add(report: &mut Report, plan: &Plan, ended: &Ended, people: &People) {
    report.verification.extend(checks(plan, ended));
    report.looked_at = say!("{} · {}", report.looked_at, took(ended));
    report.related_services.extend(related(plan));
    for text in &plan.report.prevention {
        if !report.prevention.contains(text) {
            report.prevention.push(text.clone());
        }
    }
    report.timeline.extend(timeline(plan, ended, people));
    // stable: what happened at one moment stays in the order it was told
    report.timeline.sort_by_key(|entry| entry.at);
}

/// Which run, and how long it took from its first step to its last.
fn took(ended: &Ended) -> Clean {
    let run = Name::new(short(&ended.id));
    if ended.steps.is_empty() {
        return say!("run {}", run);
    }
    say!("run {} in {:.1} s", run, ended.took().as_secs_f64())
}

/// A run that did what it was to do found nothing wrong. Of one that failed nobody says so.
fn root_cause(plan: &Plan, ended: &Ended) -> RootCause {
    let summary = summary(plan, ended);
    match (ended.state, ended.failed()) {
        (RunState::Succeeded, _) | (_, None) => RootCause {
            cause: match ended.state {
                RunState::Succeeded | RunState::Cancelled => Cause::None,
                _ => Cause::Inconclusive,
            },
            service: Name::default(),
            summary,
            confidence: match ended.state {
                RunState::Succeeded | RunState::Cancelled => Confidence::Certain,
                _ => Confidence::Inconclusive,
            },
            evidence: Vec::new(),
        },
        (_, Some(failed)) => blame(plan, failed, summary),
    }
}

/// What was done, and where to look next if that was not enough.
fn steps(plan: &Plan, ended: &Ended) -> Vec<ResolutionStep> {
    ended.work().map(step).chain(next(plan, ended)).collect()
}

fn related(plan: &Plan) -> Vec<RelatedService> {
    let one = |service: &Name| RelatedService {
        service: service.clone(),
        why: say!("named by the runbook"),
    };
    plan.report.related.iter().map(one).collect()
}

fn issue(plan: &Plan, ended: &Ended) -> Clean {
    let told = plan.report.issue.as_ref().unwrap_or(&plan.title);
    let issue = match (ended.state, &plan.moved) {
        (RunState::Succeeded, Some(moved)) => {
            say!("{}: done, at {}", told, short_commit(&moved.to))
        }
        (RunState::Succeeded, None) => say!("{}: done", told),
        (RunState::Cancelled, _) if ended.detail.is_empty() => say!("{}: cancelled", told),
        (RunState::Cancelled, _) => say!("{}: {}", told, ended.detail),
        _ => match ended.failed() {
            Some(step) => say!("{}: failed at `{}`: {}", told, named(step), why(step)),
            None => say!("{}: failed", told),
        },
    };
    match way_back(plan, ended) {
        Some(back) => say!("{}; {}", issue, back),
        None => issue,
    }
}

/// What became of going back, where that was tried: the half of a failure that matters at night.
pub fn way_back(plan: &Plan, ended: &Ended) -> Option<Clean> {
    let is_back = |step: &&StepOutcome| step.part == Part::Rollback;
    let mut back = ended.steps.iter().filter(is_back).peekable();
    back.peek()?;
    if let Some(step) = back.find(|step| step.end.is_bad()) {
        return Some(say!(
            "going back failed too at `{}`: {}",
            named(step),
            why(step)
        ));
    }
    let is_ill = ended.verification().any(|step| step.end.is_bad());
    let well = if is_ill { "and not well" } else { "and well" };
    Some(match &plan.moved {
        Some(moved) => say!("it is back at {} {}", short_commit(&moved.from), well),
        None if is_ill => say!("it was rolled back, and is not well"),
        None => say!("it was rolled back"),
    })
}

fn named(step: &StepOutcome) -> Name {
    Name::new(&step.name)
}

pub(super) fn why(step: &StepOutcome) -> Clean {
    match &step.end {
        StepEnd::Failed(why) | StepEnd::Unknown(why) => why.clone(),
        _ => step.says.clone(),
    }
}

fn summary(plan: &Plan, ended: &Ended) -> Clean {
    say!(
        "{} {}: {} of {} steps done",
        plan.title,
        ended.state.word(),
        ended.done(),
        plan.steps().count()
    )
}

pub(super) fn step(outcome: &StepOutcome) -> ResolutionStep {
    ResolutionStep {
        text: told(outcome),
        command: None,
        runbook: None,
        risk: outcome.risk,
        taken: true,
    }
}

/// One step in one line.
pub fn told(outcome: &StepOutcome) -> Clean {
    let took = outcome.took.as_secs_f64();
    let says = said(outcome);
    match &outcome.end {
        StepEnd::Done => match outcome.text.lines().next() {
            Some(first) => say!("{}: done in {:.1} s: {}", says, took, first),
            None => say!("{}: done in {:.1} s", says, took),
        },
        StepEnd::Failed(why) => say!("{}: failed after {:.1} s: {}", says, took, why),
        StepEnd::Unknown(why) => say!("{}: {}", says, why),
        StepEnd::Skipped => say!("{}: not done, because a step before it failed", says),
        StepEnd::Cancelled => say!("{}: not done, because the run was cancelled", says),
        StepEnd::NotNeeded => say!("{}: not needed", says),
    }
}

fn said(outcome: &StepOutcome) -> Clean {
    match outcome.part {
        Part::Rollback => say!("roll back: {}", outcome.says),
        Part::Steps | Part::Verify => outcome.says.clone(),
    }
}

/// Who said what, and what was done: each step when it ended, so that nothing fails before what it
/// brought about.
fn timeline(plan: &Plan, ended: &Ended, people: &People) -> Vec<TimelineEntry> {
    let mut entries = decisions(plan, ended, people);
    let begun = ended.steps.iter().filter(|step| step.was_begun());
    entries.extend(begun.map(|step| TimelineEntry {
        at: step.ended(),
        text: say!(
            "dogwatch: {}: {} after {:.1} s",
            said(step),
            step.end.words(),
            step.took.as_secs_f64()
        ),
    }));
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// Who asked, and who said what to it.
fn decisions(plan: &Plan, ended: &Ended, people: &People) -> Vec<TimelineEntry> {
    let run = Name::new(short(&ended.id));
    let asked = TimelineEntry {
        at: people.asked_at,
        text: say!("{} asked for by {} (run {})", plan.title, people.asked, run),
    };
    let said = people.decided.iter().map(|said| {
        if said.what == Verdict::Approve && said.reason == NO_APPROVAL {
            return TimelineEntry {
                at: moment(said.at_ms),
                text: say!("no approval was needed"),
            };
        }
        let who = Name::new(&said.who);
        let reason = Redactor::shapes_only().clean(&said.reason);
        let word = match said.what {
            Verdict::Approve => "approved",
            Verdict::Deny => "denied",
            Verdict::Cancel => "cancelled",
            Verdict::Denied => "refused",
        };
        let text = if reason.is_empty() {
            say!("{} by {}", word, who)
        } else {
            say!("{} by {}: {}", word, who, reason)
        };
        TimelineEntry {
            at: moment(said.at_ms),
            text,
        }
    });
    std::iter::once(asked).chain(said).collect()
}
