//! Its command is not in the image: the engine says so, or the shell ended with 127.

use super::{Rule, by_hand, read_logs, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::CommandNotFound,
    why: "The engine starts exactly the file the command names. When no such file is on the image's path, the container is never started (exit 127); a shell that cannot find a program ends with 127 too.",
    example: "exec: \"serve\": executable file not found in $PATH",
    prevention: &["run the image once in CI with the very command that production uses"],
    check,
};

const NOT_FOUND: i64 = 127;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let text = state.error.as_str();
    // a missing interpreter says the same of a file that is there
    let engine_says = text.contains("executable file not found")
        || (text.contains("no such file or directory") && text.contains("exec"));
    let exit = view.last_exit() == Some(NOT_FOUND) && (view.has_ended() || view.loops());
    let shell_says = view
        .logs()
        .rev()
        .find(|item| item.text.as_str().contains("not found"));
    let (confidence, proof) = match (engine_says, exit, shell_says) {
        (true, _, _) => (Confidence::Certain, vec![line]),
        (false, true, Some(said)) => (Confidence::Certain, vec![line, said]),
        (false, true, None) => (Confidence::Likely, vec![line]),
        (false, false, _) => return None,
    };
    let summary = say!(
        "{} cannot run its command: no such program in the image{}",
        view.name(),
        super::again_and_again(view)
    );
    let mut finding = view.finding(Cause::CommandNotFound, confidence, summary, &proof);
    finding.fixes.push(read_logs(view));
    let text = say!(
        "correct the command of {} (now `{}`), or use an image that has it",
        view.name(),
        state.program
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
