//! Somebody stopped or paused it through the engine. That is no failure, and it is said so.

use jiff::SignedDuration;

use super::exits_immediately::is_a_server;
use super::{Rule, start_again};
use crate::action::Risk;
use crate::action::container::Status;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding, Fix};
use crate::evidence::events::EventFact;
use crate::evidence::state::StateFact;
use crate::evidence::{Evidence, Fact};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::StoppedByOperator,
    why: "A stop, kill or pause through the engine leaves a record; a crash leaves none. What was stopped on purpose does not come back by itself.",
    example: "events: kill (signal 15), die, stop",
    verify: "the container runs",
    prevention: &[
        "say in the channel when something is stopped on purpose, or stop it through Dogwatch, which records who and why",
    ],
    check,
};

const TERMINATED: i64 = 143;
const A_WHILE: SignedDuration = SignedDuration::from_secs(3);

fn check(view: &View<'_>) -> Option<Finding> {
    let Some((state_line, state)) = view.state() else {
        return removed(view);
    };
    if let Some(frozen) = frozen(view, state_line, state) {
        return Some(frozen);
    }
    // with a complaint of the engine somebody tried to start it since, and that is what failed
    if state.status != Status::Exited || !state.error.is_empty() {
        return None;
    }
    let Some(stop) = view.stopped_by_somebody() else {
        return without_record(view, state_line, state);
    };
    let forced = state.exit_code == Some(137);
    let how = if forced {
        "; it did not end in time and was killed"
    } else {
        ""
    };
    let summary = say!(
        "{} was stopped by somebody through the engine{}",
        view.name(),
        how
    );
    let mut finding = view.finding(
        Cause::StoppedByOperator,
        Confidence::Certain,
        summary,
        &[stop, state_line],
    );
    finding.fixes.push(start_again(view));
    Some(finding)
}

/// Nothing is left of it but the engine's record of its end.
fn removed(view: &View<'_>) -> Option<Finding> {
    let event = view.removed()?;
    let summary = say!(
        "{} is not there any more: somebody removed its container",
        view.name()
    );
    let cause = Cause::StoppedByOperator;
    let mut finding = view.finding(cause, Confidence::Certain, summary, &[event]);
    finding.fixes.push(Fix {
        text: say!("create {} anew", view.name()),
        command: Some(say!("docker compose up -d {}", view.name())),
        risk: Risk::Change,
    });
    Some(finding)
}

/// It is there and does nothing: paused by the engine, or by a signal that the engine passed on.
fn frozen(view: &View<'_>, state_line: &Evidence, state: &StateFact) -> Option<Finding> {
    let (summary, event, command) = if state.status == Status::Paused {
        let event = view
            .events()
            .rev()
            .find(|(_, fact)| *fact == EventFact::Paused)
            .map(|(item, _)| item);
        (
            say!("{} is paused: somebody froze it", view.name()),
            event,
            say!("docker unpause {}", view.container),
        )
    } else {
        (
            say!("{} is frozen: somebody sent it SIGSTOP", view.name()),
            Some(view.frozen_by()?),
            say!("docker kill --signal CONT {}", view.container),
        )
    };
    let proof: Vec<_> = [Some(state_line), event].into_iter().flatten().collect();
    let mut finding = view.finding(
        Cause::StoppedByOperator,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding.fixes.push(Fix {
        text: say!("let {} go on", view.name()),
        command: Some(command),
        risk: Risk::Change,
    });
    Some(finding)
}

/// The engine forgets its record soon. A policy that would have brought it back, and words of a
/// program that was asked to stop, tell of a stop as well.
fn without_record(view: &View<'_>, state_line: &Evidence, state: &StateFact) -> Option<Finding> {
    let policy = &state.restart_policy;
    let would_be_back = match policy.name.as_str() {
        "always" | "unless-stopped" => true,
        "on-failure" => {
            state.exit_code.is_some_and(|code| code != 0)
                && (policy.maximum == 0 || state.restart_count < policy.maximum)
        }
        _ => false,
    };
    let kept_away = would_be_back && state.error.is_empty();
    let by_the_signal_of_a_stop = view.end_is_forgotten() && state.exit_code == Some(TERMINATED);
    let served_and_ended = view.end_is_forgotten() && served_and_ended_well(view, state);
    let asked = view
        .lines_of_life()
        .into_iter()
        .rev()
        .find(|item| match &item.fact {
            Fact::Log(line) => line
                .hit
                .as_ref()
                .is_some_and(|hit| hit.cause == Cause::StoppedByOperator),
            _ => false,
        });
    let ended_by_signal = matches!(state.exit_code, Some(0 | 130 | 137 | 143));
    let why = if kept_away {
        "its restart policy would have brought it back"
    } else if asked.is_some() && ended_by_signal {
        "it says that it was asked to"
    } else if by_the_signal_of_a_stop {
        "it ended by the signal that a stop sends"
    } else if served_and_ended {
        "it served, and ended without an error"
    } else {
        return None;
    };
    let proof: Vec<&Evidence> = [Some(state_line), asked].into_iter().flatten().collect();
    let summary = say!("{} was stopped by somebody: {}", view.name(), why);
    let mut finding = view.finding(
        Cause::StoppedByOperator,
        Confidence::Likely,
        summary,
        &proof,
    );
    finding.fixes.push(start_again(view));
    Some(finding)
}

/// A program that goes to the background ends at once; one that served for a while was stopped.
fn served_and_ended_well(view: &View<'_>, state: &StateFact) -> bool {
    let lived = state.started_at.zip(state.finished_at);
    let served = lived.is_some_and(|(start, end)| end.duration_since(start) > A_WHILE);
    served && state.exit_code == Some(0) && is_a_server(view)
}
