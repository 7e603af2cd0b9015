//! Where an engine listens, as `DOCKER_HOST` says it or as the usual sockets suggest. Reads the
//! environment only through the function it is given; connects to nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::say;
use crate::text::{Clean, Redactor};

const SYSTEM_SOCKET: &str = "/var/run/docker.sock";
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Unix(PathBuf),
    /// Anybody who reaches this port owns the machine: for loopback and tests.
    Tcp {
        host: String,
        port: u16,
    },
    /// `cert_dir` holds `ca.pem`, `cert.pem` and `key.pem`.
    Tls {
        host: String,
        port: u16,
        cert_dir: PathBuf,
    },
}

/// Why a text names no engine, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    #[error("`{text}` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`")]
    Unreadable { text: Clean },
    #[error("an engine cannot be reached by `{scheme}://`: {advice}")]
    Scheme { scheme: Clean, advice: &'static str },
    #[error(
        "`DOCKER_TLS_VERIFY` is set but no certificates are known: set `DOCKER_CERT_PATH` to the \
         directory with ca.pem, cert.pem and key.pem"
    )]
    NoCertificates,
}

impl Endpoint {
    /// Reads `unix:///path`, `/path`, `tcp://host[:port]` and `http://host[:port]`.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(unreadable(text));
        };
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "http" => {
                let (host, port) =
                    host_and_port(rest, PLAIN_PORT).ok_or_else(|| unreadable(text))?;
                Ok(Self::Tcp { host, port })
            }
            "unix" => Err(unreadable(text)),
            other => Err(EndpointError::Scheme {
                scheme: Redactor::shapes_only().clean(other),
                advice: advice_on(other),
            }),
        }
    }

    /// What the Docker command line would use: `DOCKER_HOST` with `DOCKER_TLS_VERIFY` and
    /// `DOCKER_CERT_PATH`, or else the first of the usual sockets that exists.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Result<Self, EndpointError> {
        Self::choose(&get, Path::exists)
    }

    fn choose(
        get: &impl Fn(&str) -> Option<String>,
        exists: impl Fn(&Path) -> bool,
    ) -> Result<Self, EndpointError> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let Some(text) = get("DOCKER_HOST") else {
            return Ok(usual_socket(get("XDG_RUNTIME_DIR").as_deref(), exists));
        };
        if get("DOCKER_TLS_VERIFY").is_none() {
            return Self::parse(&text);
        }
        Self::with_tls(&text, || {
            get("DOCKER_CERT_PATH")
                .map(PathBuf::from)
                .or_else(|| get("HOME").map(|home| Path::new(&home).join(".docker")))
        })
    }

    fn with_tls(text: &str, cert_dir: impl Fn() -> Option<PathBuf>) -> Result<Self, EndpointError> {
        let plain = text.trim().replacen("https://", "tcp://", 1);
        if let Self::Unix(path) = Self::parse(&plain)? {
            return Ok(Self::Unix(path));
        }
        let address = plain.split_once("://").map_or("", |(_, rest)| rest);
        let (host, port) = host_and_port(address, TLS_PORT).ok_or_else(|| unreadable(text))?;
        let cert_dir = cert_dir().ok_or(EndpointError::NoCertificates)?;
        Ok(Self::Tls {
            host,
            port,
            cert_dir,
        })
    }

    /// As people read it in an error or a list of hosts.
    pub fn shown(&self) -> Clean {
        Redactor::shapes_only().clean(&self.to_string())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => {
                write!(f, "tcp://{}:{port}", bracketed(host))
            }
        }
    }
}

/// An IPv6 address needs brackets before a port can follow it.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

fn usual_socket(runtime_dir: Option<&str>, exists: impl Fn(&Path) -> bool) -> Endpoint {
    let mut candidates = vec![PathBuf::from(SYSTEM_SOCKET)];
    if let Some(dir) = runtime_dir {
        candidates.push(Path::new(dir).join("docker.sock"));
        candidates.push(Path::new(dir).join("podman/podman.sock"));
    }
    candidates.push(PathBuf::from(PODMAN_SOCKET));
    let found = candidates.into_iter().find(|path| exists(path));
    Endpoint::Unix(found.unwrap_or_else(|| PathBuf::from(SYSTEM_SOCKET)))
}

fn host_and_port(address: &str, default_port: u16) -> Option<(String, u16)> {
    let address = address.trim_end_matches('/');
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        (host, after.strip_prefix(':'))
    } else {
        match address.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        }
    };
    let sane = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c));
    let port = match port {
        Some(port) => port.parse().ok()?,
        None => default_port,
    };
    sane.then(|| (host.to_owned(), port))
}

fn advice_on(scheme: &str) -> &'static str {
    match scheme {
        "ssh" => "write the host under `hosts` in the configuration with `ssh:`",
        "npipe" => "named pipes exist on Windows only; use `unix://` or `tcp://`",
        "https" => "write `tcp://` and set `DOCKER_TLS_VERIFY=1` and `DOCKER_CERT_PATH`",
        _ => "use `unix:///path/to/docker.sock` or `tcp://host:2375`",
    }
}

fn unreadable(text: &str) -> EndpointError {
    EndpointError::Unreadable {
        text: say!("{}", Redactor::shapes_only().clean(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match Endpoint::parse(text) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn chosen(environment: &[(&str, &str)], sockets: &[&str]) -> Result<Endpoint, EndpointError> {
        let get = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Endpoint::choose(&get, |path| {
            sockets.iter().any(|socket| Path::new(socket) == path)
        })
    }

    fn unix(path: &str) -> Endpoint {
        Endpoint::Unix(PathBuf::from(path))
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        assert_eq!(parsed("unix:///run/docker.sock"), "unix:///run/docker.sock");
        assert_eq!(parsed(" /run/docker.sock "), "unix:///run/docker.sock");
        assert_eq!(parsed("tcp://10.0.0.1"), "tcp://10.0.0.1:2375");
        assert_eq!(
            parsed("tcp://build.example.org:99/"),
            "tcp://build.example.org:99"
        );
        assert_eq!(parsed("tcp://[::1]:2375"), "tcp://[::1]:2375");
        assert_eq!(parsed("http://localhost"), "tcp://localhost:2375");
    }

    #[test]
    fn what_is_no_address_says_what_to_write() {
        let wrong = [
            "",
            "docker.sock",
            "unix://relative.sock",
            "tcp://",
            "tcp://a:b",
            "tcp://h:70000",
            "tcp://h/../x:1",
            "ssh://root@vps",
            "npipe:////./pipe/docker_engine",
            "https://h",
            "fd://",
        ];
        let said: Vec<String> = wrong.iter().map(|text| parsed(text)).collect();
        insta::assert_snapshot!(said.join("\n"), @"
        `` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `docker.sock` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `unix://relative.sock` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `tcp://` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `tcp://a:b` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `tcp://h:70000` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        `tcp://h/../x:1` names no engine: write `unix:///path/to/docker.sock` or `tcp://host:2375`
        an engine cannot be reached by `ssh://`: write the host under `hosts` in the configuration with `ssh:`
        an engine cannot be reached by `npipe://`: named pipes exist on Windows only; use `unix://` or `tcp://`
        an engine cannot be reached by `https://`: write `tcp://` and set `DOCKER_TLS_VERIFY=1` and `DOCKER_CERT_PATH`
        an engine cannot be reached by `fd://`: use `unix:///path/to/docker.sock` or `tcp://host:2375`
        ");
    }

    #[test]
    fn without_docker_host_the_first_socket_there_is() {
        let home = [("XDG_RUNTIME_DIR", "/run/user/7")];
        let rootless = "/run/user/7/docker.sock";
        assert_eq!(
            chosen(&home, &[rootless, SYSTEM_SOCKET]),
            Ok(unix(SYSTEM_SOCKET))
        );
        assert_eq!(
            chosen(&home, &[rootless, PODMAN_SOCKET]),
            Ok(unix(rootless))
        );
        assert_eq!(
            chosen(&[], &[rootless, PODMAN_SOCKET]),
            Ok(unix(PODMAN_SOCKET))
        );
        assert_eq!(chosen(&home, &[]), Ok(unix(SYSTEM_SOCKET)));
        assert_eq!(
            chosen(&[("DOCKER_HOST", " ")], &[]),
            Ok(unix(SYSTEM_SOCKET))
        );
    }

    #[test]
    fn tls_is_asked_for_by_its_own_variables() {
        let tcp = ("DOCKER_HOST", "tcp://vps");
        let verify = ("DOCKER_TLS_VERIFY", "1");
        let certificates = ("DOCKER_CERT_PATH", "/certs");
        let tls = |port, dir: &str| {
            Ok(Endpoint::Tls {
                host: "vps".to_owned(),
                port,
                cert_dir: PathBuf::from(dir),
            })
        };
        assert_eq!(
            chosen(&[tcp, verify, certificates], &[]),
            tls(2376, "/certs")
        );
        assert_eq!(
            chosen(&[tcp, verify, ("HOME", "/root")], &[]),
            tls(2376, "/root/.docker")
        );
        assert_eq!(
            chosen(
                &[("DOCKER_HOST", "https://vps:1"), verify, certificates],
                &[]
            ),
            tls(1, "/certs")
        );
        assert_eq!(
            chosen(&[tcp, verify], &[]),
            Err(EndpointError::NoCertificates)
        );
        assert_eq!(
            chosen(&[("DOCKER_HOST", "unix:///a.sock"), verify], &[]),
            Ok(unix("/a.sock"))
        );
    }
}
