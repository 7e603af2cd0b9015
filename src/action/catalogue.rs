//! The list of actions: name, risk, whether doing it twice equals doing it once, and one line that
//! says what it does. Help, reference pages and runbook checks read this list.

use super::{Action, Risk};

/// What is known of an action without its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    pub name: &'static str,
    pub risk: Risk,
    /// Safe to repeat after a crash that hid its outcome.
    pub idempotent: bool,
    pub about: &'static str,
}

const fn spec(name: &'static str, risk: Risk, idempotent: bool, about: &'static str) -> Spec {
    Spec {
        name,
        risk,
        idempotent,
        about,
    }
}

pub const LIST: Spec = spec(
    "container.list",
    Risk::Read,
    true,
    "list every container of the host with its state",
);
pub const INSPECT: Spec = spec(
    "container.inspect",
    Risk::Read,
    true,
    "read a container's state, health log and settings",
);
pub const LOGS: Spec = spec(
    "container.logs",
    Risk::Read,
    true,
    "read or follow a container's log, bounded in time and size",
);
pub const STATS: Spec = spec(
    "container.stats",
    Risk::Read,
    true,
    "measure cpu against the container's own quota and memory without cache against its limit",
);
pub const TOP: Spec = spec(
    "container.top",
    Risk::Read,
    true,
    "list the processes inside a container",
);
pub const EVENTS: Spec = spec(
    "engine.events",
    Risk::Read,
    true,
    "read what the engine recorded: starts, stops, kills, out-of-memory, health",
);
pub const NETWORKS: Spec = spec(
    "network.list",
    Risk::Read,
    true,
    "list networks with their subnets and members",
);
pub const VOLUMES: Spec = spec(
    "volume.list",
    Risk::Read,
    true,
    "list volumes with their users and size",
);
pub const IMAGES: Spec = spec(
    "image.list",
    Risk::Read,
    true,
    "list images with tags, size and age",
);
pub const DISK_USAGE: Spec = spec(
    "engine.disk",
    Risk::Read,
    true,
    "sum up what images, containers, volumes and build cache take on disk",
);
pub const START: Spec = spec(
    "container.start",
    Risk::Change,
    true,
    "start a container; nothing happens when it runs already",
);
pub const STOP: Spec = spec(
    "container.stop",
    Risk::Change,
    true,
    "stop a container, giving it a grace period before it is killed",
);
pub const RESTART: Spec = spec(
    "container.restart",
    Risk::Change,
    false,
    "stop a container with grace and start it again",
);
pub const KILL: Spec = spec(
    "container.kill",
    Risk::Change,
    false,
    "send a signal to a container's main process",
);
pub const EXEC: Spec = spec(
    "container.exec",
    Risk::Change,
    false,
    "run a program inside a container by argument vector, never through a shell",
);
pub const WAIT_HEALTHY: Spec = spec(
    "container.wait_healthy",
    Risk::Read,
    true,
    "wait until a container runs and its health check passes",
);
pub const REMOVE: Spec = spec(
    "container.remove",
    Risk::Destructive,
    true,
    "remove a container and what it wrote outside its volumes",
);
pub const REMOVE_VOLUME: Spec = spec(
    "volume.remove",
    Risk::Destructive,
    true,
    "remove a named volume and everything in it",
);
pub const PRUNE: Spec = spec(
    "engine.prune",
    Risk::Destructive,
    true,
    "remove stopped containers, dangling images, unused networks or build cache",
);

/// Every action there is, in the order people read them.
pub const SPECS: &[Spec] = &[
    LIST,
    INSPECT,
    LOGS,
    STATS,
    TOP,
    EVENTS,
    NETWORKS,
    VOLUMES,
    IMAGES,
    DISK_USAGE,
    START,
    STOP,
    RESTART,
    KILL,
    EXEC,
    WAIT_HEALTHY,
    REMOVE,
    REMOVE_VOLUME,
    PRUNE,
];

impl Action {
    pub fn spec(&self) -> Spec {
        match self {
            Self::List => LIST,
            Self::Inspect { .. } => INSPECT,
            Self::Logs { .. } => LOGS,
            Self::Stats { .. } => STATS,
            Self::Top { .. } => TOP,
            Self::Events { .. } => EVENTS,
            Self::Networks => NETWORKS,
            Self::Volumes => VOLUMES,
            Self::Images => IMAGES,
            Self::DiskUsage => DISK_USAGE,
            Self::Start { .. } => START,
            Self::Stop { .. } => STOP,
            Self::Restart { .. } => RESTART,
            Self::Kill { .. } => KILL,
            Self::Exec { .. } => EXEC,
            Self::WaitHealthy { .. } => WAIT_HEALTHY,
            Self::Remove { .. } => REMOVE,
            Self::RemoveVolume { .. } => REMOVE_VOLUME,
            Self::Prune { .. } => PRUNE,
        }
    }
}
