//! It died of signal 9, and not for lack of memory.

use super::{Rule, read_logs, start_again};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::events::EventFact;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::Killed,
    why: "Signal 9 cannot be caught. When the engine's record shows the signal, somebody sent it through the engine; when it shows none, a process of the host or of the container did.",
    example: "exit 137 without an oom event",
    prevention: &["stop services with a grace period instead of killing them"],
    check,
};

const KILLED: i64 = 137;
const SIGKILL: u32 = 9;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let at_fault = view.has_ended() || view.loops();
    if view.last_exit() != Some(KILLED) || !at_fault || state.oom_killed {
        return None;
    }
    let sent = view.near_death(|fact| {
        matches!(
            fact,
            EventFact::Signalled {
                signal: None | Some(SIGKILL)
            }
        )
    });
    let (how, confidence) = match sent {
        Some(_) => (
            "by a signal that somebody sent through the engine",
            Confidence::Certain,
        ),
        None => (
            "by signal 9, which did not come through the engine",
            Confidence::Likely,
        ),
    };
    let proof: Vec<_> = [Some(line), sent].into_iter().flatten().collect();
    let summary = say!(
        "{} was killed {}{}",
        view.name(),
        how,
        super::again_and_again(view)
    );
    let mut finding = view.finding(Cause::Killed, confidence, summary, &proof);
    finding.fixes.push(read_logs(view));
    finding.fixes.push(start_again(view));
    Some(finding)
}
