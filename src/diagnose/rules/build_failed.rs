//! Its image could not be built.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::BuildFailed,
    why: "A step of the Dockerfile failed; nothing was started.",
    example: "failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully",
    verify: "docker compose build succeeds",
    prevention: &[
        "build in CI on every change, with the lock file and the same platform as production",
    ],
    check,
};

pub(super) const WORDS: &[&str] = &[
    "failed to solve",
    "returned a non-zero code",
    "failed to build",
    "executor failed running",
];

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let summary = say!("{} cannot start: its image could not be built", view.name());
    let mut finding = view.finding(Cause::BuildFailed, Confidence::Certain, summary, &[line]);
    finding.fixes.push(super::by_hand(
        say!("mend the step that failed"),
        Risk::Change,
    ));
    finding.fixes.push(super::rebuild(view));
    Some(finding)
}
