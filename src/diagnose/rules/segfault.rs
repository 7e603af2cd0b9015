//! It died of signal 11.

use super::{Rule, read_logs, start_again};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::Segfault,
    why: "The kernel ends a program with signal 11 when it touches memory that is not its own: a bug in native code, or a library that does not fit.",
    example: "exit 139 (128 + signal 11)",
    verify: "the service runs past the time at which it crashed",
    prevention: &["keep core dumps of this service, so that the next crash names its line"],
    check,
};

const EXIT: i64 = 139;

fn check(view: &View<'_>) -> Option<Finding> {
    if view.last_exit() != Some(EXIT) || view.speaks_of(Cause::Aborted) {
        return None;
    }
    let what = "crashed: it touched memory it may not (signal 11)";
    died_of_a_signal(view, Cause::Segfault, what)
}

/// It ended by a signal of its own making, and nothing it said tells more.
pub(super) fn died_of_a_signal(
    view: &View<'_>,
    cause: Cause,
    what: &'static str,
) -> Option<Finding> {
    let (line, _) = view.state()?;
    if !(view.has_ended() || view.loops()) || view.explains_itself() {
        return None;
    }
    let last = view.logs().next_back();
    let proof: Vec<_> = [Some(line), last].into_iter().flatten().collect();
    let again = super::again_and_again(view);
    let summary = say!("{} {}{}", view.name(), what, again);
    let mut finding = view.finding(cause, Confidence::Certain, summary, &proof);
    finding.fixes.push(read_logs(view));
    finding.fixes.push(start_again(view));
    Some(finding)
}
