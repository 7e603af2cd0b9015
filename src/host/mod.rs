//! Reaching hosts: a name that people use, and the engine that answers there.

pub mod settings;
pub mod fleet;
pub mod machine;
pub mod ssh;
pub mod program;
pub mod ports;

pub use fleet::{Fleet, FleetError};
pub use machine::MachineFacts;

use crate::engine::{Endpoint, Engine, EngineError};
use crate::text::Name;

/// One host of ours with its engine.
#[derive(Debug, Clone)]
pub struct Host {
    pub name: Name,
    pub engine: Engine,
}

impl Host {
    /// The machine we run on, called `local`.
    pub async fn local(endpoint: &Endpoint) -> Result<Self, EngineError> {
        Ok(Self {
            name: Name::new("local"),
            engine: Engine::connect(endpoint).await?,
        })
    }
}
