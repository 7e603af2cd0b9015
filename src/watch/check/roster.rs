//! Which container a check means. The list of a host is kept for a moment, so that a hundred checks
//! of one host do not list it a hundred times.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Trouble;
use super::settings::ContainerName;
use crate::action::container::{Container, Status};
use crate::engine::Engine;
use crate::host::Fleet;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name, Raw, Redactor};
use crate::watch::events::shortened;

/// Younger than the shortest interval that makes sense for a container.
const FRESH: Duration = Duration::from_secs(3);

/// A container that runs, and its engine.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) engine: Engine,
    pub(super) container: Arc<Container>,
}

type List = Arc<Vec<Arc<Container>>>;

#[derive(Debug)]
pub(super) struct Roster {
    fleet: Fleet,
    /// One lock for each host: one that hangs holds up its own checks only.
    lists: BTreeMap<String, Mutex<Option<(Instant, List)>>>,
    /// Restarts as they were seen, by container.
    pub(super) counts: Mutex<BTreeMap<String, Vec<(Instant, u64)>>>,
}

impl Roster {
    pub(super) fn new(fleet: Fleet) -> Self {
        let lists = fleet.names().into_iter();
        Self {
            lists: lists.map(|host| (host, Mutex::default())).collect(),
            fleet,
            counts: Mutex::default(),
        }
    }

    /// The one container that is meant, if it runs.
    pub(super) async fn find(&self, host: &str, name: &ContainerName) -> Result<Found, Trouble> {
        let (engine, all) = self.replicas(host, name).await?;
        let running = all
            .iter()
            .find(|container| container.state.status == Status::Running);
        match running {
            Some(container) => Ok(Found {
                engine,
                container: Arc::clone(container),
            }),
            None => {
                let status = all.first().map_or("gone", |one| one.state.status.word());
                Err(say!("container `{}` is {}", Name::new(&name.name), status).into())
            }
        }
    }

    /// All replicas of the service that is meant.
    pub(super) async fn replicas(
        &self,
        host: &str,
        name: &ContainerName,
    ) -> Result<(Engine, Vec<Arc<Container>>), Trouble> {
        let reached = self.fleet.host(Some(host)).await;
        let engine = reached.map_err(|error| told(&error))?.engine;
        let list = self.list(host, &engine).await?;
        let all: Vec<_> = list
            .iter()
            .filter(|container| is_meant(container, name))
            .cloned()
            .collect();
        if all.is_empty() {
            return Err(say!("there is no container `{}`", Name::new(&name.name)).into());
        }
        Ok((engine, all))
    }

    async fn list(&self, host: &str, engine: &Engine) -> Result<List, Trouble> {
        let Some(list) = self.lists.get(host) else {
            return Err("there is no such host".into());
        };
        let mut kept = list.lock().await;
        if let Some((at, list)) = &*kept
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(list));
        }
        let found = engine.containers().await.map_err(|error| error.say())?;
        let found: List = Arc::new(found.into_iter().map(Arc::new).collect());
        *kept = Some((Instant::now(), Arc::clone(&found)));
        Ok(found)
    }
}

/// By its own name, or as a replica of a service.
fn is_meant(container: &Container, name: &ContainerName) -> bool {
    let key = Key::of(&container.name, &container.labels);
    let is_service = key.service == name.name.as_str();
    match &name.stack {
        Some(stack) => is_service && key.stack.is_some_and(|of| of == stack.as_str()),
        None => is_service || container.name == name.name,
    }
}

impl Found {
    /// Knows what is secret in the container's own environment.
    pub(super) fn redactor(&self, secrets: &[String]) -> Redactor {
        let environment = &self.container.settings.environment;
        let environment = environment.iter().map(|(key, value)| (key.as_str(), value));
        let builder = Redactor::builder().environment(environment);
        secrets
            .iter()
            .fold(builder, |builder, secret| builder.secret(secret))
            .build()
    }

    /// A failure with what was printed.
    pub(super) fn explained(&self, why: Clean, printed: &Raw, secrets: &[String]) -> Trouble {
        let printed = shortened(&self.redactor(secrets).raw(printed));
        let mut trouble = Trouble::from(why);
        if !printed.as_str().trim().is_empty() {
            trouble.details.push(("output".into(), printed));
        }
        trouble
    }
}

fn told(error: &crate::host::FleetError) -> Trouble {
    Redactor::shapes_only().clean(&error.to_string()).into()
}
