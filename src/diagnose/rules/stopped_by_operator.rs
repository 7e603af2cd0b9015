//! Somebody stopped or paused it through the engine. That is no failure, and it is said so.

use super::{Rule, start_again};
use crate::action::container::Status;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::events::EventFact;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::StoppedByOperator,
    why: "A stop, kill or pause through the engine leaves a record; a crash leaves none. What was stopped on purpose does not come back by itself.",
    example: "events: kill (signal 15), die, stop",
    prevention: &[
        "say in the channel when something is stopped on purpose, or stop it through Dogwatch, which records who and why",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (state_line, state) = view.state()?;
    if state.status == Status::Paused {
        let event = view
            .events()
            .rev()
            .find(|(_, fact)| *fact == EventFact::Paused)
            .map(|(item, _)| item);
        let proof: Vec<_> = [Some(state_line), event].into_iter().flatten().collect();
        let summary = say!("{} is paused: somebody froze it", view.name());
        let mut finding = view.finding(
            Cause::StoppedByOperator,
            Confidence::Certain,
            summary,
            &proof,
        );
        finding.fixes.push(super::Fix {
            text: say!("let {} go on", view.name()),
            command: Some(say!("docker unpause {}", view.container)),
            risk: crate::action::Risk::Change,
        });
        return Some(finding);
    }
    if state.status != Status::Exited {
        return None;
    }
    let stop = view.stopped_by_somebody()?;
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
