//! The machine itself is out of memory, and the kernel chose this process.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::HostMemoryExhausted,
    why: "When the whole machine runs out of memory the kernel kills where it frees most. The container's own limit was not reached, or there is none.",
    example: "exit 137 without a limit of its own, while the host has next to no memory left",
    verify: "the host has memory available again",
    prevention: &[
        "give every container a limit whose sum fits the machine, and alert on the host's available memory",
    ],
    check,
};

/// Less than this part of its memory left is none left.
const LEFT: u64 = 20;
const KILLED: i64 = 137;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let (machine_line, machine) = view.machine()?;
    let killed = view.last_exit() == Some(KILLED) && (view.has_ended() || view.loops());
    let is_full = machine.memory_available < machine.memory / LEFT;
    if !killed || !is_full || state.limits.memory.is_some() {
        return None;
    }
    let summary = say!(
        "{} was killed while the host itself has no memory left",
        view.name()
    );
    let mut finding = view.finding(
        Cause::HostMemoryExhausted,
        Confidence::Likely,
        summary,
        &[line, machine_line],
    );
    finding.fixes.push(super::look(
        say!("see what takes the host's memory"),
        say!("docker stats --no-stream"),
    ));
    finding.fixes.push(by_hand(
        say!(
            "free memory on the host or move containers away, then start {} again",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::start_again(view));
    Some(finding)
}
