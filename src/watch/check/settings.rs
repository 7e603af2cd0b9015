//! Checks of our own, as the configuration has them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::incident::Severity;
use crate::setting::{BaseUrl, Identifier, PageUrl, Pattern, Wait};

/// One check. It has exactly one of `http`, `tcp`, `process`, `command`, `health`, `restarts`,
/// `memory`, `disk` and `nats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    pub http: Option<HttpCheck>,
    pub tcp: Option<TcpCheck>,
    pub process: Option<ProcessCheck>,
    pub command: Option<CommandCheck>,
    pub health: Option<ContainerCheck>,
    pub restarts: Option<RestartCheck>,
    pub memory: Option<MemoryCheck>,
    pub disk: Option<DiskCheck>,
    pub nats: Option<NatsCheck>,
    /// How often, such as `30s`. Without it: a minute.
    pub interval: Option<Wait>,
    /// How long one try may take, such as `5s`. Without it: ten seconds.
    pub timeout: Option<Wait>,
    /// Failures in a row that are let pass before it is an alert. Without it: 2.
    pub retries: Option<u32>,
    /// How bad it is when it fails. Without it: `critical`.
    pub severity: Option<Severity>,
    /// The host of its container, and what it counts as. Without it: `local`, or the only host.
    pub host: Option<Identifier>,
    /// The stack it counts as. Without it: that of its container, where `container` names one.
    pub stack: Option<Identifier>,
    /// The service it counts as. Without it: that of its container.
    pub service: Option<Identifier>,
    /// The name that the routing of messages goes by.
    pub route: Option<String>,
}

/// Asks for a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpCheck {
    pub url: Option<PageUrl>,
    /// `GET`, `HEAD` or `POST`. Without it: `GET`.
    pub method: Option<Method>,
    /// The status codes that are right. Without it: 200 to 399.
    pub status: Vec<u16>,
    /// A regular expression that must be found in the body.
    pub body: Option<Pattern>,
    /// The days that a certificate must be valid for still. Without it: 7.
    pub tls_days: Option<u16>,
    /// A slower answer is a failure, such as `2s`.
    pub slower_than: Option<Wait>,
    /// Asked from inside this container: `STACK/SERVICE`, a service or a container's name. It
    /// needs curl, wget or python in there; only the status is looked at.
    pub container: Option<ContainerName>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
}

impl Method {
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// Opens a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TcpCheck {
    /// A host's name or address; `localhost` means the container, where one is given.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// Looked at from inside this container.
    pub container: Option<ContainerName>,
}

/// Looks for a running program in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessCheck {
    /// `STACK/SERVICE`, a service or a container's name.
    pub container: Option<ContainerName>,
    /// The program's file name, or that of the script an interpreter runs.
    pub name: Option<String>,
}

/// Runs a program in a container; it has to end with 0. It runs each time, so it must only look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommandCheck {
    /// `STACK/SERVICE`, a service or a container's name.
    pub container: Option<ContainerName>,
    /// The program and its arguments. No shell reads them.
    pub argv: Vec<String>,
    /// A regular expression that must be found in what it prints.
    pub output: Option<Pattern>,
}

/// Looks at a container's own health check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContainerCheck {
    /// `STACK/SERVICE`, a service or a container's name.
    pub container: Option<ContainerName>,
}

/// Counts restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestartCheck {
    /// `STACK/SERVICE`, a service or a container's name.
    pub container: Option<ContainerName>,
    /// More within the window is a failure. Without it: 2.
    pub most: Option<u32>,
    /// The window, such as `10m`. Without it: ten minutes.
    pub within: Option<Wait>,
}

/// Compares a container's memory with its limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryCheck {
    /// `STACK/SERVICE`, a service or a container's name.
    pub container: Option<ContainerName>,
    /// More of the limit is a failure. Without it: 90.
    pub percent: Option<u8>,
}

/// Looks at how full a file system of a host is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiskCheck {
    /// A path on it. Without it: `/`.
    pub path: Option<PathBuf>,
    /// More in use is a failure. Without it: 90.
    pub percent: Option<u8>,
}

/// Reads how far a `JetStream` consumer is behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NatsCheck {
    /// The server's monitoring address, such as `http://nats:8222`.
    pub url: Option<BaseUrl>,
    pub stream: Option<String>,
    pub consumer: Option<String>,
    /// More waiting messages are a failure. Without it: 1000.
    pub pending: Option<u64>,
}

/// `STACK/SERVICE`, a service, or a container's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct ContainerName {
    pub stack: Option<String>,
    pub name: String,
}

impl TryFrom<String> for ContainerName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let sound = |part: &str| {
            let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(inside)
        };
        let (stack, name) = match text.split_once('/') {
            Some((stack, name)) => (Some(stack), name),
            None => (None, text.as_str()),
        };
        if !sound(name) || !stack.is_none_or(sound) {
            return Err("expected `STACK/SERVICE`, a service or a container's name");
        }
        Ok(Self {
            stack: stack.map(str::to_owned),
            name: name.to_owned(),
        })
    }
}
