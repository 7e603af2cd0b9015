//! It is close to its memory limit, or says that it gets no more.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::stats::bytes;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::MemoryPressure,
    why: "Near its limit a container loses its file cache first and slows down; a little more, and the kernel kills it. A server with a limit of its own refuses to take more.",
    example: "memory 91 of 96 MiB; OOM command not allowed when used memory > 'maxmemory'",
    verify: "use stays under 85 % of the limit",
    prevention: &[
        "alert at 85 % of the limit; give a cache a policy of what to evict (redis: maxmemory-policy allkeys-lru)",
    ],
    check,
};

pub(super) const CLOSE: f64 = 90.0;

fn check(view: &View<'_>) -> Option<Finding> {
    said_so(view).or_else(|| measured(view))
}

fn said_so(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::MemoryPressure])?;
    let is_servers = said.1.signature.as_str() == "redis-maxmemory";
    let server = super::server_of(view, said.1)
        .filter(|_| is_servers)
        .or_else(|| super::server_beyond(view, said));
    let who = server
        .as_ref()
        .map_or(view.name(), |server| &server.service)
        .clone();
    let summary = say!(
        "{} has no memory left for what it is asked to do{}",
        who,
        super::again_and_again(view)
    );
    let mut finding = super::said_finding(view, Cause::MemoryPressure, said, summary);
    finding.service = server.unwrap_or_else(|| view.service.clone());
    finding.fixes.push(by_hand(
        say!(
            "raise the memory that {} may use, or let it evict what it does not need",
            who
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}

fn measured(view: &View<'_>) -> Option<Finding> {
    let (line, stats) = view.stats()?;
    let percent = stats.memory_percent()?;
    if percent < CLOSE || !view.is_running() {
        return None;
    }
    let limit = stats.memory_limit.unwrap_or_default();
    let summary = say!(
        "{} uses {} of its memory limit of {} ({:.0} %)",
        view.name(),
        bytes(stats.memory_used),
        bytes(limit),
        percent
    );
    let mut finding = view.finding(Cause::MemoryPressure, Confidence::Certain, summary, &[line]);
    finding
        .evidence
        .push(super::noted(view, say!("memory limit {}", bytes(limit))));
    finding.fixes.push(by_hand(
        say!(
            "raise the memory limit of {} above its use plus 200 MiB, or find what grows",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
