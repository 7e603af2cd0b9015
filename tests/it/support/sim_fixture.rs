//! What the contract suite runs against: the same project on the simulation or on a real engine.

use std::time::Duration;

use dogwatch::action::container::{Container, HealthStatus, Status};
use dogwatch::clock::Clock;
use dogwatch::engine::{Endpoint, Engine};
use dogwatch::sim::{Simulation, World};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::real_engine::IMAGE;
use super::sim_programs::{Program, simulated_project};
use super::sim_real_stack::RealStack;

/// Nothing that is waited for takes longer, on any engine.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) struct Fixture {
    pub(crate) engine: Engine,
    /// Before every name, so that tests find what is theirs.
    pub(crate) prefix: String,
    pub(crate) image: &'static str,
    host: Host,
}

enum Host {
    Simulated(
        Simulation,
        #[expect(dead_code, reason = "holds the socket")] TempDir,
    ),
    Real(#[expect(dead_code, reason = "cleans up when dropped")] RealStack),
}

/// A world on a socket of its own; time starts in the small hours.
pub(crate) fn simulate(world: World) -> (Simulation, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::simulated("2026-11-20T03:00:00Z".parse().unwrap());
    let simulation = Simulation::start(world, directory.path().join("engine.sock"), clock);
    (simulation.unwrap(), directory)
}

pub(crate) async fn reach(simulation: &Simulation) -> Engine {
    let endpoint = Endpoint::Unix(simulation.socket().to_path_buf());
    Engine::connect(&endpoint).await.unwrap()
}

impl Fixture {
    pub(crate) async fn simulated() -> Self {
        let prefix = "contract";
        let specs = simulated_project(prefix, IMAGE);
        let world = specs.into_iter().fold(World::new(), World::with);
        let (simulation, directory) = simulate(world);
        let engine = reach(&simulation).await;
        Self::settled(engine, prefix, Host::Simulated(simulation, directory)).await
    }

    pub(crate) async fn real(engine: Engine) -> Self {
        let stack = tokio::task::spawn_blocking(RealStack::up).await.unwrap();
        let prefix = stack.prefix().to_owned();
        Self::settled(engine, &prefix, Host::Real(stack)).await
    }

    async fn settled(engine: Engine, prefix: &str, host: Host) -> Self {
        let fixture = Self {
            engine,
            prefix: prefix.to_owned(),
            image: IMAGE,
            host,
        };
        let health = |status: HealthStatus| {
            move |c: &Container| c.state.health.as_ref().is_some_and(|h| h.status == status)
        };
        fixture.until("web", health(HealthStatus::Healthy)).await;
        fixture.until("sick", health(HealthStatus::Unhealthy)).await;
        let over = |c: &Container| c.state.status == Status::Exited;
        fixture.until("idle", over).await;
        let given_up = |c: &Container| over(c) && c.restart_count == 2;
        fixture.until("crash", given_up).await;
        fixture
    }

    pub(crate) fn name(&self, short: &str) -> String {
        format!("{}-{short}", self.prefix)
    }

    pub(crate) async fn container(&self, short: &str) -> Container {
        self.engine.container(&self.name(short)).await.unwrap()
    }

    /// Starts a container of its own for one test; returns its full name.
    pub(crate) async fn job(&self, short: &'static str, program: Program) -> String {
        let name = self.name(short);
        match &self.host {
            Host::Simulated(simulation, _) => {
                let spec = program.simulated(&name, IMAGE);
                simulation.world().add(spec);
            }
            Host::Real(_) => {
                let prefix = self.prefix.clone();
                let run = move || RealStack::job(&prefix, short, program);
                tokio::task::spawn_blocking(run).await.unwrap();
            }
        }
        if program == Program::Patient || program == Program::Stubborn {
            self.until_ready(&name).await;
        }
        name
    }

    /// Waits until the container is as wanted.
    pub(crate) async fn until(
        &self,
        short: &str,
        wanted: impl Fn(&Container) -> bool,
    ) -> Container {
        let begun = Instant::now();
        loop {
            let found = self.container(short).await;
            if wanted(&found) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "`{short}` stays {found:#?}");
            sleep(PAUSE).await;
        }
    }

    /// A program that has said so has set its traps.
    async fn until_ready(&self, name: &str) {
        let begun = Instant::now();
        let query = dogwatch::action::logs::LogQuery::default();
        while self.engine.logs(name, &query).await.unwrap().is_empty() {
            assert!(begun.elapsed() < PATIENCE, "`{name}` says nothing");
            sleep(PAUSE).await;
        }
    }
}
