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

const LONGEST_MESSAGE: usize = 1000;

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

    pub(super) fn image(id: &str) -> Self {
        Self::new("image", id)
    }

    pub(super) fn engine() -> Self {
        Self::new("engine", "")
    }

    /// What took too long, when the answer did.
    pub(super) fn answer(&self) -> Clean {
        if self.name.is_empty() {
            "the engine's answer".into()
        } else {
            say!("the engine's answer about {} `{}`", self.what, self.name)
        }
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
        Error::HyperLegacyError { err } if let Some(tls) = tls_error(err) => {
            untrusted(endpoint, tls)
        }
        Error::HyperLegacyError { err } if err.is_connect() => {
            unreachable(endpoint, io_kind(err), &innermost(err))
        }
        Error::RequestTimeoutError => EngineError::TimedOut {
            what: about.answer(),
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
        text => Redactor::shapes_only().clean(&shortened(text)),
    };
    EngineError::Refused { status, message }
}

/// A proxy's error page is no message; its beginning tells what it is.
fn shortened(message: &str) -> String {
    message.chars().take(LONGEST_MESSAGE).collect()
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

/// No connection came about; `kind` and `deepest` are of the error at the bottom of it.
fn unreachable(endpoint: &Endpoint, kind: Option<ErrorKind>, deepest: &str) -> EngineError {
    let shown = endpoint.shown();
    let is_socket = matches!(endpoint, Endpoint::Unix(_));
    let why = match kind {
        Some(ErrorKind::PermissionDenied) if is_socket => {
            return EngineError::Denied {
                endpoint: shown,
                advice: NOT_IN_THE_GROUP.into(),
            };
        }
        Some(ErrorKind::NotFound) if is_socket => {
            "there is no such socket; is the engine installed and started, and is `DOCKER_HOST` \
             right?"
                .into()
        }
        Some(ErrorKind::ConnectionRefused) if is_socket => {
            "nobody listens on the socket, so the engine is down; start it, for example with \
             `systemctl start docker`"
                .into()
        }
        Some(ErrorKind::ConnectionRefused) => {
            "nobody listens on that port; is the engine started, and is `DOCKER_HOST` right?".into()
        }
        _ => Redactor::shapes_only().clean(deepest),
    };
    EngineError::Unreachable {
        endpoint: shown,
        why,
    }
}

const NOT_IN_THE_GROUP: &str = "join the group that owns the socket, for example with `usermod \
                                -aG docker USER`, and log in again; or set `DOCKER_HOST` to an \
                                engine of your own";

/// One side does not believe the other's certificate.
fn untrusted(endpoint: &Endpoint, error: &rustls::Error) -> EngineError {
    let (endpoint, said) = (
        endpoint.shown(),
        Redactor::shapes_only().clean(&error.to_string()),
    );
    match error {
        rustls::Error::AlertReceived(_) => EngineError::Denied {
            endpoint,
            advice: say!(
                "it does not accept our certificate ({}); check `cert.pem` and `key.pem` in \
                 `DOCKER_CERT_PATH`",
                said
            ),
        },
        _ => EngineError::Unreachable {
            endpoint,
            why: say!(
                "its certificate is not to be trusted ({}); check `ca.pem` in `DOCKER_CERT_PATH`",
                said
            ),
        },
    }
}

fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| wrapped(cause.downcast_ref()?))
}

/// An `io::Error` does not list what it wraps among its sources, and may wrap another.
fn wrapped(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref()
        .or_else(|| wrapped(inner.downcast_ref()?))
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    causes(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()))
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
        Error::HyperLegacyError { err } if !err.is_connect() && speaks_no_http(err) => {
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

/// Bytes came that are no HTTP, rather than none.
fn speaks_no_http(error: &(dyn StdError + 'static)) -> bool {
    let went_away = |error: &hyper::Error| {
        error.is_incomplete_message() || error.is_canceled() || error.is_closed()
    };
    io_kind(error).is_none()
        && causes(error)
            .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
            .any(|error| !went_away(error))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> Endpoint {
        Endpoint::parse("unix:///run/x.sock").unwrap()
    }

    fn about() -> Subject {
        Subject::container("db")
    }

    #[test]
    fn each_way_of_not_connecting_says_what_to_do() {
        let port = Endpoint::parse("tcp://h:1").unwrap();
        let cases = [
            (socket(), ErrorKind::NotFound),
            (socket(), ErrorKind::PermissionDenied),
            (socket(), ErrorKind::ConnectionRefused),
            (port.clone(), ErrorKind::ConnectionRefused),
            (port, ErrorKind::HostUnreachable),
        ];
        let said: Vec<String> = cases
            .iter()
            .map(|(endpoint, kind)| {
                unreachable(endpoint, Some(*kind), "no route to host").to_string()
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"), @"
        no engine at `unix:///run/x.sock`: there is no such socket; is the engine installed and started, and is `DOCKER_HOST` right?
        not allowed to use the engine at `unix:///run/x.sock`: join the group that owns the socket, for example with `usermod -aG docker USER`, and log in again; or set `DOCKER_HOST` to an engine of your own
        no engine at `unix:///run/x.sock`: nobody listens on the socket, so the engine is down; start it, for example with `systemctl start docker`
        no engine at `tcp://h:1`: nobody listens on that port; is the engine started, and is `DOCKER_HOST` right?
        no engine at `tcp://h:1`: no route to host
        ");
    }

    #[test]
    fn a_404_about_the_thing_itself_means_it_is_gone() {
        for message in [
            "No such container: db",
            "no container with name or ID \"db\" found",
            "",
        ] {
            let error = answered(404, message, &about());
            assert_eq!(error, about().missing(), "{message}");
        }
    }

    #[test]
    fn a_404_about_something_else_keeps_its_message() {
        let error = answered(404, "network shop_default not found", &about());
        let EngineError::Refused { status, message } = error else {
            panic!("the container is there");
        };
        assert_eq!(
            (status, message.as_str()),
            (404, "network shop_default not found")
        );
    }

    #[test]
    fn only_failures_of_the_engine_itself_are_worth_a_retry() {
        assert!(answered(500, "layer does not exist", &about()).is_retryable());
        assert!(!answered(409, "name is in use", &about()).is_retryable());
        assert!(!answered(501, "the log driver does not support reading", &about()).is_retryable());
    }
}
