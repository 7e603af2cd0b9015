//! What is said of a container that no rule explains: it is well, or nobody can tell yet.

use super::rank::Case;
use super::view::View;
use super::{Cause, Confidence, Finding, Fix};
use crate::action::Risk;
use crate::action::container::{HealthStatus, Status};
use crate::evidence::Evidence;
use crate::say;
use crate::stack::Key;
use crate::text::Name;

/// How many last log lines an undecided finding shows.
const LAST_LINES: usize = 3;

const KILLED: i64 = 137;

pub(super) fn healthy(case: &Case<'_>, key: &Key) -> Finding {
    Finding {
        cause: Cause::None,
        service: key.clone(),
        container: Name::default(),
        confidence: Confidence::Certain,
        summary: say!("{} has no containers to look at", key.service),
        evidence: case
            .evidence
            .iter()
            .filter(|item| item.service == *key)
            .map(Evidence::cite)
            .collect(),
        fixes: Vec::new(),
        prevention: Vec::new(),
        change: None,
        because_of: None,
    }
}

pub(super) fn well(view: &View<'_>) -> Finding {
    let health = view.health();
    let state = view.state();
    let summary = match (
        state.map(|(_, state)| state.status),
        health.map(|(_, health)| health.status),
    ) {
        _ if view.is_done() => say!("{} ran to its end and succeeded", view.name()),
        (_, Some(HealthStatus::Healthy)) => {
            say!("{} is healthy: it runs and its check passes", view.name())
        }
        (_, Some(HealthStatus::Starting)) => say!(
            "{} is still starting: no check has decided yet",
            view.name()
        ),
        (Some(Status::Created), _) => say!("{} was created and never started", view.name()),
        _ => say!(
            "{} runs; it has no health check that could say more",
            view.name()
        ),
    };
    let proof: Vec<_> = [state.map(|(line, _)| line), health.map(|(line, _)| line)]
        .into_iter()
        .flatten()
        .collect();
    view.finding(Cause::None, Confidence::Certain, summary, &proof)
}

pub(super) fn undecided(view: &View<'_>) -> Finding {
    let what = match (view.is_unhealthy(), view.loops(), view.last_exit()) {
        _ if view.is_absent() => say!("{} was never created", view.name()),
        (true, _, _) => say!("{} runs but fails its health check", view.name()),
        (_, true, Some(code)) => say!(
            "{} ends with code {}{}",
            view.name(),
            code,
            " and is restarted again and again"
        ),
        (_, _, Some(code)) => say!("{} ended with code {}", view.name(), code),
        _ if view
            .state()
            .is_some_and(|(_, state)| state.error.is_empty()) =>
        {
            say!("{} was created and never started", view.name())
        }
        _ => say!("{} could not be started", view.name()),
    };
    let mut proof: Vec<&Evidence> = [
        view.state().map(|(line, _)| line),
        view.health().map(|(line, _)| line),
        view.answer().map(|(line, _)| line),
    ]
    .into_iter()
    .flatten()
    .collect();
    let last: Vec<&Evidence> = view.logs().rev().take(LAST_LINES).collect();
    proof.extend(last.into_iter().rev());
    let forgotten = view.end_is_forgotten() && view.last_exit() == Some(KILLED);
    let why = if forgotten {
        "its end is no longer in the engine's record, so a stop and a kill look the same"
    } else {
        "the evidence does not say why"
    };
    let summary = say!("{}; {}", what, why);
    let mut finding = view.finding(
        Cause::Inconclusive,
        Confidence::Inconclusive,
        summary,
        &proof,
    );
    if view.is_absent() {
        finding.fixes.push(Fix {
            text: say!("create {} and see what compose says", view.name()),
            command: Some(say!("docker compose up -d {}", view.name())),
            risk: Risk::Change,
        });
        return finding;
    }
    let command = say!("docker logs --tail 200 --timestamps {}", view.container);
    let text = say!("read what {} wrote before it failed", view.name());
    finding.fixes.push(Fix {
        text,
        command: Some(command),
        risk: Risk::Read,
    });
    if forgotten {
        finding.fixes.push(Fix {
            text: say!("read what the engine's own log says about that moment"),
            command: Some(say!("journalctl -u docker --since -2h")),
            risk: Risk::Read,
        });
    }
    if let Some((_, health)) = view.health() {
        let command = say!("docker exec {} {}", view.container, health.test);
        finding.fixes.push(Fix {
            text: say!("run its health check by hand"),
            command: Some(command),
            risk: Risk::Read,
        });
    }
    finding.prevention.push(say!(
        "let {} write why it ends before it ends: one line with the error is enough",
        view.name()
    ));
    finding
}
