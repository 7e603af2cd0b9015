//! An alert, and taking it in: kept on disk before its sender hears that it was taken.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::store::{NewAlert, Store, StoreError};
use crate::text::{Clean, Name};

/// Who saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The engine's own record.
    Events,
    /// A health check of ours.
    Check,
    /// A service of a registry.
    Registry,
    Alertmanager,
    Grafana,
    Generic,
    /// Something that was to call, and did not.
    DeadMan,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Check => "check",
            Self::Registry => "registry",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::Generic => "webhook",
            Self::DeadMan => "dead-man",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    Firing,
    Resolved,
}

impl AlertState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// How bad it is. Later ones are worse.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Severity {
    Info,
    #[default]
    Warning,
    Critical,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Something seen to be wrong, or right again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub source: Source,
    /// Empty where unknown, as are stack and service.
    pub host: String,
    pub stack: String,
    pub service: String,
    /// `died`, `unhealthy`, `check:NAME`, the name of an alert of somebody else's.
    pub what: String,
    pub state: AlertState,
    pub severity: Severity,
    pub summary: Clean,
    /// Labels, the tail of a log; bounded by who made it.
    pub details: Vec<(Clean, Clean)>,
    /// Where to tell, if it says so itself.
    pub route: Option<String>,
    pub at: Timestamp,
}

/// Two alerts with the same one speak of the same trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Fingerprint {
    pub host: String,
    pub stack: String,
    pub service: String,
    pub what: String,
}

impl Fingerprint {
    /// `shop/api`, or the host where it concerns all of it.
    pub fn place(&self) -> Name {
        match (self.stack.is_empty(), self.service.is_empty()) {
            (false, false) => Name::new(&format!("{}/{}", self.stack, self.service)),
            (true, false) => Name::new(&self.service),
            (false, true) => Name::new(&self.stack),
            (true, true) if self.host.is_empty() => Name::new(&self.what),
            (true, true) => Name::new(&self.host),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [host, stack, service, what] =
            [&self.host, &self.stack, &self.service, &self.what].map(|part| Name::new(part));
        write!(f, "{host}:{stack}/{service} {what}")
    }
}

impl Alert {
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            host: self.host.clone(),
            stack: self.stack.clone(),
            service: self.service.clone(),
            what: self.what.clone(),
        }
    }
}

/// What became of alerts that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    pub count: usize,
}

/// Durable before it returns, all of them or none: the caller may answer 200 after this.
pub async fn accept(store: &Store, clock: Clock, alerts: &[Alert]) -> Result<Accepted, StoreError> {
    let rows: Vec<NewAlert> = alerts.iter().map(row).collect();
    let count = rows.len();
    store.add_alerts(rows, clock.now().as_millisecond()).await?;
    Ok(Accepted { count })
}

fn row(alert: &Alert) -> NewAlert {
    NewAlert {
        host: alert.host.clone(),
        stack: alert.stack.clone(),
        service: alert.service.clone(),
        what: alert.what.clone(),
        state: alert.state.word().to_owned(),
        body_json: serde_json::to_string(alert).unwrap_or_default(),
    }
}
