//! What a host holds besides containers: networks, volumes, images, disk, and the engine itself.

use jiff::Timestamp;

/// The label by which compose marks what belongs to a stack.
pub const COMPOSE_PROJECT: &str = "com.docker.compose.project";

/// The label of a container in which settings wait: it never runs, and is in use all the same.
pub const ASIDE_LABEL: &str = "dogwatch.aside";

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    pub id: String,
    pub name: String,
    pub driver: String,
    pub internal: bool,
    pub subnets: Vec<String>,
    /// Container name and address, sorted by name.
    pub members: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Volume {
    pub name: String,
    pub driver: String,
    pub mountpoint: String,
    /// Where its files are kept, if not in the engine: they stay when the volume goes.
    pub device: Option<String>,
    pub created: Option<Timestamp>,
    pub project: Option<String>,
    /// `None` where the engine does not know.
    pub size: Option<u64>,
    /// Names of the containers that mount it, running or not, sorted.
    pub users: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    pub id: String,
    pub tags: Vec<String>,
    pub size: u64,
    pub created: Option<Timestamp>,
    /// Containers made from it.
    pub containers: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskUse {
    pub count: u64,
    pub size: u64,
    pub reclaimable: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskUsage {
    pub images: DiskUse,
    pub containers: DiskUse,
    pub volumes: DiskUse,
    pub build_cache: DiskUse,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    pub removed: Vec<String>,
    pub reclaimed: u64,
}

/// `linux/amd64`, where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Platforms {
    pub image: Option<String>,
    pub engine: Option<String>,
}

/// The engine and the machine it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    pub name: String,
    pub version: String,
    pub api_version: String,
    pub os: String,
    pub kernel: String,
    pub architecture: String,
    pub cpus: u64,
    pub memory: u64,
    pub cgroup_version: Option<u8>,
    pub containers: u64,
    pub running: u64,
    pub stopped: u64,
    pub paused: u64,
    pub images: u64,
}
