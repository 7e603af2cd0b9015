//! Checks of our own: what is looked at, how often, and when it counts as wrong.

pub mod settings;
pub mod kinds;
pub(super) mod standing;
pub(super) mod pace;
mod probe;
mod roster;
mod http;
mod inside;
mod container;
mod disk;
mod nats;

use std::time::Duration;

use crate::incident::{Alert, AlertState, Fingerprint, Severity, Source};
use crate::say;
use crate::text::{Clean, Name};

pub use kinds::{KINDS, Kind};
pub(super) use pace::Pace;
pub(super) use probe::Probes;

pub const INTERVAL: Duration = Duration::from_mins(1);
pub const TIMEOUT: Duration = Duration::from_secs(10);
pub const RETRIES: u32 = 2;

/// One check, ready to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub name: String,
    pub kind: Kind,
    pub interval: Duration,
    pub timeout: Duration,
    /// Failures in a row that are let pass.
    pub retries: u32,
    pub severity: Severity,
    pub source: Source,
    /// The host of its container, and what its alerts are about.
    pub host: String,
    pub stack: String,
    pub service: String,
    pub route: Option<String>,
    /// A log inside its container whose end goes with the alert.
    pub log: Option<String>,
}

/// Why a check does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub why: Clean,
    pub details: Vec<(Clean, Clean)>,
}

impl From<Clean> for Trouble {
    fn from(why: Clean) -> Self {
        Self {
            why,
            details: Vec::new(),
        }
    }
}

impl From<&'static str> for Trouble {
    fn from(why: &'static str) -> Self {
        Clean::from_static(why).into()
    }
}

pub type Verdict = Result<(), Trouble>;

impl Check {
    /// What its alerts are told apart by.
    pub fn what(&self) -> String {
        format!("check:{}", self.name)
    }

    pub(super) fn firing(&self, trouble: Trouble, failures: u32, at: jiff::Timestamp) -> Alert {
        let summary = say!("{}: {}", self.says(), trouble.why);
        let mut details = vec![
            (
                Clean::from_static("check"),
                Name::new(self.kind.word()).into(),
            ),
            ("failures in a row".into(), say!("{}", failures)),
        ];
        if let Some(container) = self.kind.container() {
            details.push(("container".into(), Name::new(&container.name).into()));
        }
        details.extend(trouble.details);
        self.alert(AlertState::Firing, summary, details, at)
    }

    pub(super) fn resolved(&self, at: jiff::Timestamp) -> Alert {
        let summary = say!("{}: holds again", self.says());
        self.alert(AlertState::Resolved, summary, Vec::new(), at)
    }

    /// `shop/api: check site`
    fn says(&self) -> Clean {
        let [stack, service, name] =
            [&self.stack, &self.service, &self.name].map(|part| Name::new(part));
        match (stack.is_empty(), service.is_empty()) {
            (false, false) => say!("{}/{}, check {}", stack, service, name),
            (true, false) if service != name => say!("{}, check {}", service, name),
            _ => say!("check {}", name),
        }
    }

    fn alert(
        &self,
        state: AlertState,
        summary: Clean,
        details: Vec<(Clean, Clean)>,
        at: jiff::Timestamp,
    ) -> Alert {
        Alert {
            source: self.source,
            host: self.host.clone(),
            stack: self.stack.clone(),
            service: self.service.clone(),
            what: self.what(),
            state,
            severity: self.severity,
            summary,
            details,
            route: self.route.clone(),
            at,
        }
    }
}

/// What is said of a check that the configuration does not have any more.
pub(super) fn taken_out(wrong: &Fingerprint, at: jiff::Timestamp) -> Alert {
    Alert {
        source: Source::Check,
        host: wrong.host.clone(),
        stack: wrong.stack.clone(),
        service: wrong.service.clone(),
        what: wrong.what.clone(),
        state: AlertState::Resolved,
        severity: Severity::Info,
        summary: say!(
            "{} was taken out of the configuration",
            Name::new(&wrong.what)
        ),
        details: Vec::new(),
        route: None,
        at,
    }
}
