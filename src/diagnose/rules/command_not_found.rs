//! Its command is not in the image: the engine says so, or the shell ended with 127.

use super::{Rule, by_hand, read_logs, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::Level;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::CommandNotFound,
    why: "The engine starts exactly the file the command names. When no such file is on the image's path, the container is never started (exit 127); a shell that cannot find a program ends with 127 too.",
    example: "exec: \"serve\": executable file not found in $PATH",
    verify: "the container starts and its program runs",
    prevention: &["run the image once in CI with the very command that production uses"],
    check,
};

const NOT_FOUND: i64 = 127;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let text = state.error.as_str();
    // a missing interpreter says the same of a file that is there
    let engine_says = view
        .state()
        .is_some_and(|(_, state)| !state.error.is_empty())
        && text.contains("executable file not found")
        || (text.contains("no such file or directory") && text.contains("exec"));
    let exit = view.last_exit() == Some(NOT_FOUND) && (view.has_ended() || view.loops());
    let shell_says = view.decisive_of(&[Cause::CommandNotFound]);
    // the loader ends with 127 too, and says what it lacks
    let other = view
        .decisive()
        .is_some_and(|said| said.1.cause != Cause::CommandNotFound && said.1.level > Level::Hint);
    let (confidence, proof) = match (engine_says, exit && !other, shell_says) {
        (true, _, _) => (Confidence::Certain, vec![line]),
        (false, _, Some(said)) => (Confidence::Certain, vec![line, said.0]),
        (false, true, None) => (Confidence::Likely, vec![line]),
        (false, false, None) => return None,
    };
    let command = shell_says.and_then(|said| said.1.name("command"));
    let command = command.map_or_else(
        || say!("`{}`", state.program),
        |command| say!("`{}`", command),
    );
    let is_script = shell_says.is_some_and(|said| said.1.signature.as_str() == "exec-interpreter");
    let why = if is_script {
        "the interpreter or loader that it names is not in the image; a script with Windows line ends names one that nobody has"
    } else {
        "there is no such program in its image"
    };
    let again = super::again_and_again(view);
    let summary = say!("{} cannot run {}: {}{}", view.name(), command, why, again);
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
