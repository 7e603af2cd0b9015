//! Tries from inside a running container what its log says does not work: whether a name resolves
//! and a port answers. Only where the owner allows it; fixed programs, and no shell.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Survey;
use super::gather::{Subject, limited};
use crate::action::container::{Container, ExecResult, Status};
use crate::engine::Engine;
use crate::evidence::probe::{self, TriedFact};
use crate::evidence::{Cause, Evidence, Fact, Hit};
use crate::text::Clean;

/// Of one container; a log may complain of many.
const MOST: usize = 2;
const LIMIT: Duration = Duration::from_secs(2);

const RESOLVERS: [&[&str]; 2] = [&["getent", "hosts"], &["nslookup"]];
const CONNECTORS: [&[&str]; 2] = [
    &["nc", "-z", "-w", "1"],
    &["busybox", "nc", "-z", "-w", "1"],
];

/// What is complained of.
type Aim = (Clean, Option<u16>);

pub(super) async fn look(
    engine: &Engine,
    survey: &Survey,
    subjects: &[Subject<'_>],
    evidence: &[Evidence],
) -> Vec<Evidence> {
    let mut found = Vec::new();
    if !survey.probes {
        return found;
    }
    for (key, container) in subjects {
        if container.state.status != Status::Running {
            continue;
        }
        let mine = evidence
            .iter()
            .filter(|item| item.service == **key && item.container == container.name.as_str());
        for (host, port) in aims(mine) {
            let tried = TriedFact {
                resolves: resolves(engine, container, host.as_str()).await,
                answers: answers(engine, container, host.as_str(), port).await,
                host,
                port,
            };
            found.extend(probe::tried(key, &container.name, tried));
        }
    }
    found
}

/// The newest first.
fn aims<'e>(evidence: impl DoubleEndedIterator<Item = &'e Evidence>) -> Vec<Aim> {
    let mut seen = BTreeSet::new();
    evidence
        .rev()
        .filter_map(|item| match &item.fact {
            Fact::Log(line) => aim(line.hit.as_ref()?),
            _ => None,
        })
        .filter(|aim| seen.insert(aim.clone()))
        .take(MOST)
        .collect()
}

fn aim(hit: &Hit) -> Option<Aim> {
    const ABOUT: &[Cause] = &[
        Cause::DnsFailure,
        Cause::ConnectionRefused,
        Cause::ConnectionTimeout,
    ];
    let host = hit.name("host").or_else(|| hit.name("address"))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    // what begins with a dash would be read as a flag
    let sound = host
        .as_str()
        .starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.as_str().chars().all(is_name);
    (sound && ABOUT.contains(&hit.cause)).then(|| (host.clone(), hit.port()))
}

async fn resolves(engine: &Engine, container: &Container, host: &str) -> Option<bool> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    for resolver in RESOLVERS {
        if let Some(result) = run(engine, container, resolver, &[host]).await {
            return Some(result.exit_code == 0);
        }
    }
    None
}

async fn answers(
    engine: &Engine,
    container: &Container,
    host: &str,
    port: Option<u16>,
) -> Option<bool> {
    let port = port?.to_string();
    for connector in CONNECTORS {
        if let Some(result) = run(engine, container, connector, &[host, &port]).await {
            return Some(result.exit_code == 0);
        }
    }
    None
}

/// `None`: the program is not there, or does not understand us.
async fn run(
    engine: &Engine,
    container: &Container,
    program: &[&str],
    arguments: &[&str],
) -> Option<ExecResult> {
    let argv: Vec<String> = program
        .iter()
        .chain(arguments)
        .map(|word| (*word).to_owned())
        .collect();
    let result = limited(engine.exec(&container.id, &argv, LIMIT))
        .await
        .ok()?;
    result.was_understood().then_some(result)
}
