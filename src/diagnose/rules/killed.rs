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
    verify: "the container runs and no kill follows",
    prevention: &["stop services with a grace period instead of killing them"],
    check,
};

const KILLED: i64 = 137;
const TERMINATED: i64 = 143;
const SIGKILL: u32 = 9;
const SIGTERM: u32 = 15;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    // with a complaint of the engine somebody tried to start it since, and that is what failed
    let at_fault = (view.has_ended() || view.loops()) && state.error.is_empty();
    let by_signal = matches!(view.last_exit(), Some(KILLED | TERMINATED));
    if !by_signal || !at_fault || state.oom_killed || view.explains_itself() || ends_it_itself(view)
    {
        return None;
    }
    if view.end_is_forgotten() {
        // a stop that it ignored ends the same way
        return None;
    }
    let sent = view.near_death(|fact| {
        matches!(
            fact,
            EventFact::Signalled {
                signal: None | Some(SIGKILL | SIGTERM)
            }
        )
    });
    let (how, confidence) = match sent {
        Some(_) => (
            "by a signal that somebody sent through the engine",
            Confidence::Certain,
        ),
        None => (
            "by a signal which did not come through the engine",
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

/// A health check that kills what it finds ill.
fn ends_it_itself(view: &View<'_>) -> bool {
    view.health()
        .is_some_and(|(_, health)| health.test.as_str().contains("kill"))
}
