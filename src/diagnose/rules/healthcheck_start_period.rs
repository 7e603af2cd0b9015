//! The health check begins before the service has started, and counts it as ill while it still comes up.

use jiff::SignedDuration;

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::Evidence;
use crate::evidence::events::EventFact;
use crate::evidence::state::HealthFact;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::HealthcheckStartPeriod,
    why: "Checks count from the first moment unless they are given a start period. A service that loads a model, builds an index or migrates takes longer than a few checks.",
    example: "unhealthy after 3 checks, nothing listens yet, log: loading model weights",
    verify: "the service turns healthy once it is up, and stays so after a restart",
    prevention: &["compose: healthcheck: {start_period: 90s}, longer than the slowest start"],
    check,
};

/// Still on its way up may be said of a service this young.
const YOUNG: SignedDuration = SignedDuration::from_mins(10);
const STARTING: &[&str] = &[
    "load", "start", "init", "warm", "migrat", "build", "prepar", "import", "index", "compil",
    "restor", "recover", "download", "boot", "wait", "fetch", "connect", "replay",
];

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health()?;
    let kills = ["kill 1", "kill -9 1", "kill -15 1", "kill -TERM 1", "pkill"]
        .iter()
        .any(|words| health.test.as_str().contains(words));
    if kills
        && view.loops()
        && view
            .near_death(|fact| matches!(fact, EventFact::Signalled { .. }))
            .is_none()
    {
        return Some(told(
            view,
            health,
            &[
                Some(line),
                view.state().map(|(line, _)| line),
                view.sockets().map(|(line, _)| line),
            ],
            true,
        ));
    }
    let young = view.age().is_some_and(|age| age < YOUNG);
    let (sockets_line, sockets) = view.sockets()?;
    if !view.is_unhealthy() || !young || health.passed > 0 || !sockets.listening.is_empty() {
        return None;
    }
    let lines = view.lines_of_life();
    let progress = lines.iter().rev().find(|line| {
        let text = line.text.as_str().to_lowercase();
        STARTING.iter().any(|word| text.contains(word))
    })?;
    Some(told(
        view,
        health,
        &[Some(line), Some(sockets_line), Some(progress)],
        false,
    ))
}

fn told(view: &View<'_>, health: &HealthFact, proof: &[Option<&Evidence>], kills: bool) -> Finding {
    let then = if kills { ", and ends it each time" } else { "" };
    let summary = say!(
        "{} is still starting: its check begins too early and counts it as ill{}",
        view.name(),
        then
    );
    let proof: Vec<&Evidence> = proof.iter().flatten().copied().collect();
    let mut finding = view.finding(
        Cause::HealthcheckStartPeriod,
        Confidence::Likely,
        summary,
        &proof,
    );
    let text = say!(
        "its check `{}` runs every {} s with a start period of {} s",
        health.test,
        health.interval_s,
        health.start_period_s
    );
    finding.evidence.push(super::noted(view, text));
    finding.fixes.push(by_hand(
        say!(
            "give the check of {} a `start_period` longer than its slowest start",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    finding
}
