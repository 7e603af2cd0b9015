//! The other service runs, but on no network that both share: its name does not resolve.

use super::Rule;
use super::{by_hand, reach_finding, recreate};
use crate::action::Risk;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::{Citation, Source};
use crate::say;
use crate::text::{Clean, Name};

pub const RULE: Rule = Rule {
    cause: Cause::NetworkIsolated,
    why: "Names resolve only among containers of one network. Two services that list different networks, or one with network_mode none, cannot see each other.",
    example: "getaddrinfo ENOTFOUND db, while db runs on network back and api on front",
    verify: "the name resolves and the port answers from inside the container",
    prevention: &[
        "compose: give both services one network in common, and keep only the entry service on the outer one",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    network_is_gone(view).or_else(|| share_none(view))
}

/// A network that was removed while the container was down keeps it from starting.
fn network_is_gone(view: &View<'_>) -> Option<Finding> {
    let (line, state) = view.state()?;
    let error = state.error.as_str();
    if !error.contains("network ") || !error.contains("not found") {
        return None;
    }
    let summary = say!(
        "{} cannot start: a network that it was attached to was removed",
        view.name()
    );
    let mut finding = view.finding(
        Cause::NetworkIsolated,
        Confidence::Certain,
        summary,
        &[line],
    );
    finding.fixes.push(recreate(view));
    Some(finding)
}

fn share_none(view: &View<'_>) -> Option<Finding> {
    let trouble = Trouble::of(view)?;
    let Reach::Isolated(other) = &trouble.reach else {
        return None;
    };
    let is_cut_off = view.case.graph.networks(other).next().is_none();
    let summary = if is_cut_off {
        say!(
            "{} is attached to no network, so {} cannot reach it",
            other.service,
            view.name()
        )
    } else {
        say!(
            "{} cannot reach {}: they share no network",
            view.name(),
            other.service
        )
    };
    let mut finding = reach_finding(view, Cause::NetworkIsolated, &trouble, summary);
    if is_cut_off {
        finding.service = other.clone();
    }
    for key in [view.service, other] {
        let networks: Vec<Clean> = view
            .case
            .graph
            .networks(key)
            .map(|network| Name::new(network).into())
            .collect();
        let on = if networks.is_empty() {
            say!("no network")
        } else {
            Clean::join(&networks, ", ")
        };
        finding.evidence.push(Citation {
            source: Source::Network,
            service: key.service.clone(),
            at: None,
            text: say!("{} is on {}", key.service, on),
        });
    }
    finding.fixes.push(by_hand(
        say!(
            "give {} and {} a network in common in the compose file",
            view.name(),
            other.service
        ),
        Risk::Change,
    ));
    finding.fixes.push(recreate(view));
    Some(finding)
}
