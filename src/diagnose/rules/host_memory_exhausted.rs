//! What the container runs on is out of memory, the machine or a group above it, and the kernel chose
//! this process.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::Citation;
use crate::evidence::events::EventFact;
use crate::say;
use crate::text::{Clean, Name};

pub const RULE: Rule = Rule {
    cause: Cause::HostMemoryExhausted,
    why: "When the whole machine runs out of memory the kernel kills where it frees most. The container's own limit was not reached, or there is none; a group of containers with a limit in common can run out in the same way.",
    example: "OOMKilled true, exit 137, and no memory limit of its own",
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
    let killed = view.last_exit() == Some(KILLED) && (view.has_ended() || view.loops());
    if !killed || state.limits.memory.is_some() {
        return None;
    }
    let machine = view.machine();
    let is_full = machine.is_some_and(|(_, left)| left.memory_available < left.memory / LEFT);
    let event = view.near_death(|fact| fact == EventFact::OutOfMemory);
    // where nothing of its own can run out, what ran out is above it
    let by_kernel = state.oom_killed || event.is_some();
    let sent = view.near_death(|fact| matches!(fact, EventFact::Signalled { .. }));
    if !by_kernel && (!is_full || sent.is_some()) {
        return None;
    }
    let confidence = if by_kernel {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let summary = say!(
        "{} was killed {}{}",
        view.name(),
        ran_out(view, is_full),
        super::again_and_again(view)
    );
    let machine = machine.map(|(line, _)| line);
    let proof: Vec<_> = [Some(line), event, machine].into_iter().flatten().collect();
    let mut finding = view.finding(Cause::HostMemoryExhausted, confidence, summary, &proof);
    finding.evidence.extend(above(view));
    finding.fixes.push(super::look(
        say!("see what takes the host's memory"),
        say!("docker stats --no-stream"),
    ));
    finding.fixes.push(by_hand(
        say!(
            "free memory there or move containers away, then start {} again",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::start_again(view));
    Some(finding)
}

/// What had no memory left: a group that its container is in may have less than the host.
fn ran_out(view: &View<'_>, is_full: bool) -> Clean {
    match group(view) {
        Some(group) if !is_full => say!(
            "for lack of memory in the group `{}` that it shares, though it has no limit of its own",
            group
        ),
        _ if is_full => say!("while the host itself has no memory left"),
        _ => say!("for lack of memory on the host, though it has no limit of its own"),
    }
}

fn above(view: &View<'_>) -> Option<Citation> {
    let group = group(view)?;
    Some(super::noted(
        view,
        say!("no memory limit of its own, cgroup parent {}", group),
    ))
}

fn group(view: &View<'_>) -> Option<Name> {
    let group = &view.setup()?.settings.cgroup_parent;
    (!group.is_empty()).then(|| Name::new(group))
}
