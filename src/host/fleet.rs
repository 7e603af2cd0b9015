//! All hosts by name. Each engine is reached when it is first asked for, and kept.

use std::collections::BTreeMap;

use thiserror::Error;
use tokio::sync::OnceCell;

use super::Host;
use crate::engine::{Endpoint, Engine, EngineError};
use crate::text::Name;

/// The host meant when none is named.
pub const LOCAL: &str = "local";

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FleetError {
    #[error("there is no host `{typed}`; hosts: {}", known.join(", "))]
    Unknown { typed: String, known: Vec<String> },
    #[error("host `{host}`: {error}")]
    Engine { host: Name, error: EngineError },
}

#[derive(Debug)]
struct Entry {
    name: Name,
    endpoint: Endpoint,
    engine: OnceCell<Engine>,
}

#[derive(Debug)]
pub struct Fleet {
    hosts: BTreeMap<String, Entry>,
}

impl Fleet {
    pub fn new(hosts: impl IntoIterator<Item = (String, Endpoint)>) -> Self {
        let entry = |(name, endpoint): (String, Endpoint)| {
            let entry = Entry {
                name: Name::new(&name),
                endpoint,
                engine: OnceCell::new(),
            };
            (name, entry)
        };
        Self {
            hosts: hosts.into_iter().map(entry).collect(),
        }
    }

    pub fn local(endpoint: Endpoint) -> Self {
        Self::new([(LOCAL.to_owned(), endpoint)])
    }

    pub fn names(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.hosts.get(name).map(|entry| &entry.endpoint)
    }

    /// The host of that name, or the one meant by no name: `local`, else the first.
    pub async fn host(&self, name: Option<&str>) -> Result<Host, FleetError> {
        let wanted = name.unwrap_or(LOCAL);
        let entry = self.hosts.get(wanted).or_else(|| {
            if name.is_none() {
                self.hosts.values().next()
            } else {
                None
            }
        });
        let Some(entry) = entry else {
            return Err(FleetError::Unknown {
                typed: wanted.to_owned(),
                known: self.names(),
            });
        };
        let engine = entry
            .engine
            .get_or_try_init(|| Engine::connect(&entry.endpoint))
            .await;
        let engine = engine.map_err(|error| FleetError::Engine {
            host: entry.name.clone(),
            error,
        })?;
        Ok(Host {
            name: entry.name.clone(),
            engine: engine.clone(),
        })
    }
}
