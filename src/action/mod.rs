//! What can be asked of a host: one file per family, with typed arguments, and the shape of what
//! comes back. An action does nothing by itself; `engine` performs it.

pub mod container;
pub mod logs;
pub mod stats;
pub mod events;
pub mod inventory;
pub mod catalogue;
pub mod reference;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use catalogue::{SPECS, Spec};

/// What an action can do to a host. Ordered: a plan is as risky as its riskiest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Looks and changes nothing.
    Read,
    /// Changes what runs; can be undone.
    Change,
    /// Deletes something that cannot be had back.
    Destructive,
}

impl Risk {
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Destructive => "destructive",
        }
    }
}

/// One container, already resolved: the id is what is acted on, the name is what people read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    pub id: String,
    pub name: String,
}

/// One thing to do, complete: no name is left to resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    List,
    Inspect {
        subject: Subject,
    },
    Logs {
        subject: Subject,
        query: logs::LogQuery,
    },
    Stats {
        subject: Subject,
    },
    Top {
        subject: Subject,
    },
    Events {
        query: events::EventQuery,
    },
    Networks,
    Volumes,
    Images,
    DiskUsage,
    Start {
        subject: Subject,
    },
    Stop {
        subject: Subject,
        grace: Option<Duration>,
    },
    Restart {
        subject: Subject,
        grace: Option<Duration>,
    },
    Kill {
        subject: Subject,
        signal: String,
    },
    Exec {
        subject: Subject,
        argv: Vec<String>,
        limit: Duration,
    },
    WaitHealthy {
        subject: Subject,
        limit: Duration,
    },
    Remove {
        subject: Subject,
        force: bool,
    },
    RemoveVolume {
        volume: String,
    },
    Prune {
        what: Prunable,
    },
}

/// What a prune may take away. Volumes are not among them: a volume goes by its name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prunable {
    StoppedContainers,
    DanglingImages,
    UnusedNetworks,
    BuildCache,
}

/// What came back. Raw: it becomes `Evidence` or `Clean` text before anybody sees it.
#[derive(Debug, Clone)]
pub enum Observation {
    Containers(Vec<container::Container>),
    Container(Box<container::Container>),
    Logs(Vec<logs::LogLine>),
    Stats(stats::Stats),
    Top(stats::Top),
    Events(Vec<events::Event>),
    Networks(Vec<inventory::Network>),
    Volumes(Vec<inventory::Volume>),
    Images(Vec<inventory::Image>),
    DiskUsage(inventory::DiskUsage),
    Exec(container::ExecResult),
    Pruned(inventory::Pruned),
    Done,
}
