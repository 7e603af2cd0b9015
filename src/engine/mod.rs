//! Performing actions on a Docker Engine, wherever its socket is. The only home of bollard.

pub mod error;
pub mod endpoint;

pub use endpoint::{Endpoint, EndpointError};
pub use error::EngineError;

use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};

use crate::action::container::{Container, ExecResult};
use crate::action::events::{Event, EventQuery};
use crate::action::inventory::{About, DiskUsage, Image, Network, Pruned, Volume};
use crate::action::logs::{LogLine, LogQuery};
use crate::action::stats::{Stats, Top};
use crate::action::{Action, Observation, Prunable};

/// Log lines as they are written. Ends when the container's log ends.
pub type Lines = BoxStream<'static, Result<LogLine, EngineError>>;

/// Events as they happen. Ends with an error when the engine goes away.
pub type Events = BoxStream<'static, Result<Event, EngineError>>;

/// One engine that was reached. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct Engine {
    endpoint: Endpoint,
}

impl Engine {
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        Err(unbuilt(endpoint))
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
    pub async fn about(&self) -> Result<About, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn containers(&self) -> Result<Vec<Container>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn container(&self, _id: &str) -> Result<Container, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn logs(&self, _id: &str, _query: &LogQuery) -> Result<Vec<LogLine>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub fn follow(&self, _id: &str, _query: &LogQuery) -> Lines {
        stream::empty().boxed()
    }
    pub async fn stats(&self, _id: &str) -> Result<Stats, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn top(&self, _id: &str) -> Result<Top, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn events(&self, _query: &EventQuery) -> Result<Vec<Event>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub fn watch(&self, _query: &EventQuery) -> Events {
        stream::empty().boxed()
    }
    pub async fn networks(&self) -> Result<Vec<Network>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn volumes(&self) -> Result<Vec<Volume>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn images(&self) -> Result<Vec<Image>, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn disk_usage(&self) -> Result<DiskUsage, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn start(&self, _id: &str) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn stop(&self, _id: &str, _grace: Option<Duration>) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn restart(&self, _id: &str, _grace: Option<Duration>) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn kill(&self, _id: &str, _signal: &str) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn remove(&self, _id: &str, _force: bool) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn remove_volume(&self, _name: &str) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn prune(&self, _what: Prunable) -> Result<Pruned, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn exec(
        &self,
        _id: &str,
        _argv: &[String],
        _limit: Duration,
    ) -> Result<ExecResult, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn wait_healthy(&self, _id: &str, _limit: Duration) -> Result<(), EngineError> {
        Err(unbuilt(&self.endpoint))
    }
    pub async fn perform(&self, _action: &Action) -> Result<Observation, EngineError> {
        Err(unbuilt(&self.endpoint))
    }
}

fn unbuilt(endpoint: &Endpoint) -> EngineError {
    EngineError::Unreachable {
        endpoint: endpoint.shown(),
        why: "this part is not written yet".into(),
    }
}
