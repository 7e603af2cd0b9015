//! Every kind of check in one table: its key in the configuration, what it looks at, and how it is
//! read from the settings. Carrying it out is for the other files here.

use std::path::PathBuf;
use std::time::Duration;

use super::settings::{CheckSettings, ContainerName, HttpCheck};
use crate::setting::{PageUrl, Pattern};

/// What is looked at, with all it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Http(Page),
    Tcp {
        host: String,
        port: u16,
        container: Option<ContainerName>,
    },
    Process {
        container: ContainerName,
        name: String,
    },
    Command {
        container: ContainerName,
        argv: Vec<String>,
        output: Option<Pattern>,
    },
    Health {
        container: ContainerName,
    },
    Restarts {
        container: ContainerName,
        most: u32,
        within: Duration,
    },
    Memory {
        container: ContainerName,
        percent: u8,
    },
    Disk {
        path: PathBuf,
        percent: u8,
    },
    Nats {
        url: PageUrl,
        stream: String,
        consumer: String,
        pending: u64,
    },
}

/// A page, and what is right about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub url: PageUrl,
    pub method: &'static str,
    /// Empty: 200 to 399.
    pub status: Vec<u16>,
    pub body: Option<Pattern>,
    pub tls_days: u16,
    pub slower_than: Option<Duration>,
    pub container: Option<ContainerName>,
}

type IsGiven = fn(&CheckSettings) -> bool;
/// The error names the key that is missing.
type Read = fn(&CheckSettings) -> Result<Kind, &'static str>;

/// One row for each kind.
#[derive(Debug)]
pub struct KindRow {
    /// Its key in the configuration.
    pub word: &'static str,
    /// What it looks at, in a line.
    pub about: &'static str,
    /// Keys that it cannot do without.
    pub needs: &'static [&'static str],
    pub is_given: IsGiven,
    read: Read,
}

pub const KINDS: [KindRow; 9] = [
    KindRow {
        word: "http",
        needs: &["url"],
        about: "a page: status, body, certificate, speed",
        is_given: |check| check.http.is_some(),
        read: |check| http(check.http.clone().unwrap_or_default()),
    },
    KindRow {
        word: "tcp",
        needs: &["port"],
        about: "a port that can be connected to",
        is_given: |check| check.tcp.is_some(),
        read: |check| {
            let tcp = check.tcp.clone().unwrap_or_default();
            Ok(Kind::Tcp {
                host: tcp.host.unwrap_or_else(|| "localhost".to_owned()),
                port: tcp.port.ok_or("port")?,
                container: tcp.container,
            })
        },
    },
    KindRow {
        word: "process",
        needs: &["container", "name"],
        about: "a program that runs in a container",
        is_given: |check| check.process.is_some(),
        read: |check| {
            let process = check.process.clone().unwrap_or_default();
            Ok(Kind::Process {
                container: process.container.ok_or("container")?,
                name: process.name.ok_or("name")?,
            })
        },
    },
    KindRow {
        word: "command",
        needs: &["container", "argv"],
        about: "a program that ends with 0 when it is run in a container",
        is_given: |check| check.command.is_some(),
        read: |check| {
            let command = check.command.clone().unwrap_or_default();
            if command.argv.is_empty() {
                return Err("argv");
            }
            Ok(Kind::Command {
                container: command.container.ok_or("container")?,
                argv: command.argv,
                output: command.output,
            })
        },
    },
    KindRow {
        word: "health",
        needs: &["container"],
        about: "what a container's own health check says",
        is_given: |check| check.health.is_some(),
        read: |check| {
            let health = check.health.clone().unwrap_or_default();
            Ok(Kind::Health {
                container: health.container.ok_or("container")?,
            })
        },
    },
    KindRow {
        word: "restarts",
        needs: &["container"],
        about: "how often the engine started a container again",
        is_given: |check| check.restarts.is_some(),
        read: |check| {
            let restarts = check.restarts.clone().unwrap_or_default();
            Ok(Kind::Restarts {
                container: restarts.container.ok_or("container")?,
                most: restarts.most.unwrap_or(2),
                within: restarts
                    .within
                    .map_or(Duration::from_mins(10), |within| within.0),
            })
        },
    },
    KindRow {
        word: "memory",
        needs: &["container"],
        about: "a container's memory against its limit",
        is_given: |check| check.memory.is_some(),
        read: |check| {
            let memory = check.memory.clone().unwrap_or_default();
            Ok(Kind::Memory {
                container: memory.container.ok_or("container")?,
                percent: memory.percent.unwrap_or(90),
            })
        },
    },
    KindRow {
        word: "disk",
        needs: &[],
        about: "how full a file system of a host is",
        is_given: |check| check.disk.is_some(),
        read: |check| {
            let disk = check.disk.clone().unwrap_or_default();
            Ok(Kind::Disk {
                path: disk.path.unwrap_or_else(|| PathBuf::from("/")),
                percent: disk.percent.unwrap_or(90),
            })
        },
    },
    KindRow {
        word: "nats",
        needs: &["url", "stream", "consumer"],
        about: "how far a JetStream consumer is behind",
        is_given: |check| check.nats.is_some(),
        read: |check| {
            let nats = check.nats.clone().unwrap_or_default();
            let monitoring = nats.url.ok_or("url")?.join("jsz?consumers=true");
            Ok(Kind::Nats {
                url: PageUrl::try_from(monitoring).map_err(|_| "url")?,
                stream: nats.stream.ok_or("stream")?,
                consumer: nats.consumer.ok_or("consumer")?,
                pending: nats.pending.unwrap_or(1000),
            })
        },
    },
];

fn http(http: HttpCheck) -> Result<Kind, &'static str> {
    Ok(Kind::Http(Page {
        url: http.url.ok_or("url")?,
        method: http.method.unwrap_or_default().word(),
        status: http.status,
        body: http.body,
        tls_days: http.tls_days.unwrap_or(7),
        slower_than: http.slower_than.map(|limit| limit.0),
        container: http.container,
    }))
}

impl Kind {
    /// From settings that have exactly one kind; the error says what they lack.
    pub fn read(check: &CheckSettings) -> Result<Self, String> {
        let mut given = KINDS.iter().filter(|row| (row.is_given)(check));
        match (given.next(), given.next()) {
            (Some(row), None) => {
                (row.read)(check).map_err(|key| format!("`{}` needs `{key}`", row.word))
            }
            (Some(one), Some(other)) => Err(format!(
                "a check is of one kind, and this has `{}` and `{}`",
                one.word, other.word
            )),
            (None, _) => Err(format!("a check needs one of {}", words())),
        }
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Tcp { .. } => "tcp",
            Self::Process { .. } => "process",
            Self::Command { .. } => "command",
            Self::Health { .. } => "health",
            Self::Restarts { .. } => "restarts",
            Self::Memory { .. } => "memory",
            Self::Disk { .. } => "disk",
            Self::Nats { .. } => "nats",
        }
    }

    /// The container it looks into.
    pub fn container(&self) -> Option<&ContainerName> {
        match self {
            Self::Http(page) => page.container.as_ref(),
            Self::Tcp { container, .. } => container.as_ref(),
            Self::Process { container, .. }
            | Self::Command { container, .. }
            | Self::Health { container }
            | Self::Restarts { container, .. }
            | Self::Memory { container, .. } => Some(container),
            Self::Disk { .. } | Self::Nats { .. } => None,
        }
    }
}

/// `http`, `tcp` …
fn words() -> String {
    let words: Vec<String> = KINDS.iter().map(|row| format!("`{}`", row.word)).collect();
    words.join(", ")
}
