//! It may start no more processes or threads.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::rank::find;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::Evidence;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::PidsExhausted,
    why: "A container may have so many processes and threads as its pids limit says. Threads count; children that nobody waits for count too.",
    example: "sh: 0: Cannot fork; RuntimeError: can't start new thread",
    verify: "new processes can be started, and their number levels off",
    prevention: &[
        "compose: pids_limit: 512 with init: true, which reaps children that nobody waits for",
    ],
    check,
};

/// What the engine says when its own first step in the container needs more than the limit.
const TOO_FEW_TO_START: &[&str] = &[
    "pthread_create failed",
    "resource temporarily unavailable",
    "Resource temporarily unavailable",
    "newosproc",
];

fn check(view: &View<'_>) -> Option<Finding> {
    of_a_server(view).or_else(|| its_own(view))
}

/// A client repeats what the server said of itself; the server's own word says more.
fn of_a_server(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::PidsExhausted])?;
    let server = super::server_beyond(view, said)?;
    let mut own = find(view.case, &server, true).filter(|own| own.cause == Cause::PidsExhausted)?;
    own.evidence.push(said.0.cite());
    Some(own)
}

fn its_own(view: &View<'_>) -> Option<Finding> {
    let seen = super::engine_says(view, TOO_FEW_TO_START).or_else(|| without_a_word(view));
    let said = view.decisive_of(&[Cause::PidsExhausted]);
    let limit = view.state().and_then(|(_, state)| state.limits.pids);
    let of = limit
        .map(|limit| say!(" (limit {})", limit))
        .unwrap_or_default();
    let summary = say!(
        "{} may start no more processes or threads{}{}",
        view.name(),
        of,
        super::again_and_again(view)
    );
    let cause = Cause::PidsExhausted;
    let mut finding = match seen {
        Some(line) => {
            let proof: Vec<&Evidence> = std::iter::once(line)
                .chain(said.map(|said| said.0))
                .collect();
            view.finding(cause, Confidence::Certain, summary, &proof)
        }
        None => said_finding(view, cause, said?, summary),
    };
    finding
        .evidence
        .extend(view.processes().map(Evidence::cite));
    if let Some(limit) = limit {
        finding
            .evidence
            .push(super::noted(view, say!("pids limit {}", limit)));
    }
    finding.fixes.push(super::look(
        say!("see what runs inside"),
        say!("docker top {}", view.container),
    ));
    finding.fixes.push(by_hand(
        say!(
            "find what {} starts and does not wait for, or raise `pids_limit`",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}

/// It suffers and has as many as it may: its check cannot even be started then.
fn without_a_word<'e>(view: &View<'e>) -> Option<&'e Evidence> {
    let (_, stats) = view.stats()?;
    let has_all = stats.pids_limit.is_some_and(|limit| stats.pids >= limit);
    (has_all && (view.is_unhealthy() || view.accused))
        .then(|| view.usage())
        .flatten()
}
