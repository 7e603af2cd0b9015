//! Collects the evidence for one diagnosis: state, health, events, logs and use of the service
//! asked about, of all it needs, and of all that needs it, in parallel and within a time budget.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::SignedDuration;
use tokio::time::timeout;

use super::Survey;
use crate::action::container::{Container, Status};
use crate::action::events::EventQuery;
use crate::action::logs::LogQuery;
use crate::engine::Engine;
use crate::evidence::{Evidence, Fact, Source, events, logs, state, stats};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// How long each single look may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// How far back the engine's record is read.
const HISTORY: SignedDuration = SignedDuration::from_hours(1);

/// How many of a container's newest log lines are read.
const TAIL: usize = 200;

/// Looks at the same time; more would only queue in the engine.
const AT_ONCE: usize = 16;

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Gathered {
    pub evidence: Vec<Evidence>,
    pub not_seen: Vec<Clean>,
    pub containers: usize,
}

pub async fn gather(engine: &Engine, survey: &Survey, asked: &[Key]) -> Gathered {
    let keys = in_question(survey, asked);
    let services = keys.iter().filter_map(|key| survey.inventory.get(key));
    let subjects: Vec<(&Key, &Container)> = services
        .flat_map(|service| {
            service
                .replicas
                .iter()
                .map(|replica| (&service.key, replica))
        })
        .collect();

    let mut gathered = Gathered {
        containers: subjects.len(),
        ..Gathered::default()
    };
    let looks: Vec<_> = subjects
        .iter()
        .map(|(key, container)| look(engine, survey, key, container))
        .collect();
    let (mut parts, record) = tokio::join!(
        stream::iter(looks).buffered(AT_ONCE).collect::<Vec<_>>(),
        record(engine, survey, &subjects)
    );
    parts.push(record);
    for part in parts {
        gathered.evidence.extend(part.evidence);
        gathered.not_seen.extend(part.not_seen);
    }
    gathered.evidence.sort_by(|a, b| {
        (&a.service, &a.container, a.source, a.at, &a.text).cmp(&(
            &b.service,
            &b.container,
            b.source,
            b.at,
            &b.text,
        ))
    });
    gathered.not_seen.sort();
    gathered
}

/// The services asked about, all they need, and all that needs any of those.
fn in_question(survey: &Survey, asked: &[Key]) -> BTreeSet<Key> {
    let mut keys: BTreeSet<Key> = asked.iter().cloned().collect();
    keys.extend(asked.iter().flat_map(|key| survey.graph.all_needs(key)));
    let needed: Vec<Key> = keys.iter().cloned().collect();
    keys.extend(
        needed
            .iter()
            .flat_map(|key| survey.graph.all_needed_by(key)),
    );
    keys
}

async fn look(engine: &Engine, survey: &Survey, key: &Key, container: &Container) -> Gathered {
    let mut found = Gathered {
        evidence: state::read(key, container, &survey.redactor),
        ..Gathered::default()
    };
    let query = LogQuery {
        tail: Some(TAIL),
        ..LogQuery::default()
    };
    let (lines, usage) = tokio::join!(
        limited(engine.logs(&container.id, &query)),
        usage(engine, container)
    );
    match lines {
        Ok(lines) => {
            found
                .evidence
                .extend(logs::read(key, &container.name, &lines, &survey.redactor));
        }
        Err(why) => found.miss(key, container, "logs", &why),
    }
    match usage {
        Some(Ok(usage)) => {
            found
                .evidence
                .push(stats::read(key, &container.name, &usage, survey.at));
        }
        Some(Err(why)) => found.miss(key, container, "use of cpu and memory", &why),
        None => {}
    }
    found
}

/// Only what runs uses anything.
async fn usage(
    engine: &Engine,
    container: &Container,
) -> Option<Result<crate::action::stats::Stats, Clean>> {
    if container.state.status != Status::Running {
        return None;
    }
    Some(limited(engine.stats(&container.id)).await)
}

/// The engine's record of everything in question, asked for once.
async fn record(engine: &Engine, survey: &Survey, subjects: &[(&Key, &Container)]) -> Gathered {
    let since = survey.at.checked_sub(HISTORY).ok();
    let query = EventQuery {
        since,
        until: Some(survey.at),
        container: None,
    };
    let mut found = Gathered::default();
    match limited(engine.events(&query)).await {
        Ok(recorded) => {
            for (key, container) in subjects {
                let mine: Vec<_> = recorded
                    .iter()
                    .filter(|event| event.actor == container.id)
                    .cloned()
                    .collect();
                found
                    .evidence
                    .extend(events::read(key, &container.name, &mine));
            }
        }
        Err(why) => found.not_seen.push(say!("the engine's events: {}", why)),
    }
    found
}

async fn limited<T>(
    look: impl Future<Output = Result<T, crate::engine::EngineError>>,
) -> Result<T, Clean> {
    match timeout(PATIENCE, look).await {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(error)) => Err(error.say()),
        Err(_) => Err(say!("no answer within {} s", PATIENCE.as_secs())),
    }
}

impl Gathered {
    fn miss(&mut self, key: &Key, container: &Container, what: &'static str, why: &Clean) {
        let text = say!("{} of {}: {}", what, Name::new(&container.name), why);
        self.not_seen.push(text.clone());
        self.evidence.push(Evidence {
            source: Source::Inspect,
            service: key.clone(),
            container: Name::new(&container.name),
            at: None,
            text,
            fact: Fact::NotSeen,
        });
    }
}
