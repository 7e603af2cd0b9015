//! A container as the engine describes it: state, health, settings, limits, networks, mounts.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::text::Raw;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Container {
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// As it was asked for (`redis:7`), not the id.
    pub image: String,
    pub image_id: String,
    pub created: Option<Timestamp>,
    pub labels: BTreeMap<String, String>,
    pub state: State,
    /// Restarts by the engine's policy since the container was created or started by hand.
    pub restart_count: u64,
    pub settings: Settings,
    pub limits: Limits,
    pub restart_policy: RestartPolicy,
    pub network_mode: String,
    pub networks: Vec<Attachment>,
    pub ports: Vec<Port>,
    pub mounts: Vec<Mount>,
    /// File systems in memory by their path, with their options; these are not among the mounts.
    pub tmpfs: BTreeMap<String, String>,
    pub log_driver: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    #[default]
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub status: Status,
    /// Of the last life; `None` while the first one runs.
    pub exit_code: Option<i64>,
    /// What the engine said when it could not start it.
    pub error: Raw,
    pub oom_killed: bool,
    pub pid: Option<i64>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// `None`: the container has no health check.
    pub health: Option<Health>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum HealthStatus {
    #[default]
    Starting,
    Healthy,
    Unhealthy,
}

impl HealthStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    pub status: HealthStatus,
    pub failing_streak: u64,
    /// Oldest first; the engine keeps five.
    pub log: Vec<HealthResult>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthResult {
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub exit_code: i64,
    pub output: Raw,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub entrypoint: Vec<Raw>,
    pub command: Vec<Raw>,
    pub environment: BTreeMap<String, Raw>,
    pub user: String,
    pub working_dir: String,
    pub health_test: Option<HealthTest>,
    pub stop_signal: Option<String>,
    pub stop_timeout: Option<Duration>,
    pub tty: bool,
    pub read_only_root: bool,
    pub privileged: bool,
    pub cap_drop: Vec<String>,
    pub security_opt: Vec<String>,
    /// The group of processes that its own is in, where that is not the engine's usual one.
    pub cgroup_parent: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthTest {
    /// As the engine has it: `["CMD", …]`, `["CMD-SHELL", …]`.
    pub test: Vec<Raw>,
    pub interval: Duration,
    pub timeout: Duration,
    pub retries: u64,
    pub start_period: Duration,
}

/// `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    pub memory: Option<u64>,
    pub memory_swap: Option<i64>,
    /// How many cpus' worth of time, from nano-cpus or quota and period.
    pub cpus: Option<f64>,
    pub pids: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestartPolicy {
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub name: String,
    pub maximum: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    pub network: String,
    pub network_id: String,
    pub address: String,
    pub gateway: String,
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Port {
    pub inside: u16,
    pub protocol: String,
    /// `None`: exposed only, not published.
    pub published: Option<Published>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Published {
    pub address: String,
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// `bind`, `volume` or `tmpfs`.
    pub kind: String,
    /// Volume name where it is a volume.
    pub name: Option<String>,
    pub source: String,
    pub destination: String,
    pub read_only: bool,
}

/// What a program inside a container left behind.
#[derive(Debug, Clone, Default)]
pub struct ExecResult {
    pub exit_code: i64,
    pub stdout: Raw,
    pub stderr: Raw,
    /// More was written than is kept; head and tail are there.
    pub cut: bool,
}

impl ExecResult {
    /// The program was there and took our arguments: tools of one name differ in what they take.
    pub fn was_understood(&self) -> bool {
        const COMPLAINTS: [&str; 4] = [
            "usage:",
            "invalid option",
            "unrecognized option",
            "applet not found",
        ];
        let said = self.stderr.expose().to_lowercase();
        !matches!(self.exit_code, 126 | 127) && !COMPLAINTS.iter().any(|words| said.contains(words))
    }
}
