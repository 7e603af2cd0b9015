//! It may start no more processes or threads.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
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

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::PidsExhausted])?;
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
    let mut finding = said_finding(view, Cause::PidsExhausted, said, summary);
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
