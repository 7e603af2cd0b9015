//! All hosts by name. Each engine is reached when it is first asked for, and kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::OnceCell;

use super::program::Place;
use super::ssh::{SshHost, SshSettings};
use super::{Host, MachineFacts};
use crate::engine::{Endpoint, Engine, EngineError};
use crate::text::{Clean, Name};

/// The host meant when none is named.
pub const LOCAL: &str = "local";

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FleetError {
    #[error("there is no host `{typed}`; hosts: {}", known.join(", "))]
    Unknown { typed: String, known: Vec<String> },
    #[error("host `{host}`: {error}")]
    Engine { host: Name, error: EngineError },
}

/// How a host's engine is reached.
#[derive(Debug, Clone)]
pub enum Reach {
    Socket(Endpoint),
    Ssh(SshSettings),
}

#[derive(Debug)]
struct Entry {
    name: Name,
    link: Link,
}

#[derive(Debug)]
enum Link {
    Socket {
        endpoint: Endpoint,
        engine: OnceCell<Engine>,
    },
    Ssh(Box<SshHost>),
}

impl Link {
    fn new(reach: Reach) -> Self {
        match reach {
            Reach::Socket(endpoint) => Self::Socket {
                endpoint,
                engine: OnceCell::new(),
            },
            Reach::Ssh(settings) => Self::Ssh(Box::new(SshHost::new(settings))),
        }
    }

    async fn engine(&self) -> Result<Engine, EngineError> {
        match self {
            Self::Socket { endpoint, engine } => engine
                .get_or_try_init(|| Engine::connect(endpoint))
                .await
                .cloned(),
            Self::Ssh(host) => host.engine().await,
        }
    }

    /// Of a machine that is reached by a socket elsewhere, nothing is known.
    async fn facts(&self) -> Option<MachineFacts> {
        match self {
            Self::Socket {
                endpoint: Endpoint::Unix(_),
                ..
            } => Some(MachineFacts::read(vec![PathBuf::from("/")]).await),
            Self::Socket { .. } => None,
            Self::Ssh(host) => host.facts().await.ok(),
        }
    }
}

/// Clones share the engines and sessions.
#[derive(Debug, Clone)]
pub struct Fleet {
    hosts: Arc<BTreeMap<String, Entry>>,
}

impl Fleet {
    pub fn new(hosts: impl IntoIterator<Item = (String, Reach)>) -> Self {
        let entry = |(name, reach): (String, Reach)| {
            let entry = Entry {
                name: Name::new(&name),
                link: Link::new(reach),
            };
            (name, entry)
        };
        Self {
            hosts: Arc::new(hosts.into_iter().map(entry).collect()),
        }
    }

    pub fn local(endpoint: Endpoint) -> Self {
        Self::new([(LOCAL.to_owned(), Reach::Socket(endpoint))])
    }

    /// Sorted.
    pub fn names(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    /// The host of that name, or the one meant by no name: `local`, else the first.
    pub async fn host(&self, name: Option<&str>) -> Result<Host, FleetError> {
        let entry = self.entry(name)?;
        let engine = entry.link.engine().await;
        let engine = engine.map_err(|error| FleetError::Engine {
            host: entry.name.clone(),
            error,
        })?;
        Ok(Host {
            name: entry.name.clone(),
            engine,
        })
    }

    /// Where programs of that host run.
    pub async fn place(&self, name: Option<&str>) -> Result<Place, FleetError> {
        let entry = self.entry(name)?;
        let wrap = |error| FleetError::Engine {
            host: entry.name.clone(),
            error,
        };
        match &entry.link {
            Link::Socket { .. } => Ok(Place::Here),
            Link::Ssh(host) => host.place().await.map_err(wrap),
        }
    }

    /// How programs of that host are told where the engine is that we look at.
    pub async fn engine_address(&self, name: &str) -> Option<String> {
        match &self.entry(Some(name)).ok()?.link {
            Link::Socket { endpoint, .. } => Some(endpoint.to_string()),
            Link::Ssh(host) => host.engine_address().await,
        }
    }

    /// Where a host is, as people read it.
    pub fn address(&self, name: &str) -> Option<Clean> {
        match &self.entry(Some(name)).ok()?.link {
            Link::Socket { endpoint, .. } => Some(endpoint.shown()),
            Link::Ssh(host) => Some(host.shown()),
        }
    }

    /// Load, memory and disk of the host's machine, where they can be had.
    pub async fn facts(&self, name: &str) -> Option<MachineFacts> {
        self.entry(Some(name)).ok()?.link.facts().await
    }

    /// Ends sessions that nobody has used for so long.
    pub async fn close_idle(&self, limit: Duration) {
        for entry in self.hosts.values() {
            if let Link::Ssh(host) = &entry.link {
                host.close_if_idle(limit).await;
            }
        }
    }

    fn entry(&self, name: Option<&str>) -> Result<&Entry, FleetError> {
        let wanted = name.unwrap_or(LOCAL);
        let first = || {
            if name.is_none() {
                self.hosts.values().next()
            } else {
                None
            }
        };
        self.hosts
            .get(wanted)
            .or_else(first)
            .ok_or_else(|| FleetError::Unknown {
                typed: wanted.to_owned(),
                known: self.names(),
            })
    }
}
