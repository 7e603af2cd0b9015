//! From a diagnosis to a report: the words that tie the parts together. Pure.

use jiff::Timestamp;

use super::{
    AffectedService, CheckResult, Contributing, RelatedService, Report, ResolutionStep, RootCause,
    SCHEMA, TimelineEntry, Verification,
};
use crate::action::container::{HealthStatus, Status};
use crate::diagnose::{Affected, Cause, Diagnosis, Finding, Fix};
use crate::evidence::events::EventFact;
use crate::evidence::{Evidence, Fact};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// The host that needs no name in a command.
const USUAL_HOST: &str = "local";

/// What a report says of itself.
#[derive(Debug, Clone)]
pub struct Occasion {
    pub id: String,
    pub created_at: Timestamp,
    pub host: Name,
    /// Of the stack, such as `prod`; empty where none is configured.
    pub environment: Name,
    pub looked_at: Clean,
    pub not_seen: Vec<Clean>,
}

pub fn from_diagnosis(diagnosis: &Diagnosis, evidence: &[Evidence], occasion: Occasion) -> Report {
    let root = &diagnosis.root;
    let is_well = root.cause == Cause::None;
    let stack = diagnosis
        .asked
        .stack
        .clone()
        .or_else(|| root.service.stack.clone())
        .unwrap_or_default();
    Report {
        schema: SCHEMA.to_owned(),
        id: occasion.id,
        created_at: occasion.created_at,
        host: occasion.host.clone(),
        project: stack,
        issue: in_environment(&occasion.environment, issue(diagnosis)),
        environment: occasion.environment,
        services_affected: diagnosis.affected.iter().map(affected).collect(),
        root_cause: RootCause {
            cause: root.cause,
            service: if is_well {
                Name::default()
            } else {
                root.service.service.clone()
            },
            summary: root.summary.clone(),
            confidence: root.confidence,
            evidence: root.evidence.clone(),
        },
        contributing: diagnosis.contributing.iter().map(contributing).collect(),
        resolution_steps: if is_well {
            Vec::new()
        } else {
            resolution(root, diagnosis, &occasion.host)
        },
        verification: verification(diagnosis, evidence),
        prevention: root.prevention.clone(),
        related_services: diagnosis.related.iter().map(related).collect(),
        timeline: timeline(diagnosis, evidence),
        checklist: diagnosis.checklist.clone(),
        changes: root.change.iter().cloned().collect(),
        not_seen: occasion.not_seen,
        looked_at: occasion.looked_at,
    }
}

/// Where it matters most it is read first: in lists, in chats, in the title of a page.
fn in_environment(environment: &Name, issue: Clean) -> Clean {
    if environment.is_empty() {
        issue
    } else {
        say!("{}: {}", environment, issue)
    }
}

/// The first line: what happened, and who else feels it.
fn issue(diagnosis: &Diagnosis) -> Clean {
    let root = &diagnosis.root;
    let others: Vec<Clean> = diagnosis
        .affected
        .iter()
        .filter(|other| other.service != root.service)
        .map(|other| Clean::from(&other.service.service))
        .collect();
    match others.as_slice() {
        [] => root.summary.clone(),
        [one] => say!("{}; {} fails because it needs it", root.summary, one),
        several => say!(
            "{}; {} fail because they need it",
            root.summary,
            and(several)
        ),
    }
}

/// `a, b and c`
pub fn and(names: &[Clean]) -> Clean {
    match names {
        [] => Clean::default(),
        [one] => one.clone(),
        [first @ .., last] => say!("{} and {}", Clean::join(first, ", "), last),
    }
}

fn affected(affected: &Affected) -> AffectedService {
    let mut symptoms = affected.symptoms.clone();
    if !affected.because.is_empty() {
        symptoms.push(affected.because.clone());
    }
    AffectedService {
        service: affected.service.service.clone(),
        status: affected.status.clone(),
        symptoms,
    }
}

fn contributing(finding: &Finding) -> Contributing {
    Contributing {
        cause: finding.cause,
        service: finding.service.service.clone(),
        summary: finding.summary.clone(),
    }
}

fn related((key, why): &(Key, Clean)) -> RelatedService {
    RelatedService {
        service: key.service.clone(),
        why: why.clone(),
    }
}

fn resolution(root: &Finding, diagnosis: &Diagnosis, host: &Name) -> Vec<ResolutionStep> {
    let mut steps: Vec<ResolutionStep> = root
        .fixes
        .iter()
        .map(|fix| ResolutionStep {
            text: fix.text.clone(),
            command: fix.command.clone(),
            runbook: runbook(fix, &root.service, host),
            risk: fix.risk,
            taken: false,
        })
        .collect();
    let waiting: Vec<Clean> = diagnosis
        .affected
        .iter()
        .filter(|other| other.service != root.service && !other.because.is_empty())
        .map(|other| Clean::from(&other.service.service))
        .collect();
    if !waiting.is_empty() {
        let name = &root.service.service;
        let text = say!(
            "when {} is well, watch {} recover; restart what does not",
            name,
            and(&waiting)
        );
        steps.push(ResolutionStep {
            text,
            command: None,
            runbook: None,
            risk: crate::action::Risk::Change,
            taken: false,
        });
    }
    steps
}

/// The runbook that does the same, but planned, permitted, verified and reported.
fn runbook(fix: &Fix, service: &Key, host: &Name) -> Option<Clean> {
    let command = fix.command.as_ref()?.as_str();
    let name = ["start", "restart"]
        .into_iter()
        .find(|name| command.starts_with(&format!("docker {name} ")))?;
    Some(if *host == USUAL_HOST {
        say!("/ops run {} service={}", name, service)
    } else {
        say!("/ops run {} service={}:{}", name, host, service)
    })
}

/// What must be true again, as commands anybody can paste; the result is what was just seen.
fn verification(diagnosis: &Diagnosis, evidence: &[Evidence]) -> Vec<Verification> {
    if diagnosis.affected.is_empty() {
        let own: Vec<&Evidence> = of(&diagnosis.asked, evidence).collect();
        let done = own.iter().copied().filter_map(done);
        let done: Vec<(&Name, Verification)> = done.collect();
        let runs = |item: &&&Evidence| done.iter().all(|(name, _)| **name != item.container);
        let others = own.iter().filter(runs).filter_map(|item| check(item));
        return sorted(done.iter().map(|(_, check)| check.clone()).chain(others));
    }
    let keys = diagnosis.affected.iter().map(|affected| &affected.service);
    keys.flat_map(|key| sorted(of(key, evidence).filter_map(check)))
        .collect()
}

/// Of a memory limit, in percent: above this there is none to spare.
const SPARE: f64 = 85.0;

fn of<'e>(key: &Key, evidence: &'e [Evidence]) -> impl Iterator<Item = &'e Evidence> {
    evidence.iter().filter(move |item| item.service == *key)
}

fn sorted(checks: impl Iterator<Item = Verification>) -> Vec<Verification> {
    let mut checks: Vec<Verification> = checks.collect();
    checks.sort_by(|a, b| a.command.cmp(&b.command));
    checks.dedup();
    checks
}

/// Where nothing is wrong, a container that ended with 0 and stays so is as it should be.
fn done(item: &Evidence) -> Option<(&Name, Verification)> {
    let Fact::State(state) = &item.fact else {
        return None;
    };
    let text = say!("{} has done its work", item.container);
    let command = of_container("{{.State.Status}}", &item.container);
    let check = verified(text, command, "exited", true);
    state
        .has_done_its_work()
        .then_some((&item.container, check))
}

fn check(item: &Evidence) -> Option<Verification> {
    inspected(item).or_else(|| looked_at(item))
}

/// What was tried inside or measured, with what came of it.
fn looked_at(item: &Evidence) -> Option<Verification> {
    let name = &item.container;
    let (text, command, expect, passed) = match &item.fact {
        Fact::Answer(answer) => (
            say!("{} of {} answers", answer.url, name),
            say!("docker exec {} curl -fsS -o /dev/null {}", name, answer.url),
            "a status under 400",
            answer.status < 400,
        ),
        Fact::Space(space) if !space.has_room() => (
            say!("{} has room in {}", name, space.path),
            say!("docker exec {} df {}", name, space.path),
            "free space and free inodes",
            false,
        ),
        Fact::Usage(usage) => (
            say!("{} has memory to spare", name),
            say!("docker stats --no-stream {}", name),
            "under 85 % of its limit",
            usage.stats.memory_percent()? < SPARE,
        ),
        _ => return None,
    };
    Some(verified(text, command, expect, passed))
}

fn inspected(item: &Evidence) -> Option<Verification> {
    let (text, format, expect, passed) = match &item.fact {
        Fact::State(state) => (
            say!("{} runs", item.container),
            "{{.State.Status}}",
            "running",
            state.status == Status::Running,
        ),
        Fact::Health(health) => (
            say!("the health check of {} passes", item.container),
            "{{.State.Health.Status}}",
            "healthy",
            health.status == HealthStatus::Healthy,
        ),
        _ => return None,
    };
    let command = of_container(format, &item.container);
    Some(verified(text, command, expect, passed))
}

fn of_container(format: &'static str, name: &Name) -> Clean {
    say!("docker inspect -f '{}' {}", format, name)
}

fn verified(text: Clean, command: Clean, expect: &'static str, passed: bool) -> Verification {
    Verification {
        text,
        command,
        expect: Clean::from_static(expect),
        result: if passed {
            CheckResult::Passed
        } else {
            CheckResult::Failed
        },
    }
}

/// How many entries a timeline has at most.
const ENTRIES: usize = 40;

/// What the engine recorded about the services affected, oldest first.
fn timeline(diagnosis: &Diagnosis, evidence: &[Evidence]) -> Vec<TimelineEntry> {
    let matters = |key: &Key| {
        diagnosis
            .affected
            .iter()
            .any(|affected| affected.service == *key)
    };
    let mut events: Vec<&Evidence> = evidence
        .iter()
        .filter(|item| matches!(item.fact, Fact::Event(_)) && matters(&item.service))
        .collect();
    events.sort_by_key(|item| (item.at, rank(item), &item.container, &item.text));
    let entry = |item: &&Evidence| {
        Some(TimelineEntry {
            at: item.at?,
            text: say!("{}: {}", item.container, item.text),
        })
    };
    let mut entries: Vec<TimelineEntry> = events.iter().filter_map(entry).collect();
    entries.dedup();
    let surplus = entries.len().saturating_sub(ENTRIES);
    entries.drain(..surplus);
    entries
}

/// What comes first when the clock cannot tell: a cause before the death it brings.
fn rank(item: &Evidence) -> u8 {
    match &item.fact {
        Fact::Event(EventFact::OutOfMemory) => 0,
        Fact::Event(EventFact::Signalled { .. }) => 1,
        Fact::Event(EventFact::Died { .. }) => 2,
        Fact::Event(EventFact::Stopped) => 3,
        Fact::Event(EventFact::Started) => 4,
        _ => 5,
    }
}
