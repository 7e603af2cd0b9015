//! Of everything the rules say, the one root cause: the deepest failing service that the asked one
//! needs. A healthy service is never accused, and what cannot be decided is said to be so.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::around::{affected, related};
use super::checklist::checklist;
use super::rules::RULES;
use super::standing::is_down;
use super::verdict::{healthy, undecided, well};
use super::view::View;
use super::{Cause, Confidence, Diagnosis, Finding};
use crate::evidence::{Citation, Evidence, Source};
use crate::say;
use crate::stack::{Graph, Key, Why};

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

pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let own = find(case, case.asked, false).unwrap_or_else(|| healthy(case, case.asked));
    let mut seen = BTreeSet::from([case.asked.clone()]);
    let root = trace(case, own, &mut seen);
    let contributing = contributing(case, &root);
    let affected = affected(case, &root);
    let related = related(case, &root, &affected);
    let mut diagnosis = Diagnosis {
        asked: case.asked.clone(),
        root,
        contributing,
        affected,
        related,
        checklist: Vec::new(),
    };
    diagnosis.checklist = checklist(case, &diagnosis);
    diagnosis
}

/// Follows a symptom to the service that explains it, and that one's to the next.
fn trace(case: &Case<'_>, own: Finding, seen: &mut BTreeSet<Key>) -> Finding {
    let lost_a_race = own.cause == Cause::DependencyNotReady;
    let may_go_deeper = may_be_a_symptom(&own) || is_left_undone(&own) || lost_a_race;
    if own.cause == Cause::None || !may_go_deeper {
        return own;
    }
    let found = match &own.because_of {
        Some(other) => deeper(case, other, true, seen),
        None if is_left_undone(&own) => failed_job(case, &own),
        None if lost_a_race => starved_since(case, &own),
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

/// What a job should have prepared is not there.
fn is_left_undone(finding: &Finding) -> bool {
    matches!(
        finding.cause,
        Cause::SchemaMissing | Cause::DatabaseMissing | Cause::MissingFile
    )
}

/// A job that had to end well first and did not: a migration, a seed, whatever it is waited for
/// with `depends_on`.
fn failed_job(case: &Case<'_>, own: &Finding) -> Option<Finding> {
    let needs = case.graph.needs(&own.service);
    let failed = |key: &&Key| {
        let views = View::all_of(key, case);
        !views.is_empty() && views.iter().all(|view| view.has_ended() && !view.is_done())
    };
    let is_declared = |why: &Why| matches!(why, Why::Declared { .. });
    let waited_for = needs
        .iter()
        .filter(|(_, why)| is_declared(why))
        .map(|(key, _)| *key);
    let named_so = case
        .graph
        .neighbours(&own.service)
        .filter(|key| prepares(key));
    let jobs: BTreeSet<&Key> = waited_for.chain(named_so).filter(failed).collect();
    jobs.into_iter()
        .filter_map(|key| find(case, key, false))
        .find(|finding| !matches!(finding.cause, Cause::None | Cause::Inconclusive))
}

fn prepares(key: &Key) -> bool {
    const NAMES: &[&str] = &[
        "migrat",
        "schema",
        "seed",
        "alembic",
        "flyway",
        "liquibase",
        "init",
        "setup",
        "bootstrap",
        "prepare",
        "provision",
    ];
    let name = key.service.as_str().to_lowercase();
    NAMES.iter().any(|word| name.contains(word))
}

/// What is wrong with a service that somebody blames, or below it.
fn deeper(case: &Case<'_>, key: &Key, accused: bool, seen: &mut BTreeSet<Key>) -> Option<Finding> {
    if !seen.insert(key.clone()) {
        return None;
    }
    let found = find(case, key, accused).filter(|finding| finding.cause != Cause::None);
    let Some(found) = found else {
        return below_the_silent(case, key, seen);
    };
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
    // what ended well may have been a job that was done: silence is no reason to blame it
    let found: Vec<Finding> = failing
        .filter_map(|key| deeper(case, key, false, seen))
        .filter(|finding| finding.cause != Cause::ExitsImmediately)
        .collect();
    let earliest = |finding: &Finding| finding.evidence.iter().filter_map(|line| line.at).min();
    let worst = found
        .into_iter()
        .max_by_key(|finding| (finding.confidence, Reverse(earliest(finding))));
    worst
        .or_else(|| suspects.iter().find_map(|key| starved(case, key)))
        .or_else(|| {
            let mut suspects = suspects.iter().filter(|key| !is_down(case, key));
            suspects.find_map(|key| through(case, key, seen))
        })
}

/// What is wrong below a need that works, where that need may only hand it on.
fn through(case: &Case<'_>, key: &Key, seen: &mut BTreeSet<Key>) -> Option<Finding> {
    let is_well = find(case, key, false).is_none_or(|finding| finding.cause == Cause::None);
    let found = (is_well && seen.insert(key.clone())).then(|| below_the_silent(case, key, seen));
    found.flatten()
}

/// What runs without a check and says nothing may only hand on what fails below it.
fn below_the_silent(case: &Case<'_>, key: &Key, seen: &mut BTreeSet<Key>) -> Option<Finding> {
    let views = View::all_of(key, case);
    let is_silent = views
        .iter()
        .all(|view| view.is_running() && view.health().is_none());
    if views.is_empty() || !is_silent {
        return None;
    }
    let needs: Vec<Key> = case.graph.needs(key).into_keys().cloned().collect();
    needs.iter().find_map(|need| {
        if is_down(case, need) {
            deeper(case, need, false, seen)
                .filter(|finding| finding.cause != Cause::ExitsImmediately)
        } else {
            through(case, need, seen)
        }
    })
}

/// A need that runs and says that it has run out of something.
fn starved(case: &Case<'_>, key: &Key) -> Option<Finding> {
    const OUT_OF: &[Cause] = &[
        Cause::LockContention,
        Cause::OomKilled,
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

/// It lost the race of the start and tries on, but what it needs has told of a want since: the next
/// try meets that.
fn starved_since(case: &Case<'_>, own: &Finding) -> Option<Finding> {
    let said = |finding: &Finding| {
        let own_words = |line: &&Citation| matches!(line.source, Source::Logs | Source::Health);
        let lines = finding.evidence.iter().filter(own_words);
        lines.filter_map(|line| line.at).max()
    };
    let views = View::all_of(&own.service, case);
    let tries_on = |view: &View<'_>| *view.container == own.container && view.is_running();
    let refused = said(own).filter(|_| views.iter().any(tries_on))?;
    let needs = case.graph.needs(&own.service).into_keys();
    let mut starved = needs.filter_map(|key| starved(case, key));
    starved.find(|finding| said(finding).is_some_and(|at| at > refused))
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
pub fn find(case: &Case<'_>, key: &Key, accused: bool) -> Option<Finding> {
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
