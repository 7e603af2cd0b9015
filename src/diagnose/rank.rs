//! Of everything the rules say, the one root cause: the deepest failing service that the asked one
//! needs. A healthy service is never accused, and what cannot be decided is said to be so.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::reach::is_down;
use super::rules::RULES;
use super::view::View;
use super::{Affected, Cause, Confidence, Diagnosis, Finding, Fix};
use crate::action::Risk;
use crate::action::container::{HealthStatus, Status};
use crate::evidence::{Evidence, Source};
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

impl<'e> Case<'e> {
    /// The key as the evidence has it, where anything was seen of that service.
    pub fn find_key(&self, key: &Key) -> Option<&'e Key> {
        self.evidence
            .iter()
            .map(|item| &item.service)
            .find(|known| *known == key)
    }
}

/// How many last log lines an undecided finding shows.
const LAST_LINES: usize = 3;

pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let own = find(case, case.asked, false).unwrap_or_else(|| healthy(case, case.asked));
    let mut seen = BTreeSet::from([case.asked.clone()]);
    let root = trace(case, own, &mut seen);
    let contributing = contributing(case, &root);
    let affected = affected(case, &root);
    let related = related(case, &root, &affected);
    Diagnosis {
        asked: case.asked.clone(),
        root,
        contributing,
        affected,
        related,
    }
}

/// Follows a symptom to the service that explains it, and that one's to the next.
fn trace(case: &Case<'_>, own: Finding, seen: &mut BTreeSet<Key>) -> Finding {
    if own.cause == Cause::None || !may_be_a_symptom(&own) {
        return own;
    }
    let found = match &own.because_of {
        Some(other) => deeper(case, other, true, seen),
        None => deepest_need(case, &own, seen),
    };
    match found {
        Some(root) => with_symptom(root, &own),
        None => settle(case, own),
    }
}

/// Whether something further down could be what made this happen.
fn may_be_a_symptom(finding: &Finding) -> bool {
    let vague = matches!(
        finding.cause,
        Cause::Inconclusive | Cause::HealthcheckTimeout | Cause::HealthcheckStartPeriod
    );
    let crash = finding.cause == Cause::AppCrash && finding.confidence != Confidence::Certain;
    finding.because_of.is_some() || vague || crash
}

/// What is wrong with a service that somebody blames, or below it.
fn deeper(case: &Case<'_>, key: &Key, accused: bool, seen: &mut BTreeSet<Key>) -> Option<Finding> {
    if !seen.insert(key.clone()) {
        return None;
    }
    let found = find(case, key, accused).filter(|finding| finding.cause != Cause::None)?;
    let root = trace(case, found, seen);
    Some(if root.cause == Cause::Inconclusive {
        down(root)
    } else {
        root
    })
}

/// Nothing in its own words: whichever of its needs fails, the surest first, then the earliest.
fn deepest_need(case: &Case<'_>, own: &Finding, seen: &mut BTreeSet<Key>) -> Option<Finding> {
    let needs: Vec<Key> = case
        .graph
        .needs(&own.service)
        .into_keys()
        .cloned()
        .collect();
    let suspects: Vec<&Key> = needs
        .iter()
        .filter(|key| own.cause != Cause::AppCrash || mentions(own, key))
        .collect();
    let failing = suspects.iter().filter(|key| is_down(case, key));
    let found: Vec<Finding> = failing
        .filter_map(|key| deeper(case, key, false, seen))
        .collect();
    let earliest = |finding: &Finding| finding.evidence.iter().filter_map(|line| line.at).min();
    let worst = found
        .into_iter()
        .max_by_key(|finding| (finding.confidence, Reverse(earliest(finding))));
    worst.or_else(|| suspects.iter().find_map(|key| starved(case, key)))
}

/// A need that runs and says that it has run out of something.
fn starved(case: &Case<'_>, key: &Key) -> Option<Finding> {
    const OUT_OF: &[Cause] = &[
        Cause::LockContention,
        Cause::DiskFull,
        Cause::InodesFull,
        Cause::ConnectionsExhausted,
        Cause::MemoryPressure,
        Cause::CpuThrottled,
        Cause::FdExhausted,
        Cause::PidsExhausted,
        Cause::VolumePermission,
        Cause::ReadOnlyFilesystem,
    ];
    find(case, key, true).filter(|finding| OUT_OF.contains(&finding.cause))
}

/// A crash tells of a need when it names it, or speaks of connecting to something.
fn mentions(finding: &Finding, key: &Key) -> bool {
    const WORDS: &[&str] = &[
        "connect",
        "timeout",
        "timed out",
        "unavailable",
        "refused",
        "unreachable",
        "database",
        "redis",
        "upstream",
        "broker",
    ];
    finding
        .evidence
        .iter()
        .filter(|line| line.source == Source::Logs)
        .any(|line| {
            let text = line.text.as_str().to_lowercase();
            text.contains(&key.service.as_str().to_lowercase())
                || WORDS.iter().any(|word| text.contains(word))
        })
}

/// It fails, others suffer from it, and why it fails is not known.
fn down(mut finding: Finding) -> Finding {
    finding.cause = Cause::DependencyDown;
    finding.confidence = Confidence::Likely;
    finding
}

/// The line by which the fault was noticed belongs to the proof.
fn with_symptom(mut root: Finding, own: &Finding) -> Finding {
    let noticed = own
        .evidence
        .iter()
        .find(|line| line.source != Source::Inspect)
        .cloned();
    root.evidence
        .extend(noticed.filter(|line| !root.evidence.contains(line)));
    root
}

/// Nobody below explains it. Who was blamed and works is not accused.
fn settle(case: &Case<'_>, own: Finding) -> Finding {
    if own.cause != Cause::DependencyDown {
        return own;
    }
    let views = View::all_of(&own.service, case);
    let view = views.iter().find(|view| *view.container == own.container);
    let Some(view) = view else { return own };
    let mut undecided = undecided(view);
    let lines = own
        .evidence
        .into_iter()
        .filter(|line| !undecided.evidence.contains(line));
    let lines: Vec<_> = lines.collect();
    undecided.evidence.extend(lines);
    undecided
}

/// What else fails by a cause of its own among all that the asked service needs.
fn contributing(case: &Case<'_>, root: &Finding) -> Vec<Finding> {
    if root.cause == Cause::None {
        return Vec::new();
    }
    let needs = case.graph.all_needs(case.asked);
    let others = needs
        .iter()
        .chain([case.asked])
        .filter(|key| **key != root.service);
    let found = others.filter_map(|key| find(case, key, false));
    found
        .filter(|finding| {
            !may_be_a_symptom(finding)
                && finding.cause != Cause::None
                && finding.service != root.service
        })
        .collect()
}

/// What is wrong with one service: its worst replica speaks for it. `None`: nothing was seen of it.
fn find(case: &Case<'_>, key: &Key, accused: bool) -> Option<Finding> {
    let mut views = View::all_of(key, case);
    for view in &mut views {
        view.accused = accused;
    }
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
        because_of: None,
    }
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
        let fails = find(case, &key, false).is_some_and(|finding| finding.cause != Cause::None);
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
    let views = View::all_of(key, case);
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

/// Whoever is tied to the service at fault and not told of yet, and what else fails in its stack.
fn related(case: &Case<'_>, root: &Finding, affected: &[Affected]) -> Vec<(Key, Clean)> {
    let service = &root.service;
    let mut related: BTreeMap<Key, Clean> = BTreeMap::new();
    for (key, why) in case.graph.needed_by(service) {
        related.insert(
            key.clone(),
            say!("needs {} ({})", service.service, why.say()),
        );
    }
    for (key, why) in case.graph.needs(service) {
        related.insert(
            key.clone(),
            say!("{} needs it ({})", service.service, why.say()),
        );
    }
    for key in case.graph.neighbours(service) {
        let ill = find(case, key, false).filter(|finding| finding.cause != Cause::None);
        if let Some(ill) = ill {
            let tie = related
                .get(key)
                .map(|tie| say!("{}; ", tie))
                .unwrap_or_default();
            related.insert(
                key.clone(),
                say!("{}does not run well itself: {}", tie, ill.summary),
            );
        }
    }
    related.retain(|key, _| !affected.iter().any(|other| other.service == *key) && key != service);
    related.into_iter().collect()
}
