//! From a sign to the alert that people and incidents get. Pure.

use jiff::Timestamp;

use super::edge::LastWords;
use super::sign::{Ail, Course, Over, Sign};
use crate::action::container::Container;
use crate::engine::EngineError;
use crate::incident::{Alert, AlertState, Severity, Source};
use crate::say;
use crate::text::{Clean, Name};

/// The alert for one sign.
pub(super) fn alert(host: &str, sign: &Sign, words: LastWords) -> Alert {
    let container = words.container.as_ref();
    let ail = what(sign, container);
    let (state, summary) = match sign.course {
        Course::Began { exit_code, deaths } => {
            (AlertState::Firing, began(sign, ail, exit_code, deaths))
        }
        Course::Over(over) => (AlertState::Resolved, ended(sign, over)),
    };
    Alert {
        source: Source::Events,
        host: host.to_owned(),
        stack: sign
            .key
            .stack
            .as_ref()
            .map_or(String::new(), Name::to_string),
        service: sign.key.service.to_string(),
        what: ail.word().to_owned(),
        state,
        severity: severity(ail, container),
        summary,
        details: details(sign, words),
        route: None,
        at: sign.at,
    }
}

/// Not every engine tells of a lack of memory by an event; the dead container itself does.
fn what(sign: &Sign, container: Option<&Container>) -> Ail {
    let starved = container.is_some_and(|container| container.state.oom_killed);
    match (sign.ail, sign.course) {
        (Ail::Died, Course::Began { .. }) if starved => Ail::Oom,
        (ail, _) => ail,
    }
}

/// What is started again by itself may be well by the time somebody looks.
fn severity(ail: Ail, container: Option<&Container>) -> Severity {
    let comes_back = container
        .is_some_and(|container| !matches!(container.restart_policy.name.as_str(), "" | "no"));
    if ail == Ail::Died && comes_back {
        Severity::Warning
    } else {
        Severity::Critical
    }
}

fn began(sign: &Sign, ail: Ail, exit_code: Option<i64>, deaths: usize) -> Clean {
    let key = &sign.key;
    match (ail, exit_code) {
        (Ail::Died, Some(code)) => say!("{} died with exit code {}", key, code),
        (Ail::Died, None) => say!("{} died and was started again while nobody watched", key),
        (Ail::Oom, Some(code)) => {
            say!("{} ran out of memory and died with exit code {}", key, code)
        }
        (Ail::Oom, None) => say!("{} ran out of memory", key),
        (Ail::Restarting, Some(code)) => say!(
            "{} restarts in a loop: {} deaths, the last with exit code {}",
            key,
            deaths,
            code
        ),
        (Ail::Restarting, None) => say!("{} restarts in a loop: {} deaths", key, deaths),
        (Ail::Unhealthy, _) => say!("{} turned unhealthy", key),
    }
}

fn ended(sign: &Sign, over: Over) -> Clean {
    let key = &sign.key;
    match over {
        Over::Up => say!("{} is up again", key),
        Over::Healthy => say!("{} is healthy again", key),
        Over::Stopped => say!("{} was stopped by somebody", key),
        Over::Removed => say!("{} was removed", key),
    }
}

fn details(sign: &Sign, words: LastWords) -> Vec<(Clean, Clean)> {
    let mut details = vec![(
        Clean::from_static("container"),
        Name::new(&sign.name).into(),
    )];
    if let Some(container) = &words.container {
        details.push(("image".into(), Name::new(&container.image).into()));
        details.push(("restarts".into(), say!("{}", container.restart_count)));
    }
    if let Course::Began {
        exit_code: Some(code),
        ..
    } = sign.course
    {
        details.push(("exit code".into(), say!("{}", code)));
    }
    details.extend(words.probe.map(|probe| ("health check".into(), probe)));
    details.extend(words.log.map(|log| ("log".into(), log)));
    details
}

/// Whether the whole host is gone, or only the engine on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Host,
    Engine,
}

impl Gone {
    /// The way to a host is named by its SSH address, an engine by its socket.
    pub(super) fn told_by(error: &EngineError) -> Self {
        match error {
            EngineError::Unreachable { endpoint, .. } | EngineError::Denied { endpoint, .. }
                if endpoint.as_str().starts_with("ssh://") =>
            {
                Self::Host
            }
            _ => Self::Engine,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Host => "host-unreachable",
            Self::Engine => "engine-unreachable",
        }
    }
}

pub(super) fn unreachable(host: &str, gone: Gone, why: &EngineError, at: Timestamp) -> Alert {
    let name = Name::new(host);
    let summary = match gone {
        Gone::Host => say!("host {} cannot be reached", name),
        Gone::Engine => say!("the engine of {} cannot be reached", name),
    };
    of_host(
        host,
        gone,
        (AlertState::Firing, summary),
        at,
        vec![("error".into(), why.say())],
    )
}

pub(super) fn reached(host: &str, gone: Gone, at: Timestamp) -> Alert {
    let summary = say!("{} can be reached again", Name::new(host));
    of_host(host, gone, (AlertState::Resolved, summary), at, Vec::new())
}

fn of_host(
    host: &str,
    gone: Gone,
    (state, summary): (AlertState, Clean),
    at: Timestamp,
    details: Vec<(Clean, Clean)>,
) -> Alert {
    Alert {
        source: Source::Events,
        host: host.to_owned(),
        stack: String::new(),
        service: String::new(),
        what: gone.word().to_owned(),
        state,
        severity: Severity::Critical,
        summary,
        details,
        route: None,
        at,
    }
}
