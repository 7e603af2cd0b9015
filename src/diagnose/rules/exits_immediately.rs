//! It ends at once without an error, and its restart policy brings it back each time.

use super::{Rule, by_hand, read_logs, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ExitsImmediately,
    why: "A container lives as long as its main process. A program that goes into the background, a shell without a terminal, or a finished job under a policy of always ends with code 0 and is started again for ever.",
    example: "exit 0, restarted 12 times, restart policy always",
    prevention: &["run the service in the foreground, and give one-off jobs the restart policy no"],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    if view.last_exit() != Some(0) || !view.loops() || view.stopped_by_somebody().is_some() {
        return None;
    }
    let summary = say!(
        "{} ends at once without an error and is restarted for ever ({} restarts)",
        view.name(),
        state.restart_count
    );
    let last = view.logs().next_back();
    let proof: Vec<_> = [Some(line), last].into_iter().flatten().collect();
    let mut finding = view.finding(
        Cause::ExitsImmediately,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding.fixes.push(read_logs(view));
    let text = say!(
        "keep `{}` in the foreground, or give {} the restart policy `no` if it is a job",
        state.program,
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
