//! It died of signal 6, which a program sends itself.

use super::Rule;
use super::segfault::died_of_a_signal;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};

pub const RULE: Rule = Rule {
    cause: Cause::Aborted,
    why: "A program aborts itself (signal 6) when it finds itself in a state it does not trust: a failed assertion, a corrupted heap, an unhandled exception in C++ or Go.",
    example: "exit 134 (128 + signal 6)",
    verify: "the service runs past the time at which it aborted",
    prevention: &["read the message before the abort: it names the assertion that failed"],
    check,
};

const EXIT: i64 = 134;
const SEGFAULT: i64 = 139;

fn check(view: &View<'_>) -> Option<Finding> {
    died_so(view)
        .then(|| died_of_a_signal(view, Cause::Aborted, "aborted itself (signal 6)"))
        .flatten()
}

/// The first process of a container cannot be ended by signal 6: it then ends by signal 11, and
/// only its words tell the two apart.
fn died_so(view: &View<'_>) -> bool {
    match view.last_exit() {
        Some(EXIT) => true,
        Some(SEGFAULT) => view.speaks_of(Cause::Aborted),
        _ => false,
    }
}
