//! What can be asked of a host: one file per family, with typed arguments, and the shape of what
//! comes back. An action does nothing by itself; `engine` performs it.

pub mod container;
pub mod logs;
pub mod stats;
pub mod events;
pub mod inventory;
pub mod operate;
pub mod catalogue;
pub mod reference;

use std::collections::BTreeMap;
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
        #[serde(default)]
        env: BTreeMap<String, EnvValue>,
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
        /// Of stopped containers these and no others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subjects: Vec<Subject>,
    },
    /// Keeps the settings in a container of another name; without what is mounted from `volumes`.
    SetAside {
        subject: Subject,
        volumes: Vec<String>,
    },
    /// Makes the container again from what was set aside, and takes that away.
    MakeAnew {
        name: String,
    },
    Health {
        subjects: Vec<Subject>,
    },
    Bundle {
        stack: String,
        subjects: Vec<Subject>,
    },
    Probe {
        subject: Subject,
        to: String,
        port: u16,
        speaks: Speaks,
    },
    PortHolder {
        port: u16,
        /// Where a new mapping would listen; everywhere, if nothing is said.
        #[serde(default)]
        address: Option<std::net::IpAddr>,
    },
    Gate {
        text: crate::text::Clean,
    },
    /// A program of the stack's host.
    Call(Box<operate::Call>),
    Checkout(Box<operate::Checkout>),
    /// Gives images a name of ours, so that nothing takes them away while they may be wanted back.
    KeepImages {
        images: Vec<operate::KeptImage>,
    },
    /// Gives images the names back that compose finds them by.
    RestoreImages {
        images: Vec<operate::KeptImage>,
    },
    /// Whether everything is there that the stack needs to be started.
    Preflight {
        project: String,
    },
    /// Whether what runs is what the files say.
    Drift {
        project: String,
    },
    /// Waits until the whole stack is well, whatever containers it has by then.
    StackWell {
        project: String,
        limit: Duration,
    },
}

impl Action {
    /// The containers it is about, by the ids they had when it was planned.
    pub fn subjects(&self) -> &[Subject] {
        match self {
            Self::Inspect { subject }
            | Self::Logs { subject, .. }
            | Self::Stats { subject }
            | Self::Top { subject }
            | Self::Start { subject }
            | Self::Stop { subject, .. }
            | Self::Restart { subject, .. }
            | Self::Kill { subject, .. }
            | Self::Exec { subject, .. }
            | Self::WaitHealthy { subject, .. }
            | Self::Remove { subject, .. }
            | Self::SetAside { subject, .. }
            | Self::Probe { subject, .. } => std::slice::from_ref(subject),
            Self::Health { subjects }
            | Self::Bundle { subjects, .. }
            | Self::Prune { subjects, .. } => subjects,
            Self::List
            | Self::Events { .. }
            | Self::Networks
            | Self::Volumes
            | Self::Images
            | Self::DiskUsage
            | Self::RemoveVolume { .. }
            | Self::MakeAnew { .. }
            | Self::PortHolder { .. }
            | Self::Gate { .. }
            | Self::Call(_)
            | Self::Checkout(_)
            | Self::KeepImages { .. }
            | Self::RestoreImages { .. }
            | Self::Preflight { .. }
            | Self::Drift { .. }
            | Self::StackWell { .. } => &[],
        }
    }

    pub fn risk(&self) -> Risk {
        self.spec().risk
    }
}

/// A variable for a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvValue {
    Plain(String),
    /// The name of a configured secret: its value is looked up when the program starts.
    Secret(String),
}

/// What is expected to answer at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    Tcp,
    Http,
    Postgres,
    Redis,
}

impl Speaks {
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }
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

impl Prunable {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::StoppedContainers => "containers",
            Self::DanglingImages => "images",
            Self::UnusedNetworks => "networks",
            Self::BuildCache => "cache",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::StoppedContainers => "stopped containers",
            Self::DanglingImages => "images without a name",
            Self::UnusedNetworks => "networks that nothing uses",
            Self::BuildCache => "build cache",
        }
    }
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
