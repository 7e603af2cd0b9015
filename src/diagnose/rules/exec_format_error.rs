//! Its command is a file that this machine cannot run.

use super::{Rule, by_hand, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::Evidence;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ExecFormatError,
    why: "A program built for another processor, or a script whose first line does not name its interpreter, is refused by the kernel. Where the whole image is for another platform, that is told instead.",
    example: "exec /app/server: exec format error",
    verify: "the container starts",
    prevention: &["build images for the platform they run on, and start scripts with a #! line"],
    check,
};

/// Its command was refused as no program: the lines that show it.
pub(super) fn refused<'e>(view: &View<'e>) -> Option<Vec<&'e Evidence>> {
    let (line, state) = view.state()?;
    let says = |text: &str| text.to_lowercase().contains("exec format error");
    let logged = view.logs().rev().find(|item| says(item.text.as_str()));
    let failed = view.has_ended() || view.loops() || !state.error.is_empty();
    match (says(state.error.as_str()), logged) {
        (true, _) => Some(vec![line]),
        (false, Some(said)) if failed => Some(vec![said, line]),
        _ => None,
    }
}

fn check(view: &View<'_>) -> Option<Finding> {
    let proof = refused(view).filter(|_| view.foreign_image().is_none())?;
    let summary = say!(
        "{} cannot run its command: it is not a program for this machine",
        view.name()
    );
    let mut finding = view.finding(Cause::ExecFormatError, Confidence::Certain, summary, &proof);
    let text = say!(
        "build the image of {} for this machine's processor, or name the interpreter in the script's first line",
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
