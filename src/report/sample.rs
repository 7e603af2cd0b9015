//! Reports that never happened: templates are tried with them before they are trusted, and the
//! documentation shows them. One with everything in it, one without a fault, one undecided.

use jiff::Timestamp;

use super::{
    AffectedService, CheckResult, Contributing, RelatedService, Report, ResolutionStep, RootCause,
    SCHEMA, TimelineEntry, Verification,
};
use crate::action::Risk;
use crate::diagnose::change::Change;
use crate::diagnose::checklist::{Outcome, Point};
use crate::diagnose::{Cause, Confidence};
use crate::evidence::{Citation, Source};
use crate::say;
use crate::text::{Clean, Name};

/// Three in the morning, 20 November 2026, UTC.
const THREE_O_CLOCK: i64 = 1_795_143_600;

fn at(minute: i64, second: i64) -> Timestamp {
    Timestamp::from_second(THREE_O_CLOCK + minute * 60 + second).unwrap_or_default()
}

pub fn all() -> Vec<Report> {
    vec![fault(), healthy(), inconclusive()]
}

/// A database over its memory limit takes two services with it.
pub fn fault() -> Report {
    Report {
        issue: "db was killed for lack of memory; api and gateway fail because they need it".into(),
        services_affected: vec![
            affected("db", "exited", &["exit code 137", "limit 32 MiB"]),
            affected("api", "unhealthy", &["14 checks failed in a row"]),
            affected("gateway", "unhealthy", &["502 from its upstream"]),
        ],
        root_cause: RootCause {
            cause: Cause::OomKilled,
            service: "db".into(),
            summary: "db was killed for lack of memory; api and gateway fail because they need it"
                .into(),
            confidence: Confidence::Certain,
            evidence: vec![
                seen(
                    Source::Inspect,
                    "db",
                    Some(at(9, 41)),
                    "OOMKilled true, exit code 137, restart policy no",
                ),
                seen(
                    Source::Events,
                    "db",
                    Some(at(9, 41)),
                    "oom, then die; nobody stopped it",
                ),
                seen(
                    Source::Stats,
                    "db",
                    Some(at(9, 40)),
                    "31.8 of 32 MiB used in the last sample",
                ),
                seen(
                    Source::Logs,
                    "api",
                    Some(at(9, 42)),
                    "Error: getaddrinfo ENOTFOUND db (a name that resolved until 03:09:41)",
                ),
                seen(Source::Compose, "db", None, "mem_limit: 32m"),
            ],
        },
        contributing: vec![Contributing {
            cause: Cause::DependencyNotReady,
            service: "api".into(),
            summary: "api starts without waiting for db to be healthy".into(),
        }],
        resolution_steps: steps(),
        verification: checks(),
        prevention: vec![
            "an alert on memory at 85 % of the limit".into(),
            "depends_on with condition: service_healthy on api".into(),
        ],
        related_services: vec![
            related("worker", "uses the same database"),
            related("backup", "its next run is at 04:00 UTC"),
        ],
        timeline: vec![
            TimelineEntry {
                at: at(9, 41),
                text: "db was killed by the kernel".into(),
            },
            TimelineEntry {
                at: at(9, 42),
                text: "api lost its database".into(),
            },
            TimelineEntry {
                at: at(10, 5),
                text: "gateway answered 503".into(),
            },
        ],
        checklist: points(),
        changes: vec![change()],
        not_seen: vec!["the kernel log (no permission on this host)".into()],
        ..empty("01KAFAX4W8J2B5R7T9V1X3Z5C7")
    }
}

fn steps() -> Vec<ResolutionStep> {
    vec![
        ResolutionStep {
            text: "raise the memory limit of db to 640 MiB (it needs 412 MiB at rest)".into(),
            command: Some(
                "--- docker-compose.yml\n-    mem_limit: 32m\n+    mem_limit: 640m".into(),
            ),
            runbook: None,
            risk: Risk::Change,
            taken: false,
        },
        ResolutionStep {
            text: "start db, wait until it is healthy, then api, then gateway".into(),
            command: Some("docker compose -p shop up -d --wait db api gateway".into()),
            runbook: Some("/ops run ordered-restart stack=shop groups=db,api,gateway".into()),
            risk: Risk::Change,
            taken: false,
        },
    ]
}

fn checks() -> Vec<Verification> {
    let check = |text, command, expect, result| Verification {
        text: Clean::from_static(text),
        command: Clean::from_static(command),
        expect: Clean::from_static(expect),
        result,
    };
    vec![
        check(
            "db runs",
            "docker inspect -f '{{.State.Status}}' shop-db-1",
            "running",
            CheckResult::Passed,
        ),
        check(
            "gateway answers",
            "curl -fsS http://localhost:8080/healthz",
            "200",
            CheckResult::Failed,
        ),
        check(
            "db takes connections",
            "docker exec shop-db-1 pg_isready",
            "accepting connections",
            CheckResult::NotRun,
        ),
    ]
}

/// A service that was asked about and has nothing wrong with it.
pub fn healthy() -> Report {
    Report {
        issue: "api is healthy: it runs and its check passes".into(),
        root_cause: RootCause {
            cause: Cause::None,
            service: Name::default(),
            summary: "nothing is wrong with api".into(),
            confidence: Confidence::Certain,
            evidence: vec![
                seen(
                    Source::Inspect,
                    "api",
                    Some(at(20, 50)),
                    "running for 6 days, 0 restarts",
                ),
                seen(
                    Source::Health,
                    "api",
                    Some(at(20, 48)),
                    "the last 5 checks passed",
                ),
            ],
        },
        ..empty("01KAFAX4W8HEALTHY000000000")
    }
}

/// A service that fails without leaving a reason behind.
pub fn inconclusive() -> Report {
    Report {
        issue: "worker ended with code 3; the evidence does not say why".into(),
        services_affected: vec![affected("worker", "exited", &["exit code 1"])],
        root_cause: RootCause {
            cause: Cause::Inconclusive,
            service: "worker".into(),
            summary:
                "worker stopped with exit code 1 and wrote nothing; the evidence does not say why"
                    .into(),
            confidence: Confidence::Inconclusive,
            evidence: vec![seen(
                Source::Inspect,
                "worker",
                Some(at(12, 7)),
                "exit code 1, not out of memory",
            )],
        },
        resolution_steps: vec![ResolutionStep {
            text: "start it with its log level raised and read what it writes".into(),
            command: Some("docker compose -p shop run --rm -e LOG_LEVEL=debug worker".into()),
            runbook: None,
            risk: Risk::Change,
            taken: false,
        }],
        not_seen: vec!["the log of worker (its log driver keeps nothing)".into()],
        ..empty("01KAFAX4W8UNDECIDED0000000")
    }
}

fn points() -> Vec<Point> {
    const POINTS: [(&str, Outcome, &str); 8] = [
        (
            "logs",
            Outcome::Fine,
            "4 lines kept, none of them tells of trouble",
        ),
        (
            "environment",
            Outcome::Fine,
            "3 variables set, 0 of them empty",
        ),
        ("ports", Outcome::Fine, "0 published"),
        (
            "volume permissions",
            Outcome::Fine,
            "1 mounts, 0 of them read-only",
        ),
        ("memory and cpu", Outcome::Cause, "the kernel killed it"),
        (
            "network",
            Outcome::Fine,
            "on shop_default; needs 0 other services",
        ),
        (
            "configuration",
            Outcome::Fine,
            "runs `postgres`, restart policy no",
        ),
        ("engine", Outcome::NotSeen, "could not be looked at"),
    ];
    POINTS
        .into_iter()
        .map(|(point, outcome, text)| Point {
            point: point.into(),
            outcome,
            text: text.into(),
        })
        .collect()
}

fn change() -> Change {
    let diff = [
        " services:",
        "   db:",
        "-    mem_limit: 32m",
        "+    mem_limit: 640m",
    ];
    Change {
        file: "docker-compose.yml".into(),
        diff: diff.into_iter().map(Clean::from_static).collect(),
    }
}

fn empty(id: &str) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        id: id.to_owned(),
        created_at: at(20, 52),
        host: "local".into(),
        project: "shop".into(),
        environment: Name::default(),
        issue: Clean::default(),
        services_affected: Vec::new(),
        root_cause: RootCause {
            cause: Cause::None,
            service: Name::default(),
            summary: Clean::default(),
            confidence: Confidence::Certain,
            evidence: Vec::new(),
        },
        contributing: Vec::new(),
        resolution_steps: Vec::new(),
        verification: Vec::new(),
        prevention: Vec::new(),
        related_services: Vec::new(),
        timeline: Vec::new(),
        checklist: Vec::new(),
        changes: Vec::new(),
        not_seen: Vec::new(),
        looked_at: "9 containers in 0.8 s".into(),
    }
}

fn affected(service: &str, status: &'static str, symptoms: &[&'static str]) -> AffectedService {
    AffectedService {
        service: service.into(),
        status: status.into(),
        symptoms: symptoms
            .iter()
            .map(|symptom| Clean::from_static(symptom))
            .collect(),
    }
}

fn related(service: &str, why: &'static str) -> RelatedService {
    RelatedService {
        service: service.into(),
        why: why.into(),
    }
}

fn seen(source: Source, service: &str, at: Option<Timestamp>, text: &'static str) -> Citation {
    Citation {
        source,
        service: service.into(),
        at,
        text: text.into(),
    }
}

/// Incidents in every state a list shows.
pub fn incidents() -> Vec<super::IncidentRow> {
    let row = |id, state, (over, heard)| super::IncidentRow {
        id,
        opened: Timestamp::UNIX_EPOCH,
        state,
        over,
        heard,
        place: Name::new("shop/db"),
        title: say!("db was killed for lack of memory"),
    };
    vec![
        row(1, "open", (false, false)),
        row(2, "acknowledged", (false, true)),
        row(3, "resolved", (true, true)),
    ]
}
