//! One look at a host: everything that runs there, how it hangs together, and a redactor that
//! knows the secrets at hand. Reads only; what could not be read is part of the answer.

pub mod gather;
pub mod own;

mod look;
mod texts;
mod inside;
mod probes;
pub mod settings;

use std::sync::Arc;

use jiff::Timestamp;

use crate::action::container::Container;
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::evidence::Signatures;
use crate::host::Host;
use crate::stack::{Graph, Inventory};
use crate::text::{Name, Redactor};

/// A host at one moment.
#[derive(Debug)]
pub struct Survey {
    pub host: Name,
    pub at: Timestamp,
    pub inventory: Inventory,
    pub graph: Graph,
    pub redactor: Redactor,
    /// The log patterns that are looked for: the built-in ones, and the owner's before them.
    pub signatures: Arc<Signatures>,
    /// Whether names and ports may be tried from inside containers.
    pub probes: bool,
}

impl Survey {
    pub async fn take(host: &Host, clock: Clock, secrets: &[String]) -> Result<Self, EngineError> {
        let containers = host.engine.containers().await?;
        let redactor = redactor_for(&containers, secrets);
        let inventory = Inventory::new(containers);
        let graph = Graph::new(&inventory);
        Ok(Self {
            host: host.name.clone(),
            at: clock.now(),
            inventory,
            graph,
            redactor,
            signatures: Signatures::built_in(),
            probes: false,
        })
    }
}

/// Knows the configured secrets and those in the containers' environment; names stay readable.
fn redactor_for(containers: &[Container], secrets: &[String]) -> Redactor {
    let environment = containers
        .iter()
        .flat_map(|container| &container.settings.environment);
    let names = containers.iter().flat_map(|container| {
        let labels = ["com.docker.compose.project", "com.docker.compose.service"];
        let labels = labels
            .into_iter()
            .filter_map(|label| container.labels.get(label))
            .map(String::as_str);
        let networks = container.networks.iter().flat_map(|attachment| {
            attachment
                .aliases
                .iter()
                .map(String::as_str)
                .chain([attachment.network.as_str()])
        });
        labels
            .chain(networks)
            .chain([container.name.as_str(), container.image.as_str()])
    });
    let builder = Redactor::builder()
        .environment(environment.map(|(key, value)| (key.as_str(), value)))
        .known_names(names);
    secrets
        .iter()
        .fold(builder, |builder, secret| builder.secret(secret))
        .build()
}
