//! What a simulated container is before it ever runs: the settings somebody created it with.

use std::collections::BTreeMap;
use std::time::Duration;

use super::behaviour::Behaviour;

#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ContainerSpec {
    pub name: String,
    pub image: String,
    pub entrypoint: Vec<String>,
    pub command: Vec<String>,
    pub labels: BTreeMap<String, String>,
    pub env: Vec<(String, String)>,
    /// Empty: the engine's default bridge.
    pub networks: Vec<Attach>,
    pub ports: Vec<PortSpec>,
    pub mounts: Vec<MountSpec>,
    pub memory_limit: Option<u64>,
    pub nano_cpus: u64,
    pub pids_limit: Option<u64>,
    pub restart: Restart,
    pub health: Option<HealthSpec>,
    pub user: String,
    pub working_dir: String,
    pub stop_signal: Option<String>,
    pub stop_timeout: Option<u64>,
    pub tty: bool,
    pub behaviour: Behaviour,
    pub begins: Begins,
}

/// How the container stands when the simulation begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begins {
    Created,
    /// It is started at that moment, and its start is seen to happen.
    #[default]
    Starting,
    /// It has run for so long, and its start lies behind it.
    Running(Duration),
}

impl Begins {
    pub(super) fn age(self) -> Duration {
        match self {
            Self::Running(age) => age,
            Self::Created | Self::Starting => Duration::ZERO,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attach {
    pub network: String,
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortSpec {
    pub inside: u16,
    pub published: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSpec {
    Volume {
        name: String,
        at: String,
    },
    Bind {
        source: String,
        at: String,
        read_only: bool,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restart {
    #[default]
    No,
    Always,
    UnlessStopped,
    /// Zero: as often as it takes.
    OnFailure(u64),
}

impl Restart {
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure(_) => "on-failure",
        }
    }

    pub fn maximum(self) -> u64 {
        match self {
            Self::OnFailure(maximum) => maximum,
            Self::No | Self::Always | Self::UnlessStopped => 0,
        }
    }
}

#[derive(Debug, Clone)]
#[must_use]
pub struct HealthSpec {
    pub test: Vec<String>,
    pub interval: Duration,
    pub timeout: Duration,
    pub retries: u64,
    pub start_period: Duration,
    /// What the check prints when it passes, and when it fails for no missing need.
    pub passes: String,
    pub fails: String,
}

impl HealthSpec {
    /// A shell check every second that gives up after two failures.
    pub fn shell(test: &str) -> Self {
        Self {
            test: vec!["CMD-SHELL".to_owned(), test.to_owned()],
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(3),
            retries: 2,
            start_period: Duration::ZERO,
            passes: String::new(),
            fails: String::new(),
        }
    }

    pub fn prints(mut self, passes: &str, fails: &str) -> Self {
        passes.clone_into(&mut self.passes);
        fails.clone_into(&mut self.fails);
        self
    }

    pub fn start_period(mut self, seconds: u64) -> Self {
        self.start_period = Duration::from_secs(seconds);
        self
    }
}

impl ContainerSpec {
    pub fn new(name: &str, image: &str) -> Self {
        Self {
            name: name.to_owned(),
            image: image.to_owned(),
            behaviour: Behaviour::idle(),
            ..Self::default()
        }
    }

    pub fn command(mut self, argv: &[&str]) -> Self {
        self.command = argv.iter().map(ToString::to_string).collect();
        self
    }

    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn network(mut self, network: &str, aliases: &[&str]) -> Self {
        self.networks.push(Attach {
            network: network.to_owned(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
        });
        self
    }

    pub fn port(mut self, inside: u16, published: Option<u16>) -> Self {
        self.ports.push(PortSpec { inside, published });
        self
    }

    pub fn volume(mut self, name: &str, at: &str) -> Self {
        self.mounts.push(MountSpec::Volume {
            name: name.to_owned(),
            at: at.to_owned(),
        });
        self
    }

    /// A directory or file of the host, read-only.
    pub fn bind(mut self, source: &str, at: &str) -> Self {
        self.mounts.push(MountSpec::Bind {
            source: source.to_owned(),
            at: at.to_owned(),
            read_only: true,
        });
        self
    }

    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    pub fn nano_cpus(mut self, nano_cpus: u64) -> Self {
        self.nano_cpus = nano_cpus;
        self
    }

    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    pub fn health(mut self, health: HealthSpec) -> Self {
        self.health = Some(health);
        self
    }

    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    pub fn begins(mut self, begins: Begins) -> Self {
        self.begins = begins;
        self
    }

    /// Path and arguments of the main process.
    pub fn argv(&self) -> Vec<String> {
        [self.entrypoint.as_slice(), self.command.as_slice()].concat()
    }

    pub fn service(&self) -> Option<&str> {
        self.labels
            .get("com.docker.compose.service")
            .map(String::as_str)
    }
}
