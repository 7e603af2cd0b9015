//! Clocks disagree: what was signed now is not valid yet, or no more, elsewhere.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ClockSkew,
    why: "Tokens and certificates carry times. When the clocks of two machines differ, a good one looks too early or too late.",
    example: "certificate is not yet valid; token used before issued",
    verify: "date says the same on both sides",
    prevention: &[
        "run a time service (chrony, systemd-timesyncd) on every host and alert when it loses its source",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::ClockSkew])?;
    let summary = say!(
        "{} fails because clocks disagree{}",
        view.name(),
        super::again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::ClockSkew, said, summary);
    finding.fixes.push(by_hand(
        say!(
            "compare `date -u` on both machines and set the one of {} right with its time service",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
