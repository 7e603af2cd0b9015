//! Performing actions on a Docker Engine, wherever its socket is. The only home of bollard.

pub mod error;
pub mod endpoint;

mod transport;
mod tls;
mod failure;
mod request;

mod containers;
mod inspect;
mod ports;
mod logs;
mod decode;
mod stats;
mod events;
mod inventory;
mod disk;
mod platform;
mod registry;
mod change;
mod prune;
mod tags;
mod exec;
mod anew;
mod archive;
mod wait;
mod perform;

pub use anew::ASIDE;
pub use endpoint::{Endpoint, EndpointError};
pub use error::EngineError;

use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use futures_util::stream::BoxStream;

use crate::action::events::Event;
use crate::action::logs::LogLine;
use crate::say;
use crate::text::Clean;
use transport::Transport;

/// Log lines as they are written. Ends when the container's log ends.
pub type Lines = BoxStream<'static, Result<LogLine, EngineError>>;

/// Events as they happen. Ends with an error when the engine goes away.
pub type Events = BoxStream<'static, Result<Event, EngineError>>;

/// Requests in flight when one question takes many: more gain nothing, and a remote engine is
/// reached through few channels.
const IN_FLIGHT: usize = 12;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Docker 1.13, the first with everything that is asked for here.
const OLDEST_API: ApiVersion = ApiVersion(1, 25);
const OLDEST_API_WORDS: &str = "1.25";

/// One engine that was reached. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    /// What people call the place of an engine that is reached through a socket of ours.
    behind: Option<Clean>,
    transport: Transport,
    docker: Docker,
    api: ApiVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ApiVersion(u32, u32);

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl Engine {
    /// Asks the engine once who it is. After five seconds without an answer it counts as
    /// unreachable.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        Self::reach(endpoint, None).await
    }

    /// The same for an engine elsewhere, whose socket was brought here: it is called by where it is.
    pub async fn connect_as(endpoint: &Endpoint, place: Clean) -> Result<Self, EngineError> {
        Self::reach(endpoint, Some(place)).await
    }

    async fn reach(endpoint: &Endpoint, behind: Option<Clean>) -> Result<Self, EngineError> {
        let unusable = |why| EngineError::Unreachable {
            endpoint: endpoint.shown(),
            why,
        };
        let transport = Transport::new(endpoint).map_err(unusable)?;
        let docker = transport
            .client()
            .map_err(|error| failure::explain_first(&error, endpoint))?;
        let api = tokio::time::timeout(CONNECT_LIMIT, first_answer(&docker, endpoint))
            .await
            .map_err(|_| unusable("it did not answer within 5 s".into()))??;
        Ok(Self {
            inner: Arc::new(Inner {
                endpoint: endpoint.clone(),
                behind,
                transport,
                docker,
                api,
            }),
        })
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// How an answer of it is spoken of.
    fn answer(&self, about: &failure::Subject) -> Clean {
        match &self.inner.behind {
            None => about.answer(),
            Some(place) => say!("{} at `{}`", about.answer(), place),
        }
    }

    fn docker(&self) -> &Docker {
        &self.inner.docker
    }
}

async fn first_answer(docker: &Docker, endpoint: &Endpoint) -> Result<ApiVersion, EngineError> {
    let version = docker
        .version()
        .await
        .map_err(|error| failure::explain_first(&error, endpoint))?;
    let found = version.api_version.unwrap_or_default();
    match ApiVersion::parse(&found) {
        Some(api) if api >= OLDEST_API => Ok(api),
        Some(_) => Err(EngineError::TooOld {
            endpoint: endpoint.shown(),
            found: crate::text::Name::new(&found).into(),
            needed: OLDEST_API_WORDS,
        }),
        None => Err(failure::not_an_engine(endpoint)),
    }
}
