//! Facts from a container's own description: its state, its last end, its health checks.

use super::{Evidence, Fact, Hit, Signatures, Source};
use crate::action::container::{Container, Health, HealthStatus, Limits, RestartPolicy, Status};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name, Redactor};

/// How much of a health check's output is kept.
const OUTPUT: usize = 400;

#[derive(Debug, Clone, PartialEq)]
pub struct StateFact {
    pub id: String,
    pub status: Status,
    pub exit_code: Option<i64>,
    pub oom_killed: bool,
    /// What the engine said when it could not start the container.
    pub error: Clean,
    pub restart_count: u64,
    pub restart_policy: RestartPolicy,
    pub limits: Limits,
    pub started_at: Option<jiff::Timestamp>,
    pub finished_at: Option<jiff::Timestamp>,
    /// The program it runs, without arguments.
    pub program: Clean,
}

impl StateFact {
    /// It ended well, and nothing is to start it again.
    pub fn has_done_its_work(&self) -> bool {
        let stays = matches!(self.restart_policy.name.as_str(), "" | "no" | "on-failure");
        self.status == Status::Exited && self.exit_code == Some(0) && stays
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct HealthFact {
    pub status: HealthStatus,
    pub failing_streak: u64,
    /// Of the newest check.
    pub exit_code: Option<i64>,
    pub output: Clean,
    /// What a signature reads out of the output.
    pub hit: Option<Hit>,
    /// How many of the checks that the engine remembers passed.
    pub passed: usize,
    pub test: Clean,
    pub timeout_s: u64,
    pub interval_s: u64,
    pub start_period_s: u64,
}

impl HealthFact {
    /// Whether the engine ended the check, or its own tool gave up waiting.
    pub fn took_too_long(&self) -> bool {
        const CURL_WAITED: i64 = 28;
        let output = self.output.as_str();
        let by_itself = self.test.as_str().contains("curl") && self.exit_code == Some(CURL_WAITED);
        by_itself || output.contains("exceeded timeout") || output.contains("download timed out")
    }
}

pub fn read(
    key: &Key,
    container: &Container,
    redactor: &Redactor,
    signatures: &Signatures,
) -> Vec<Evidence> {
    let mut facts = vec![state(key, container, redactor), setup(key, container)];
    facts.extend(
        container
            .state
            .health
            .as_ref()
            .map(|health| self::health(key, container, health, redactor, signatures)),
    );
    facts
}

/// The whole description, for judging. Its text says nothing: it is never cited.
fn setup(key: &Key, container: &Container) -> Evidence {
    Evidence {
        source: Source::Inspect,
        service: key.clone(),
        container: Name::new(&container.name),
        at: None,
        text: Clean::default(),
        fact: Fact::Setup(Box::new(container.clone())),
    }
}

fn state(key: &Key, container: &Container, redactor: &Redactor) -> Evidence {
    let state = &container.state;
    let program = container
        .settings
        .entrypoint
        .first()
        .or(container.settings.command.first());
    let fact = StateFact {
        id: container.id.clone(),
        status: state.status,
        exit_code: state.exit_code,
        oom_killed: state.oom_killed,
        error: redactor.raw(&state.error),
        restart_count: container.restart_count,
        restart_policy: container.restart_policy.clone(),
        limits: container.limits,
        started_at: state.started_at,
        finished_at: state.finished_at,
        program: program
            .map(|program| redactor.raw(program))
            .unwrap_or_default(),
    };
    let ended = matches!(
        state.status,
        Status::Exited | Status::Dead | Status::Restarting
    );
    Evidence {
        source: Source::Inspect,
        service: key.clone(),
        container: Name::new(&container.name),
        at: if ended {
            state.finished_at
        } else {
            state.started_at
        },
        text: state_text(container, &fact, ended),
        fact: Fact::State(fact),
    }
}

fn state_text(container: &Container, fact: &StateFact, ended: bool) -> Clean {
    let mut parts = vec![say!("{}", fact.status.word())];
    if ended && let Some(code) = fact.exit_code {
        parts.push(say!("exit {}", code));
    }
    if ended && fact.oom_killed {
        parts.push(say!("OOMKilled true"));
    }
    if fact.restart_count > 0 {
        parts.push(say!("restarted {} times", fact.restart_count));
    }
    let policy = &container.restart_policy;
    if ended && !policy.name.is_empty() {
        parts.push(say!("restart policy {}", Name::new(&policy.name)));
    }
    if !fact.error.is_empty() {
        parts.push(say!("engine: {}", fact.error));
    }
    Clean::join(&parts, ", ")
}

fn health(
    key: &Key,
    container: &Container,
    health: &Health,
    redactor: &Redactor,
    signatures: &Signatures,
) -> Evidence {
    let newest = health.log.last();
    let output = newest
        .map(|result| first_of(&redactor.raw(&result.output)))
        .unwrap_or_default();
    let test = container.settings.health_test.as_ref();
    let words: Vec<Clean> = test
        .iter()
        .flat_map(|test| &test.test)
        .skip(1)
        .map(|word| redactor.raw(word))
        .collect();
    let fact = HealthFact {
        status: health.status,
        failing_streak: health.failing_streak,
        exit_code: newest.map(|result| result.exit_code),
        output: output.clone(),
        hit: newest.and_then(|result| known_line(result.output.expose(), redactor, signatures)),
        passed: health
            .log
            .iter()
            .filter(|result| result.exit_code == 0)
            .count(),
        test: Clean::join(&words, " "),
        timeout_s: test.map_or(0, |test| test.timeout.as_secs()),
        interval_s: test.map_or(0, |test| test.interval.as_secs()),
        start_period_s: test.map_or(0, |test| test.start_period.as_secs()),
    };
    let text = match (health.status, fact.exit_code) {
        (HealthStatus::Healthy, _) => say!("health check passes"),
        (_, Some(0)) => say!("its last health check passed"),
        (status, None) => say!("health check {}: none has finished yet", status.word()),
        (_, Some(code)) => say!(
            "check failed {} times, exit {}: {}",
            health.failing_streak,
            code,
            output
        ),
    };
    Evidence {
        source: Source::Health,
        service: key.clone(),
        container: Name::new(&container.name),
        at: newest.and_then(|result| result.ended_at.or(result.started_at)),
        text,
        fact: Fact::Health(fact),
    }
}

/// The first line of a check's output that a signature knows.
fn known_line(output: &str, redactor: &Redactor, signatures: &Signatures) -> Option<Hit> {
    output
        .lines()
        .find_map(|line| Some(signatures.find(line)?.1.hit(line, redactor)))
}

/// The start of an output, on one line.
fn first_of(output: &Clean) -> Clean {
    output.map(|text| {
        let text = text.trim();
        let end = text
            .char_indices()
            .nth(OUTPUT)
            .map_or(text.len(), |(at, _)| at);
        text.get(..end).unwrap_or(text)
    })
}
