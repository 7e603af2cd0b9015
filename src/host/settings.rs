//! Which hosts there are and how to reach their engines.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::{is_host_and_port, split_port};

/// One host that runs containers: `docker` or `ssh`. With neither, the engine of this machine as
/// `DOCKER_HOST` names it, else its usual socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostSettings {
    /// The engine's address: `unix:///var/run/docker.sock` or `tcp://HOST:PORT`.
    pub docker: Option<DockerAddress>,
    /// The host over SSH: `ssh://USER@HOST:PORT`. Its engine is reached through that connection.
    pub ssh: Option<SshAddress>,
    /// The private key for `ssh`. Without it, the SSH agent and the usual keys.
    pub identity_file: Option<PathBuf>,
    /// The file with the host's key for `ssh`. A host whose key is not in it is refused. Without
    /// it, `~/.ssh/known_hosts`.
    pub known_hosts_file: Option<PathBuf>,
}

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub enum DockerAddress {
    Unix(PathBuf),
    /// `host:port`, without protection: for a tunnel or a test.
    Tcp(String),
}

impl TryFrom<String> for DockerAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "expected `unix:///PATH` or `tcp://HOST:PORT`";
        if text.starts_with("ssh://") {
            return Err("an engine over SSH goes under `ssh`, not `docker`");
        }
        if let Some(path) = text.strip_prefix("unix://") {
            let sound = path.starts_with('/') && !path.chars().any(char::is_control);
            return sound.then(|| Self::Unix(path.into())).ok_or(EXPECTED);
        }
        let authority = text.strip_prefix("tcp://").ok_or(EXPECTED)?;
        let sound = is_host_and_port(authority) && split_port(authority).1.is_some();
        sound
            .then(|| Self::Tcp(authority.to_owned()))
            .ok_or(EXPECTED)
    }
}

impl From<DockerAddress> for String {
    fn from(address: DockerAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for DockerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
        }
    }
}

/// A host to log in to. Its parts can't be taken for flags of the `ssh` program, which is given
/// them as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct SshAddress {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
}

impl TryFrom<String> for SshAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "expected `ssh://USER@HOST:PORT`; user and port may be left out";
        let rest = text.strip_prefix("ssh://").ok_or(EXPECTED)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, authority) = match rest.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, rest),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password can't stand in an SSH address; use a key");
        }
        if !user.is_none_or(is_user) || !is_host_and_port(authority) {
            return Err(EXPECTED);
        }
        let (host, port) = split_port(authority);
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port: port.and_then(|port| port.parse().ok()),
        })
    }
}

fn is_user(user: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    user.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && user.chars().all(inside)
}

impl From<SshAddress> for String {
    fn from(address: SshAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
