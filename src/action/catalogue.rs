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
    false, // what nothing uses now may be something else after a crash
    "remove stopped containers, dangling images, unused networks or build cache",
);

pub const SET_ASIDE: Spec = spec(
    "container.set_aside",
    Risk::Change,
    true,
    "keep a copy of a container's settings, without its volumes, in a container that never runs",
);
pub const MAKE_ANEW: Spec = spec(
    "container.make_anew",
    Risk::Change,
    true,
    "make a removed container again from the settings that were set aside, with new volumes",
);
pub const SCALE: Spec = spec(
    "service.scale",
    Risk::Change,
    true,
    "start or stop containers of a service until so many run; makes no new ones",
);
pub const HEALTH: Spec = spec(
    "stack.health",
    Risk::Read,
    true,
    "count which containers are well and which are not",
);
pub const BUNDLE: Spec = spec(
    "stack.bundle",
    Risk::Read,
    true,
    "write state, log, events and use of containers, redacted, to a directory",
);
pub const PROBE: Spec = spec(
    "network.probe",
    Risk::Read,
    true,
    "from inside a container: resolve a name, connect to a port, and hear a greeting",
);
pub const PORT_HOLDER: Spec = spec(
    "port.holder",
    Risk::Read,
    true,
    "find which container or program holds a port of the host, and who can reach it",
);
pub const GATE: Spec = spec(
    "gate",
    Risk::Read,
    true,
    "wait until somebody approves once more",
);

pub const COMPOSE_UP: Spec = spec(
    "compose.up",
    Risk::Change,
    true,
    "make what runs follow the compose files, in the order of its dependencies",
);
pub const COMPOSE_BUILD: Spec = spec(
    "compose.build",
    Risk::Change,
    true,
    "build the images of a stack; a failed build shows its step and its last lines",
);
pub const COMPOSE_PULL: Spec = spec(
    "compose.pull",
    Risk::Change,
    true,
    "pull the images of a stack",
);
pub const COMPOSE_DOWN: Spec = spec(
    "compose.down",
    Risk::Change,
    true,
    "stop and remove a stack's containers and networks; never its volumes",
);
pub const COMPOSE_CONFIG: Spec = spec(
    "compose.config",
    Risk::Read,
    true,
    "show the compose files as they are merged and filled in, with secrets hidden",
);
pub const COMPOSE_RUN: Spec = spec(
    "compose.run",
    Risk::Change,
    false,
    "run a task from the stack's own list in a new container",
);
pub const PROGRAM_RUN: Spec = spec(
    "program.run",
    Risk::Change,
    false,
    "run a program from the stack's own list on its host, by argument vector",
);
pub const CHECKOUT: Spec = spec(
    "git.checkout",
    Risk::Change,
    true,
    "move the stack's git checkout to the commit that was approved",
);
pub const KEEP_IMAGES: Spec = spec(
    "image.keep",
    Risk::Change,
    true,
    "give the images that run a second name, so that they can be had back",
);
pub const RESTORE_IMAGES: Spec = spec(
    "image.restore",
    Risk::Change,
    true,
    "give recorded images the names back that compose finds them by",
);
pub const PREFLIGHT: Spec = spec(
    "stack.preflight",
    Risk::Read,
    true,
    "check that directory, program, compose files, env files and required names are there",
);
pub const DRIFT: Spec = spec(
    "stack.drift",
    Risk::Read,
    true,
    "compare what runs with what the compose files say",
);
pub const STACK_WELL: Spec = spec(
    "stack.wait_well",
    Risk::Read,
    true,
    "wait until every service of a stack runs, is healthy and stays so",
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
    SET_ASIDE,
    MAKE_ANEW,
    SCALE,
    HEALTH,
    BUNDLE,
    PROBE,
    PORT_HOLDER,
    GATE,
    COMPOSE_UP,
    COMPOSE_BUILD,
    COMPOSE_PULL,
    COMPOSE_DOWN,
    COMPOSE_CONFIG,
    COMPOSE_RUN,
    PROGRAM_RUN,
    CHECKOUT,
    KEEP_IMAGES,
    RESTORE_IMAGES,
    PREFLIGHT,
    DRIFT,
    STACK_WELL,
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
            Self::SetAside { .. } => SET_ASIDE,
            Self::MakeAnew { .. } => MAKE_ANEW,
            Self::Health { .. } => HEALTH,
            Self::Bundle { .. } => BUNDLE,
            Self::Probe { .. } => PROBE,
            Self::PortHolder { .. } => PORT_HOLDER,
            Self::Gate { .. } => GATE,
            Self::Call(call) => call.verb.spec(),
            Self::Checkout(_) => CHECKOUT,
            Self::KeepImages { .. } => KEEP_IMAGES,
            Self::RestoreImages { .. } => RESTORE_IMAGES,
            Self::Preflight { .. } => PREFLIGHT,
            Self::Drift { .. } => DRIFT,
            Self::StackWell { .. } => STACK_WELL,
        }
    }
}
