//! It was asked to stop, did not, and was killed when the grace period was over.

use jiff::SignedDuration;

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::events::EventFact;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::SigtermIgnored,
    why: "A stop sends a signal, waits for the grace period and then kills. A shell as main process, a program that runs as process 1 without a handler, or one that ignores the signal never ends by itself, and loses what it had in memory.",
    example: "events: kill (signal 15), kill (signal 9), die (137), stop",
    verify: "docker stop ends it with code 0 or 143 well before the grace period",
    prevention: &[
        "compose: init: true, or exec in the start script so that the program itself gets the signal; handle SIGTERM; stop_grace_period as long as a clean end takes",
    ],
    check,
};

const KILLED: i64 = 137;
const SIGKILL: u32 = 9;
/// A grace period shorter than this says nothing about how it takes the signal.
const FAIR: SignedDuration = SignedDuration::from_millis(1800);

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let is_down = view.has_ended() && state.error.is_empty();
    if state.exit_code != Some(KILLED) || !is_down || state.oom_killed || view.accused {
        return None;
    }
    let stop = view.stopped_by_somebody()?;
    let asked = view.near_death(
        |fact| matches!(fact, EventFact::Signalled { signal } if signal != Some(SIGKILL)),
    )?;
    let killed = view.near_death(|fact| {
        fact == EventFact::Signalled {
            signal: Some(SIGKILL),
        }
    })?;
    let waited = killed.at?.duration_since(asked.at?);
    if waited < FAIR {
        return None;
    }
    let summary = say!(
        "{} did not end when it was asked to and was killed after {} s",
        view.name(),
        waited.as_secs()
    );
    let mut finding = view.finding(
        Cause::SigtermIgnored,
        Confidence::Certain,
        summary,
        &[asked, killed, line, stop],
    );
    finding.fixes.push(by_hand(say!("let {} end on SIGTERM: `init: true`, `exec` in its start script, or a handler in the program", view.name()), Risk::Change));
    finding.fixes.push(super::start_again(view));
    Some(finding)
}
