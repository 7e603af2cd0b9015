//! One look at one container: its state and configuration, its log in bounded memory, its use.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Survey;
use super::gather::{Subject, limited};
use crate::action::container::Status;
use crate::action::logs::LogQuery;
use crate::action::stats::Stats;
use crate::engine::Engine;
use crate::evidence::digest::{Digest, Kept};
use crate::evidence::{Evidence, logs, state, stats};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What the engine said already.
    State,
    /// The log and the use too.
    Deep,
}

/// Lines that are read backwards from the end: enough to find what a flood has buried.
const DEEP: usize = 60_000;
/// Reading so many takes an engine a moment; more than this nobody waits for.
const DEEP_LIMIT: Duration = Duration::from_millis(1500);
/// What is read where the deep look takes too long.
const SHALLOW: usize = 4000;

pub(super) struct Seen {
    pub(super) evidence: Vec<Evidence>,
    pub(super) missed: Vec<((Key, Name), Clean)>,
}

pub(super) async fn look(
    engine: &Engine,
    survey: &Survey,
    (key, container): Subject<'_>,
    depth: Depth,
) -> Seen {
    let mut seen = Seen {
        evidence: state::read(key, container, &survey.redactor, &survey.signatures),
        missed: Vec::new(),
    };
    if depth == Depth::State {
        return seen;
    }
    let id = &container.id;
    let (log, usage) = tokio::join!(
        read_log(engine, survey, id),
        usage(engine, id, container.state.status)
    );
    let mut miss = |what: &'static str, why: &Clean| {
        let name = Name::new(&container.name);
        let text = say!("{} of {}: {}", what, name, why);
        seen.missed.push(((key.clone(), name), text));
    };
    match log {
        Ok(log) => {
            let lines = logs::read(key, &container.name, &log.lines, &survey.redactor);
            seen.evidence.extend(lines);
            if !log.whole {
                miss(
                    "older log lines",
                    &say!("only the newest {} were read in time", SHALLOW),
                );
            }
        }
        Err(why) => miss("logs", &why),
    }
    match usage {
        Some(Ok(usage)) => seen
            .evidence
            .push(stats::read(key, &container.name, &usage, survey.at)),
        Some(Err(why)) => miss("use of cpu and memory", &why),
        None => {}
    }
    seen
}

struct Log {
    lines: Vec<Kept>,
    /// Whether the deep look came to its end.
    whole: bool,
}

async fn read_log(engine: &Engine, survey: &Survey, id: &str) -> Result<Log, Clean> {
    let mut deep = Digest::new(Arc::clone(&survey.signatures));
    match timeout(DEEP_LIMIT, read_into(&mut deep, engine, id, DEEP)).await {
        Ok(read) => read?,
        Err(_) => {
            // what the deep look found on its way still counts; the newest lines are read anew
            let mut newest = Digest::new(Arc::clone(&survey.signatures));
            read_into(&mut newest, engine, id, SHALLOW).await?;
            let lines = joined(deep, newest);
            return Ok(Log {
                lines,
                whole: false,
            });
        }
    }
    Ok(Log {
        lines: deep.finish(),
        whole: true,
    })
}

async fn read_into(
    digest: &mut Digest,
    engine: &Engine,
    id: &str,
    tail: usize,
) -> Result<(), Clean> {
    let query = LogQuery {
        tail: Some(tail),
        ..LogQuery::default()
    };
    limited(engine.scan(id, &query, |line| digest.push(line))).await
}

/// The earlier lines, then the newer ones, none twice.
fn joined(earlier: Digest, newer: Digest) -> Vec<Kept> {
    let after = earlier.seen();
    let mut newer = newer.finish();
    let begin = newer.first().and_then(|kept| kept.line.at);
    for kept in &mut newer {
        kept.place += after;
    }
    let mut lines = earlier.finish();
    lines.retain(|kept| begin.is_none_or(|begin| kept.line.at.is_none_or(|at| at < begin)));
    lines.extend(newer);
    lines
}

/// Only what runs uses anything.
async fn usage(engine: &Engine, id: &str, status: Status) -> Option<Result<Stats, Clean>> {
    if status != Status::Running {
        return None;
    }
    Some(limited(engine.stats(id)).await)
}
