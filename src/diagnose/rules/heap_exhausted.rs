//! The runtime's own heap limit is used up; the container's limit is not.

use super::Rule;
use super::{again_and_again, by_hand, recreate, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::stats::bytes;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::HeapExhausted,
    why: "Node, Java and PHP give themselves a limit of their own, often far under the container's. When it is used up they end themselves, and the kernel has no part in it.",
    example: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    verify: "the service runs past the time at which it used to end, and its memory levels off",
    prevention: &[
        "compose: environment: NODE_OPTIONS: --max-old-space-size=384 (about three quarters of mem_limit); for Java -XX:MaxRAMPercentage=75",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::HeapExhausted])?;
    let summary = say!(
        "{} used up its runtime's own heap limit and ended{}",
        view.name(),
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::HeapExhausted, said, summary);
    let advice = match view.state().and_then(|(_, state)| state.limits.memory) {
        Some(limit) => say!(
            "raise the heap limit of {} to about three quarters of its {} memory limit, or find the leak",
            view.name(),
            bytes(limit)
        ),
        None => say!(
            "raise the heap limit of {} (`--max-old-space-size`, `-Xmx`, `memory_limit`), or find the leak",
            view.name()
        ),
    };
    finding.fixes.push(by_hand(advice, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
