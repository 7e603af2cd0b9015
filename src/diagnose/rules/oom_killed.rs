//! The kernel killed the container at its memory limit. Two signals are wanted: the flag can be
//! false after an out-of-memory kill, and true when a child was killed and the main process went on.

use jiff::SignedDuration;

use super::{Rule, by_hand, recreate, start_again};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::events::EventFact;
use crate::evidence::stats::bytes;
use crate::evidence::{Evidence, Hit};
use crate::say;
use crate::text::Clean;

pub const RULE: Rule = Rule {
    cause: Cause::OomKilled,
    why: "A container may use as much memory as its limit says. When its processes ask for more, the kernel kills one of them with signal 9, and where that is the main process the container ends with exit code 137.",
    example: "OOMKilled true, exit 137; events: oom, then die",
    verify: "memory stays under 85 % of the limit, and no oom event follows",
    prevention: &[
        "set the limit to the measured use plus at least 200 MiB, and never under 600 MiB",
        "alert when memory stays above 85 % of the limit",
    ],
    check,
};

const KILLED: i64 = 137;

/// What the engine says when even its own first step in the container needs more than the limit.
const TOO_LITTLE_TO_START: &[&str] = &["OOM-killed", "memory limit too low"];

/// What the kernel did longer ago than this has no part in how it is now.
const RECENT: SignedDuration = SignedDuration::from_secs(180);

fn check(view: &View<'_>) -> Option<Finding> {
    ended(view)
        .or_else(|| lives_on(view))
        .or_else(|| soon_again(view))
}

/// The main process was killed.
fn ended(view: &View<'_>) -> Option<Finding> {
    let (state_line, state) = view.state()?;
    let at_start = super::engine_says(view, TOO_LITTLE_TO_START).is_some();
    let flag = state.oom_killed || at_start;
    let event = view.near_death(|fact| fact == EventFact::OutOfMemory);
    if view.decisive_of(&[Cause::HeapExhausted]).is_some() {
        return None;
    }
    let failed = view.has_ended() || view.loops() || at_start;
    if !failed || !(flag || event.is_some()) {
        return None;
    }
    let died_of_kill = view.last_exit() == Some(KILLED) || at_start;
    let limit = state.limits.memory;
    if limit.is_none() && died_of_kill && !at_start {
        // that it ran into no limit of its own is told by the rule for the host
        return None;
    }
    // without exit 137 a child was killed, and how the main process ended says whether that was it
    let confidence = match (died_of_kill, event.is_some() || limit.is_some()) {
        (true, true) => Confidence::Certain,
        // it went on without the child and ended well
        (false, _) if view.last_exit() == Some(0) && !view.accused => return None,
        _ => Confidence::Likely,
    };
    let of = limit
        .map(|limit| say!(" (limit {})", bytes(limit)))
        .unwrap_or_default();
    let summary = say!(
        "{} was killed for lack of memory{}{}",
        view.name(),
        of,
        super::again_and_again(view)
    );
    let proof: Vec<_> = [Some(state_line), event, view.usage()]
        .into_iter()
        .flatten()
        .collect();
    let mut finding = view.finding(Cause::OomKilled, confidence, summary, &proof);
    if let Some(limit) = limit {
        more_memory(&mut finding, view, limit);
    }
    finding.fixes.push(start_again(view));
    Some(finding)
}

/// It was killed, came back and has used up its limit again: the next kill is a matter of moments,
/// and near the limit a process may linger for long.
fn soon_again(view: &View<'_>) -> Option<Finding> {
    let (state_line, state) = view.state().filter(|_| view.is_running())?;
    let (usage, stats) = view.stats()?;
    let kill = view.near_death(|fact| fact == EventFact::OutOfMemory)?;
    let limit = state.limits.memory?;
    if stats.memory_percent()? < super::memory_pressure::CLOSE {
        return None;
    }
    let summary = say!(
        "{} was killed for lack of memory (limit {}) and has used it up again",
        view.name(),
        bytes(limit)
    );
    let proof = [kill, usage, state_line];
    let mut finding = view.finding(Cause::OomKilled, Confidence::Certain, summary, &proof);
    more_memory(&mut finding, view, limit);
    Some(finding)
}

/// A worker is killed again and again while the main process lives on: gunicorn, postgres and their
/// like start another. Nothing but the engine's record and a line of the master tells of it.
fn lives_on(view: &View<'_>) -> Option<Finding> {
    if !view.is_running() || view.loops() || view.is_healthy() {
        return None;
    }
    let (state_line, state) = view.state()?;
    let recent = |line: &Evidence| {
        line.at
            .is_some_and(|at| view.now.duration_since(at) <= RECENT)
    };
    let is_kill =
        |(line, fact): &(&Evidence, EventFact)| *fact == EventFact::OutOfMemory && recent(line);
    let kills: Vec<&Evidence> = view
        .events()
        .filter(is_kill)
        .map(|(line, _)| line)
        .collect();
    let known = view.known_lines();
    let about_a_child =
        |hit: &Hit| hit.cause == Cause::OomKilled || hit.signature.as_str() == "child-killed";
    let said = known
        .iter()
        .rfind(|said| about_a_child(said.1) && recent(said.0));
    let suffers = view.is_unhealthy() || view.accused;
    let signals = kills.len() + usize::from(said.is_some());
    if kills.is_empty() && !(state.oom_killed && said.is_some()) || !(suffers || kills.len() > 1) {
        return None;
    }
    let limit = state.limits.memory?;
    let confidence = if signals > 1 {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let summary = say!(
        "{} runs, but the kernel kills its processes for lack of memory (limit {})",
        view.name(),
        bytes(limit)
    );
    let newest = kills.last().copied();
    let proof: Vec<_> = [
        newest,
        said.map(|said| said.0),
        Some(state_line),
        view.usage(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut finding = view.finding(Cause::OomKilled, confidence, summary, &proof);
    more_memory(&mut finding, view, limit);
    Some(finding)
}

fn more_memory(finding: &mut Finding, view: &View<'_>, limit: u64) {
    finding.evidence.push(limit_line(view, limit));
    let raise = by_hand(raise(view, limit), Risk::Change);
    finding.fixes.extend([raise, recreate(view)]);
}

fn limit_line(view: &View<'_>, limit: u64) -> crate::evidence::Citation {
    let service = view.name().clone();
    let text = say!("memory limit {} ({} bytes)", bytes(limit), limit);
    crate::evidence::Citation {
        source: crate::evidence::Source::Inspect,
        service,
        at: None,
        text,
    }
}

const MIB: u64 = 1 << 20;
const HEAD_ROOM: u64 = 200 * MIB;
const SMALLEST: u64 = 600 * MIB;

pub(in crate::diagnose) fn advised(limit: u64) -> u64 {
    (limit + HEAD_ROOM).max(SMALLEST)
}

/// What it used when it died is at least its limit; head room goes on top.
fn raise(view: &View<'_>, limit: u64) -> Clean {
    let advised = advised(limit);
    say!(
        "raise the memory limit of {} from {} to at least {} (its use plus 200 MiB, never under 600 MiB)",
        view.name(),
        bytes(limit),
        bytes(advised)
    )
}
