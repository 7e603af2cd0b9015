//! What the engine recorded by itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventQuery {
    pub since: Option<Timestamp>,
    /// `None`: goes on until it is dropped.
    pub until: Option<Timestamp>,
    /// Only of this container.
    pub container: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    /// `container`, `network`, `volume`, `image`, `daemon`.
    pub kind: String,
    /// `start`, `die`, `kill`, `oom`, `health_status: unhealthy`, `exec_create: …`.
    pub action: String,
    /// The container's id for container events.
    pub actor: String,
    /// Name, image, exit code, signal and labels.
    pub attributes: BTreeMap<String, String>,
}
