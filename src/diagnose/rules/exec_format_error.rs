//! Its command is a file that this machine cannot run.

use super::{Rule, by_hand, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ExecFormatError,
    why: "A program built for another processor, or a script whose first line does not name its interpreter, is refused by the kernel.",
    example: "exec /app/server: exec format error",
    verify: "the container starts",
    prevention: &["build images for the platform they run on, and start scripts with a #! line"],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let says = |text: &str| text.to_lowercase().contains("exec format error");
    let logged = view.logs().rev().find(|item| says(item.text.as_str()));
    let failed = view.has_ended() || view.loops() || !state.error.is_empty();
    let mut proof = match (says(state.error.as_str()), logged) {
        (true, _) => vec![line],
        (false, Some(said)) if failed => vec![said, line],
        _ => return None,
    };
    let foreign = view.foreign_image();
    proof.extend(foreign);
    let why = if foreign.is_some() {
        "its image is built for another machine"
    } else {
        "it is not a program for this machine"
    };
    let summary = say!("{} cannot run its command: {}", view.name(), why);
    let mut finding = view.finding(Cause::ExecFormatError, Confidence::Certain, summary, &proof);
    let text = say!(
        "build the image of {} for this machine's processor, or name the interpreter in the script's first line",
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
