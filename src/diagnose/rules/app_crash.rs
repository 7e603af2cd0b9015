//! The program ended by an error of its own that nothing else explains.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::words::is_bug;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::AppCrash,
    why: "An exception that nobody caught, a panic, a failed assertion: a fault in the program or in what it was fed.",
    example: "TypeError: Cannot read properties of undefined (reading 'items')",
    verify: "the service runs past the place at which it crashed",
    prevention: &[
        "catch errors at the edges, log them with their context, and test with the data that broke it",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let failed = (view.has_ended() || view.loops()) && view.last_exit() != Some(0);
    let said = view.decisive_of(&[Cause::AppCrash]).filter(|_| failed)?;
    let what = said
        .1
        .name("message")
        .map(|message| say!(": {}", message))
        .unwrap_or_default();
    let summary = say!(
        "{} crashed{}{}",
        view.name(),
        what,
        super::again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::AppCrash, said, summary);
    finding.confidence = if is_bug(said) {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    finding.fixes.push(super::read_logs(view));
    finding.fixes.push(by_hand(
        say!(
            "correct the place that the trace of {} names, or go back to the version before",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
