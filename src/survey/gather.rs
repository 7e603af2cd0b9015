//! Collects the evidence for one diagnosis, in parallel and within a time budget: of the services
//! asked about, of all they need, and of what fails beside them. What could not be looked at is
//! part of the answer.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::SignedDuration;
use tokio::time::timeout;

use super::look::{self, Depth};
use super::{Survey, inside, probes, texts};
use crate::action::container::{Container, HealthStatus, Status};
use crate::action::events::EventQuery;
use crate::engine::{Engine, EngineError};
use crate::evidence::{Evidence, Fact, Source, events};
use crate::say;
use crate::stack::{Graph, Key, Why};
use crate::text::{Clean, Name};

/// How long each single look may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// How far back the engine's record is read.
const HISTORY: SignedDuration = SignedDuration::from_hours(1);

/// Looks at the same time; more would only queue in the engine.
const AT_ONCE: usize = 16;

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Gathered {
    pub evidence: Vec<Evidence>,
    pub not_seen: Vec<Clean>,
    pub containers: usize,
    /// Who needs whom, with what logs and mounted files add to it.
    pub graph: Graph,
}

/// A container in question.
pub(super) type Subject<'s> = (&'s Key, &'s Container);

pub async fn gather(engine: &Engine, survey: &Survey, asked: &[Key]) -> Gathered {
    let texts = texts::mounted(engine, survey, asked).await;
    let graph = Graph::with_texts(&survey.inventory, &texts);
    let mut gathered = Gathered {
        graph,
        ..Gathered::default()
    };

    let deep = in_question(&gathered.graph, survey, asked);
    let around = around(&gathered.graph, &deep);
    let (subjects, others) = (subjects(survey, &deep), subjects(survey, &around));
    let (close, far, record) = tokio::join!(
        looks(engine, survey, &subjects, Depth::Deep),
        looks(engine, survey, &others, Depth::State),
        record(engine, survey)
    );
    gathered.take(close);
    gathered.take(far);

    let further = gathered.follow_logs(&deep);
    let further: Vec<Subject<'_>> = self::subjects(survey, &further);
    gathered.take(looks(engine, survey, &further, Depth::Deep).await);
    let all: Vec<Subject<'_>> = subjects
        .iter()
        .chain(&others)
        .chain(&further)
        .copied()
        .collect();
    gathered.containers = all.len();
    gathered.take_record(record, &all, survey);

    gathered.evidence.extend(
        subjects
            .iter()
            .filter_map(|subject| port_holder(survey, *subject)),
    );

    let running: Vec<Subject<'_>> = subjects.iter().chain(&further).copied().collect();
    let inside = inside::look(engine, survey, &running, &gathered.evidence).await;
    let platforms = inside::platforms(engine, &running, &gathered.evidence).await;
    let tried = probes::look(engine, survey, &running, &gathered.evidence).await;
    let found = inside.into_iter().chain(platforms).chain(tried);
    gathered.evidence.extend(found);
    gathered.evidence.extend(inside::sockets(&others).await);
    gathered.evidence.extend(
        asked
            .first()
            .zip(inside::machine(engine).await)
            .map(|(key, fact)| crate::evidence::probe::machine(key, "", fact)),
    );
    gathered.in_order()
}

/// The services asked about, all they need, and whatever fails in the same stacks.
fn in_question(graph: &Graph, survey: &Survey, asked: &[Key]) -> BTreeSet<Key> {
    let mut keys: BTreeSet<Key> = asked.iter().cloned().collect();
    keys.extend(asked.iter().flat_map(|key| graph.all_needs(key)));
    let neighbours = asked
        .iter()
        .flat_map(|key| graph.neighbours(key))
        .filter(|key| {
            let service = survey.inventory.get(key);
            service.is_some_and(|service| service.replicas.iter().any(looks_ill))
        });
    keys.extend(neighbours.cloned());
    keys
}

/// Everything else that needs one of these, and the rest of their stacks: what is asked for on
/// the wrong address may be served by any of them.
fn around(graph: &Graph, keys: &BTreeSet<Key>) -> BTreeSet<Key> {
    let needing = keys.iter().flat_map(|key| graph.all_needed_by(key));
    let neighbours = keys.iter().flat_map(|key| graph.neighbours(key).cloned());
    needing
        .chain(neighbours)
        .filter(|key| !keys.contains(key))
        .collect()
}

/// Which other container has the port of the host that this one was refused.
fn port_holder(survey: &Survey, (key, container): Subject<'_>) -> Option<Evidence> {
    let error = container.state.error.expose();
    if !(error.contains("port is already allocated") || error.contains("address already in use")) {
        return None;
    }
    let wanted: Vec<u16> = container
        .ports
        .iter()
        .filter_map(|port| Some(port.published.as_ref()?.port))
        .collect();
    let others = survey
        .inventory
        .containers()
        .filter(|other| other.id != container.id && other.state.status == Status::Running);
    let (holder, port) = others
        .flat_map(|other| other.ports.iter().map(move |port| (other, port)))
        .find_map(|(other, port)| {
            Some((other, port.published.as_ref()?.port)).filter(|(_, port)| wanted.contains(port))
        })?;
    let text = say!(
        "port {} of the host is published by `{}`",
        port,
        Name::new(&holder.name)
    );
    Some(Evidence {
        source: Source::Host,
        service: key.clone(),
        container: Name::new(&container.name),
        at: None,
        text,
        fact: Fact::PortHolder,
    })
}

fn looks_ill(container: &Container) -> bool {
    let state = &container.state;
    let unhealthy = state
        .health
        .as_ref()
        .is_some_and(|health| health.status == HealthStatus::Unhealthy);
    state.status != Status::Running || unhealthy || container.restart_count > 0
}

fn subjects<'s>(survey: &'s Survey, keys: &BTreeSet<Key>) -> Vec<Subject<'s>> {
    let services = keys.iter().filter_map(|key| survey.inventory.get(key));
    services
        .flat_map(|service| {
            service
                .replicas
                .iter()
                .map(|replica| (&service.key, replica))
        })
        .collect()
}

async fn looks(
    engine: &Engine,
    survey: &Survey,
    subjects: &[Subject<'_>],
    depth: Depth,
) -> Vec<look::Seen> {
    let looks: Vec<_> = subjects
        .iter()
        .map(|subject| look::look(engine, survey, *subject, depth))
        .collect();
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

/// The engine's record of everything, asked for once.
async fn record(
    engine: &Engine,
    survey: &Survey,
) -> Result<Vec<crate::action::events::Event>, Clean> {
    let query = EventQuery {
        since: survey.at.checked_sub(HISTORY).ok(),
        until: Some(survey.at),
        container: None,
    };
    limited(engine.events(&query)).await
}

pub(super) async fn limited<T>(
    look: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, Clean> {
    match timeout(PATIENCE, look).await {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(error)) => Err(error.say()),
        Err(_) => Err(say!("no answer within {} s", PATIENCE.as_secs())),
    }
}

impl Gathered {
    fn take(&mut self, parts: Vec<look::Seen>) {
        for part in parts {
            self.evidence.extend(part.evidence);
            for (subject, what) in part.missed {
                self.miss(&subject, what);
            }
        }
    }

    fn miss(&mut self, (key, container): &(Key, Name), text: Clean) {
        self.not_seen.push(text.clone());
        self.evidence.push(Evidence {
            source: Source::Inspect,
            service: key.clone(),
            container: container.clone(),
            at: None,
            text,
            fact: Fact::NotSeen,
        });
    }

    fn take_record(
        &mut self,
        record: Result<Vec<crate::action::events::Event>, Clean>,
        subjects: &[Subject<'_>],
        survey: &Survey,
    ) {
        let recorded = match record {
            Ok(recorded) => recorded,
            Err(why) => return self.not_seen.push(say!("the engine's events: {}", why)),
        };
        for (key, container) in subjects {
            let mine: Vec<_> = recorded
                .iter()
                .filter(|event| event.actor == container.id)
                .cloned()
                .collect();
            self.evidence
                .extend(events::read(key, &container.name, &mine));
        }
        let is_there = |key: &Key| survey.inventory.get(key).is_some();
        self.evidence.extend(events::removed(&recorded, is_there));
    }

    /// Logs name services that no configuration names. Adds those to the graph; gives back the
    /// ones that nobody has looked at yet.
    fn follow_logs(&mut self, known: &BTreeSet<Key>) -> BTreeSet<Key> {
        let mut found = BTreeSet::new();
        for item in &self.evidence {
            let Fact::Log(line) = &item.fact else {
                continue;
            };
            let host = line
                .hit
                .as_ref()
                .and_then(|hit| hit.name("host").or_else(|| hit.name("address")));
            let target = host.and_then(|host| self.graph.resolve(&item.service, host.as_str()));
            found.extend(target.map(|target| (item.service.clone(), target)));
        }
        for (from, to) in &found {
            if !self.graph.needs(from).contains_key(to) {
                self.graph.add(from, to, Why::Log);
            }
        }
        let targets = found.into_iter().map(|(_, to)| to);
        targets.filter(|key| !known.contains(key)).collect()
    }

    fn in_order(mut self) -> Self {
        self.evidence.sort_by(|a, b| {
            (&a.service, &a.container, a.source, a.at, &a.text).cmp(&(
                &b.service,
                &b.container,
                b.source,
                b.at,
                &b.text,
            ))
        });
        self.not_seen.sort();
        self.not_seen.dedup();
        self
    }
}
