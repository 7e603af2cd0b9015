//! Its command is there but may not be executed: the engine says so, or a shell ended with 126.

use super::{Rule, by_hand, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ExecPermission,
    why: "A file can be started only when its execute bit is set for the user of the container and its file system allows programs. A script copied without the bit is the usual reason.",
    example: "exec: \"/app/start.sh\": permission denied",
    verify: "the container starts",
    prevention: &["set the execute bit in the repository, or use COPY --chmod=755"],
    check,
};

const MAY_NOT_RUN: i64 = 126;

fn check(view: &View<'_>) -> Option<Finding> {
    its_command(view).or_else(|| its_check(view))
}

/// The service may be well: what may not be executed is its health check.
fn its_check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health().filter(|_| view.is_unhealthy())?;
    let may_not_run = matches!(health.exit_code, Some(MAY_NOT_RUN | -1));
    if !may_not_run || !health.output.as_str().contains("ermission denied") {
        return None;
    }
    let summary = say!(
        "{} is reported unhealthy only because its check may not be executed",
        view.name()
    );
    let mut finding = view.finding(Cause::ExecPermission, Confidence::Certain, summary, &[line]);
    finding.fixes.push(by_hand(
        say!("set the execute bit of the program in `{}`", health.test),
        Risk::Change,
    ));
    finding.fixes.push(recreate(view));
    Some(finding)
}

fn its_command(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let engine_says =
        state.error.as_str().contains("permission denied") && state.error.as_str().contains("exec");
    let exit = view.last_exit() == Some(MAY_NOT_RUN) && (view.has_ended() || view.loops());
    let shell_says = view.decisive_of(&[Cause::ExecPermission]);
    let (confidence, proof) = match (engine_says, exit, shell_says) {
        (true, _, _) => (Confidence::Certain, vec![line]),
        (false, true, Some(said)) => (Confidence::Certain, vec![line, said.0]),
        (false, false, Some(said)) => (Confidence::Likely, vec![line, said.0]),
        (false, _, None) => return None,
    };
    let program = shell_says
        .and_then(|said| said.1.name("command"))
        .unwrap_or(&state.program);
    let summary = say!(
        "{} may not execute its command `{}`{}",
        view.name(),
        program,
        super::again_and_again(view)
    );
    let mut finding = view.finding(Cause::ExecPermission, confidence, summary, &proof);
    finding.fixes.push(by_hand(
        say!(
            "set the execute bit of `{}` where the image is built",
            program
        ),
        Risk::Change,
    ));
    finding.fixes.push(recreate(view));
    Some(finding)
}
