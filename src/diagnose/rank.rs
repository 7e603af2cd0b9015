//! Of everything the rules say, the one root cause: the deepest failing service that the asked one
//! needs. A healthy service is never accused, and what cannot be decided is said to be so.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::rules::RULES;
use super::view::View;
use super::{Affected, Cause, Confidence, Diagnosis, Finding, Fix};
use crate::action::Risk;
use crate::action::container::{HealthStatus, Status};
use crate::evidence::Evidence;
use crate::say;
use crate::stack::{Graph, Key};
use crate::text::{Clean, Name};

/// Everything a diagnosis may look at.
pub struct Case<'e> {
    pub asked: &'e Key,
    pub evidence: &'e [Evidence],
    pub graph: &'e Graph,
    pub now: Timestamp,
}

/// How many last log lines an undecided finding shows.
const LAST_LINES: usize = 3;

pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let asked = find(case, case.asked);
    let needs = case.graph.all_needs(case.asked);
    let is_well = asked
        .as_ref()
        .is_none_or(|finding| finding.cause == Cause::None);
    let mut failing: Vec<Finding> = Vec::new();
    if !is_well {
        failing.extend(
            needs
                .iter()
                .filter_map(|key| find(case, key))
                .filter(|finding| finding.cause != Cause::None),
        );
    }
    let asked = asked.unwrap_or_else(|| healthy(case, case.asked));
    let (root, contributing) = choose(case, asked, failing);
    let affected = affected(case, &root);
    let related = related(case, &root.service, &affected);
    Diagnosis {
        asked: case.asked.clone(),
        root,
        contributing,
        affected,
        related,
    }
}

/// A cause of its own that is certain outranks everything the service needs; otherwise the deepest
/// failing need explains it.
fn choose(case: &Case<'_>, asked: Finding, mut needs: Vec<Finding>) -> (Finding, Vec<Finding>) {
    let own_cause = asked.confidence == Confidence::Certain;
    if own_cause || needs.is_empty() {
        return (asked, needs);
    }
    let depth = |finding: &Finding| {
        let failing_below = |key: &Key| needs.iter().any(|other| other.service == *key);
        case.graph
            .all_needs(&finding.service)
            .iter()
            .filter(|key| failing_below(key))
            .count()
    };
    let depths: Vec<usize> = needs.iter().map(depth).collect();
    // nothing failing below it, then the surer one, then nearest first
    let best = (0..needs.len())
        .min_by_key(|at| (depths[*at], std::cmp::Reverse(needs[*at].confidence), *at))
        .unwrap_or_default();
    let mut root = needs.remove(best);
    let symptom = asked
        .evidence
        .iter()
        .filter(|line| line.source != crate::evidence::Source::Inspect)
        .take(1)
        .cloned();
    root.evidence.extend(symptom);
    needs.retain(|finding| finding.cause != Cause::Inconclusive);
    (root, needs)
}

/// What is wrong with one service: its worst replica speaks for it. `None`: nothing was seen of it.
fn find(case: &Case<'_>, key: &Key) -> Option<Finding> {
    let containers: BTreeSet<&Name> = case
        .evidence
        .iter()
        .filter(|item| item.service == *key)
        .map(|item| &item.container)
        .collect();
    let views: Vec<View<'_>> = containers
        .iter()
        .map(|container| View::new(key, container, case.evidence, case.now))
        .collect();
    let findings: Vec<Finding> = views.iter().map(judge).collect();
    let several = findings.len();
    let ill = findings
        .iter()
        .filter(|finding| finding.cause != Cause::None)
        .count();
    let mut worst = findings
        .into_iter()
        .max_by_key(|finding| (finding.cause != Cause::None, finding.confidence))?;
    if ill > 0 && several > 1 {
        worst.summary = say!(
            "{} ({} of {} replicas: {})",
            worst.summary,
            ill,
            several,
            worst.container
        );
    }
    Some(worst)
}

fn judge(view: &View<'_>) -> Finding {
    if let Some(finding) = RULES.iter().find_map(|rule| rule.apply(view)) {
        return finding;
    }
    if view.is_failing() {
        undecided(view)
    } else {
        well(view)
    }
}

fn healthy(case: &Case<'_>, key: &Key) -> Finding {
    let container = Name::default();
    let view = View::new(key, &container, case.evidence, case.now);
    view.finding(
        Cause::None,
        Confidence::Certain,
        say!("{} has no containers to look at", key.service),
        &[],
    )
}

fn well(view: &View<'_>) -> Finding {
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

fn undecided(view: &View<'_>) -> Finding {
    let what = match (view.is_unhealthy(), view.loops(), view.last_exit()) {
        (true, _, _) => say!("{} runs but fails its health check", view.name()),
        (_, true, Some(code)) => say!(
            "{} ends with code {}{}",
            view.name(),
            code,
            " and is restarted again and again"
        ),
        (_, _, Some(code)) => say!("{} ended with code {}", view.name(), code),
        _ => say!("{} could not be started", view.name()),
    };
    let mut proof: Vec<&Evidence> = [
        view.state().map(|(line, _)| line),
        view.health().map(|(line, _)| line),
    ]
    .into_iter()
    .flatten()
    .collect();
    let last: Vec<&Evidence> = view.logs().rev().take(LAST_LINES).collect();
    proof.extend(last.into_iter().rev());
    let summary = say!("{}; the evidence does not say why", what);
    let mut finding = view.finding(
        Cause::Inconclusive,
        Confidence::Inconclusive,
        summary,
        &proof,
    );
    let command = say!("docker logs --tail 200 --timestamps {}", view.container);
    let text = say!("read what {} wrote before it failed", view.name());
    finding.fixes.push(Fix {
        text,
        command: Some(command),
        risk: Risk::Read,
    });
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

/// The service at fault, then whoever needs it and fails too.
fn affected(case: &Case<'_>, root: &Finding) -> Vec<Affected> {
    let mut affected = Vec::new();
    if root.cause != Cause::None {
        affected.extend(describe(case, &root.service, Clean::default()));
    }
    let mut needing = case.graph.all_needed_by(&root.service);
    needing.sort();
    for key in needing {
        let fails = find(case, &key).is_some_and(|finding| finding.cause != Cause::None);
        if fails && root.cause != Cause::None {
            let reasons = case.graph.needs(&key);
            let through = reasons
                .iter()
                .find(|(need, _)| ***need == root.service)
                .or_else(|| reasons.iter().next());
            let because = through
                .map(|(need, why)| say!("needs {} ({})", need.service, why.say()))
                .unwrap_or_default();
            affected.extend(describe(case, &key, because));
        }
    }
    if root.service != *case.asked && !affected.iter().any(|other| other.service == *case.asked) {
        affected.extend(describe(case, case.asked, Clean::default()));
    }
    affected
}

fn describe(case: &Case<'_>, key: &Key, because: Clean) -> Option<Affected> {
    let containers: BTreeSet<&Name> = case
        .evidence
        .iter()
        .filter(|item| item.service == *key)
        .map(|item| &item.container)
        .collect();
    let views: Vec<View<'_>> = containers
        .iter()
        .map(|container| View::new(key, container, case.evidence, case.now))
        .collect();
    let view = views
        .iter()
        .find(|view| view.is_failing())
        .or_else(|| views.first())?;
    let status = match (view.is_unhealthy(), view.state()) {
        (true, _) => say!("unhealthy"),
        (false, Some((_, state))) if view.has_ended() => state.exit_code.map_or_else(
            || say!("{}", state.status.word()),
            |code| say!("{} {}", state.status.word(), code),
        ),
        (false, Some((_, state))) => say!("{}", state.status.word()),
        (false, None) => say!("not seen"),
    };
    let lines = [
        view.state().map(|(line, _)| line),
        view.health().map(|(line, _)| line),
    ];
    let symptoms = lines
        .into_iter()
        .flatten()
        .map(|line| line.text.clone())
        .collect();
    Some(Affected {
        service: key.clone(),
        status,
        symptoms,
        because,
    })
}

/// Whoever is tied to the service at fault and does not fail (yet).
fn related(case: &Case<'_>, root: &Key, affected: &[Affected]) -> Vec<(Key, Clean)> {
    let known = |key: &&Key| affected.iter().any(|other| other.service == **key);
    let needed_by = case
        .graph
        .needed_by(root)
        .into_iter()
        .filter(|(key, _)| !known(key));
    let needs = case
        .graph
        .needs(root)
        .into_iter()
        .filter(|(key, _)| !known(key));
    let by =
        needed_by.map(|(key, why)| (key.clone(), say!("needs {} ({})", root.service, why.say())));
    let to = needs.map(|(key, why)| {
        (
            key.clone(),
            say!("{} needs it ({})", root.service, why.say()),
        )
    });
    by.chain(to).collect()
}
