//! From what the library and the daemon say to an `EngineError`. Daemon messages are observed
//! text: they pass the redactor.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::time::Duration;

use bollard::errors::Error;

use super::EngineError;
use super::endpoint::Endpoint;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// What a request was about, so that a 404 can say what is not there.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) what: &'static str,
    pub(super) name: Name,
}

impl Subject {
    pub(super) fn new(what: &'static str, name: &str) -> Self {
        Self {
            what,
            name: Name::new(name),
        }
    }

    pub(super) fn container(id: &str) -> Self {
        Self::new("container", id)
    }

    pub(super) fn engine() -> Self {
        Self::new("engine", "")
    }

    pub(super) fn missing(&self) -> EngineError {
        EngineError::NotFound {
            what: self.what,
            name: self.name.clone(),
        }
    }
}

/// Explains an error of a request that was sent to `endpoint`.
pub(super) fn explain(error: &Error, endpoint: &Endpoint, about: &Subject) -> EngineError {
    match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => answered(*status_code, message, about),
        Error::HyperLegacyError { err } if err.is_connect() => unreachable(err, endpoint),
        Error::RequestTimeoutError => EngineError::TimedOut {
            what: "the engine's answer".into(),
            limit_s: 0,
        },
        Error::JsonDataError { message, .. } => broken(message),
        other => broken(&innermost(other)),
    }
}

/// The engine answered with an error status.
pub(super) fn answered(status: u16, message: &str, about: &Subject) -> EngineError {
    if status == 404 && names_the_subject(message, about) {
        return about.missing();
    }
    let message = match message.trim() {
        "" => say!("status {} without a message", status),
        text => Redactor::shapes_only().clean(text),
    };
    EngineError::Refused { status, message }
}

/// A 404 can also mean that something else is missing, such as the network of a container that
/// is to be started. Only when it speaks of the thing asked for is that thing gone.
fn names_the_subject(message: &str, about: &Subject) -> bool {
    let message = message.to_lowercase();
    message.trim().is_empty()
        || message.contains(&format!("no such {}", about.what))
        || message.contains(&format!("no {} with", about.what))
        || message.contains(&format!("{} {} not found", about.what, about.name.as_str()))
}

/// No connection came about.
fn unreachable(error: &(dyn StdError + 'static), endpoint: &Endpoint) -> EngineError {
    let kind = causes(error).find_map(|cause| {
        let io = cause.downcast_ref::<io::Error>()?;
        Some(io.kind())
    });
    let why = match (endpoint, kind) {
        (Endpoint::Unix(_), Some(ErrorKind::PermissionDenied)) => {
            return EngineError::Denied {
                endpoint: endpoint.shown(),
                advice: "join the group that owns the socket (`usermod -aG docker USER`, then log \
                         in again), or set `DOCKER_HOST` to an engine of your own"
                    .into(),
            };
        }
        (Endpoint::Unix(_), Some(ErrorKind::NotFound)) => {
            "there is no such socket; is the engine installed and started, and is `DOCKER_HOST` \
             right?"
                .into()
        }
        (Endpoint::Unix(_), Some(ErrorKind::ConnectionRefused)) => {
            "nobody listens on the socket; the engine is down: `systemctl start docker`".into()
        }
        (_, Some(ErrorKind::ConnectionRefused)) => {
            "nobody listens on that port; is the engine started, and is `DOCKER_HOST` right?".into()
        }
        _ => Redactor::shapes_only().clean(&innermost(error)),
    };
    EngineError::Unreachable {
        endpoint: endpoint.shown(),
        why,
    }
}

/// Something answers at the endpoint, but not as an engine does.
pub(super) fn not_an_engine(endpoint: &Endpoint) -> EngineError {
    EngineError::Unreachable {
        endpoint: endpoint.shown(),
        why: "something answers there, but it is not a container engine; check `DOCKER_HOST`"
            .into(),
    }
}

/// What the first request of all says about an endpoint: there, an unreadable answer means that
/// somebody else lives at this address.
pub(super) fn explain_first(error: &Error, endpoint: &Endpoint) -> EngineError {
    match error {
        Error::DockerResponseServerError { message, .. }
            if message.contains("HTTP request to an HTTPS server") =>
        {
            EngineError::Unreachable {
                endpoint: endpoint.shown(),
                why: "the engine there wants TLS; set `DOCKER_TLS_VERIFY=1` and `DOCKER_CERT_PATH`"
                    .into(),
            }
        }
        Error::DockerResponseServerError { status_code, .. } if *status_code < 500 => {
            not_an_engine(endpoint)
        }
        Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => not_an_engine(endpoint),
        Error::HyperLegacyError { err } if !err.is_connect() && is_parse_error(err) => {
            not_an_engine(endpoint)
        }
        other => explain(other, endpoint, &Subject::engine()),
    }
}

pub(super) fn broken(why: &str) -> EngineError {
    EngineError::Broken {
        why: Redactor::shapes_only().clean(why),
    }
}

pub(super) fn timed_out(what: impl Into<Clean>, limit: Duration) -> EngineError {
    EngineError::TimedOut {
        what: what.into(),
        limit_s: limit.as_secs().max(1),
    }
}

fn is_parse_error(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_parse)
}

/// The deepest cause says what happened; those above it say "client error (Connect)".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause| (*cause).source())
}
