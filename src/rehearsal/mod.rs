//! The tests that runbooks carry, played on the simulated engine: the described services come up,
//! the runbook is bound and run like any other, and what came of it is compared. Waits are
//! shortened, so that a minute of patience is a few seconds.

mod scene;
mod verdict;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{StreamExt, iter};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Caller;
use crate::action::{Action, Risk};
use crate::clock::Clock;
use crate::engine::Endpoint;
use crate::host::{Fleet, Host};
use crate::run::{Book, Ended, Ground, Plan, RunEnd, Runner, Tools};
use crate::runbook::language::TestSpec;
use crate::runbook::{Given, Grounds, Known, Runbook, Shelf, World, bind};
use crate::sim::Simulation;
use crate::store::Store;
use crate::survey::Survey;

/// How many times faster than life waits are.
const PACE: u32 = 20;
/// Tests at the same time.
const AT_ONCE: usize = 8;
/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// One test and what is wrong with it; nothing when it passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    pub runbook: String,
    pub test: String,
    pub problems: Vec<String>,
}

/// Plays every test of every runbook, in the order of their names.
pub async fn play_all(shelf: &Shelf) -> Vec<Played> {
    let tests = shelf
        .iter()
        .flat_map(|runbook| runbook.file.tests.iter().map(move |test| (runbook, test)));
    let plays: Vec<_> = tests
        .map(|(runbook, test)| play(shelf, runbook, test))
        .collect();
    iter(plays).buffered(AT_ONCE).collect().await
}

async fn play(shelf: &Shelf, runbook: &Runbook, test: &TestSpec) -> Played {
    let played = Box::pin(tokio::time::timeout(LIMIT, perform(shelf, runbook, test))).await;
    let problems = match played {
        Ok(Ok(outcome)) => verdict::problems(test, &outcome),
        Ok(Err(why)) => vec![why],
        Err(_) => vec![format!("it did not end within {} s", LIMIT.as_secs())],
    };
    Played {
        runbook: runbook.file.name.clone(),
        test: test.name.clone(),
        problems,
    }
}

/// What came of a test's run.
enum Outcome {
    /// With the reason.
    Refused(String),
    Ran(Box<(Plan, Ended)>),
}

/// A directory for one play; gone with it.
struct Stage(std::path::PathBuf);

impl Stage {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("dogwatch-{}", Clock::System.id()));
        std::fs::create_dir(&path)
            .map_err(|error| format!("cannot make `{}`: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a directory of a test stays behind");
        }
    }
}

async fn perform(shelf: &Shelf, runbook: &Runbook, test: &TestSpec) -> Result<Outcome, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let stage = Stage::new()?;
    let socket = stage.0.join("engine.sock");
    let clock = Clock::System;
    let _simulation =
        Simulation::start(scene::world(test), &socket, clock).map_err(|error| told(&error))?;
    let fleet = Fleet::local(Endpoint::Unix(socket));
    let host = fleet.host(None).await.map_err(|error| told(&error))?;
    let mut survey = Survey::take(&host, clock, &[])
        .await
        .map_err(|error| told(&error))?;
    survey.inventory = std::mem::take(&mut survey.inventory).with_groups(&scene::groups(test));
    let plan = match planned(shelf, runbook, test, (&host, &survey)).await? {
        Ok(plan) => plan,
        Err(refused) => return Ok(Outcome::Refused(refused)),
    };
    let ended = carry_out(
        &hurried(plan.clone()),
        (&fleet, &host, &survey),
        &stage.0,
        &test.fails,
    )
    .await?;
    Ok(Outcome::Ran(Box::new((plan, ended))))
}

async fn planned(
    shelf: &Shelf,
    runbook: &Runbook,
    test: &TestSpec,
    (host, survey): (&Host, &Survey),
) -> Result<Result<Plan, String>, String> {
    let volumes = if runbook.risk == Risk::Destructive {
        let volumes = host.engine.volumes().await;
        volumes.map_err(|error| error.to_string())?
    } else {
        Vec::new()
    };
    let given: Given = test
        .run
        .iter()
        .map(|(name, value)| (name.clone(), value.texts()))
        .collect();
    let (sites, revisions) = (scene::sites(host.name.as_str()), scene::revisions());
    let world = World {
        host: &host.name,
        at: survey.at,
        inventory: &survey.inventory,
        graph: &survey.graph,
        volumes: &volumes,
        secrets: &[],
        redactor: &survey.redactor,
        grounds: Grounds {
            sites: Known(Some(&sites)),
            revisions: Some(&revisions),
        },
    };
    Ok(bind(runbook, shelf, &given, world).map_err(|error| error.to_string()))
}

async fn carry_out(
    plan: &Plan,
    (fleet, host, survey): (&Fleet, &Host, &Survey),
    directory: &Path,
    failing: &[String],
) -> Result<Ended, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let store = Store::in_memory().await.map_err(|error| told(&error))?;
    let clock = Clock::System;
    let book = Book {
        store: &store,
        clock,
        expires: LIMIT,
    };
    let caller = Caller::console("test");
    let id = book
        .plan(plan, &caller)
        .await
        .map_err(|error| told(&error))?;
    book.approve(&id, &caller, "a test")
        .await
        .map_err(|error| told(&error))?;
    let (cancel, slots) = (CancellationToken::new(), Semaphore::new(1));
    let runner = Runner {
        store: &store,
        clock,
        fleet,
        cancel: &cancel,
        tools: Tools {
            engine: &host.engine,
            redactor: &survey.redactor,
            secrets: &BTreeMap::new(),
            directory,
            clock,
            ground: Ground::Rehearsed { failing },
        },
        slots: &slots,
        queue: false,
    };
    let end = Box::pin(runner.perform(
        &id,
        plan,
        &|_, _| {},
        (async {}, |_| async { String::new() }),
    ))
    .await;
    match end.map_err(|error| told(&error))? {
        RunEnd::Ended(ended) => Ok(ended),
        RunEnd::Busy { .. } => Err("the stack is busy".to_owned()),
        RunEnd::Changed(changed) => Err(format!("the world changed: {changed:?}")),
        RunEnd::Away(why) => Err(format!("the engine went away: {why}")),
    }
}

/// The same plan with less patience.
fn hurried(mut plan: Plan) -> Plan {
    let lanes = plan.stages.iter_mut().flat_map(|stage| &mut stage.lanes);
    let steps = lanes.flatten();
    let others = plan.rollback.iter_mut().chain(&mut plan.verify);
    for step in steps.chain(others) {
        step.limit /= PACE;
        if let Some(retry) = &mut step.retry {
            retry.pause /= PACE;
        }
        match &mut step.action {
            Action::WaitHealthy { limit, .. } => *limit /= PACE,
            Action::Stop { grace, .. } | Action::Restart { grace, .. } => {
                *grace = grace.map(|grace| grace / PACE);
            }
            _ => {}
        }
    }
    plan
}
