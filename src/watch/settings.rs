//! How alerts come in from outside, and what of the engines' own events becomes one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Identifier, PageUrl, Secret, Wait};

/// Alert webhooks under `/alerts/`. Each request must carry the token or be signed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// The bearer token that webhooks carry. With neither this nor `hmac_secret`, alerts are
    /// refused.
    pub token: Option<Secret>,
    /// The key of an HMAC-SHA256 over `TIMESTAMP:BODY`, for senders that sign: the hex digits go
    /// into `X-Grafana-Alerting-Signature` or `X-Dogwatch-Signature`, the seconds since 1970 into
    /// `X-Dogwatch-Timestamp`. A time more than five minutes away is refused.
    pub hmac_secret: Option<Secret>,
    /// How JSON of another shape is read, by the name under `/alerts/generic/NAME`.
    pub generic: BTreeMap<Identifier, MappingSettings>,
    /// Who must call `/alerts/alive/NAME` regularly. An Alertmanager alert of that name counts as
    /// a call too.
    pub alive: BTreeMap<Identifier, AliveSettings>,
}

/// Where the parts of an alert are in a JSON text. Each value is a path such as
/// `alert.labels.service`, or words with paths in them: `{{check.name}} on {{host}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MappingSettings {
    /// The path of the list of alerts. Without it, the whole text is one alert.
    pub alerts: Option<String>,
    /// What is wrong, in a word that stays the same: part of what tells alerts apart.
    pub what: Option<String>,
    /// One line for people.
    pub summary: Option<String>,
    /// Where firing and resolved are told apart.
    pub state: Option<String>,
    /// The values of `state` that mean resolved. Without it: `resolved`, `ok`, `up`, `recovered`,
    /// `closed`, `normal`.
    pub resolved: Vec<String>,
    /// Where `critical`, `warning` or `info` is said.
    pub severity: Option<String>,
    pub host: Option<String>,
    pub stack: Option<String>,
    pub service: Option<String>,
    /// The name that the routing of messages goes by.
    pub route: Option<String>,
    /// What else is shown, by the name it is shown under.
    pub details: BTreeMap<Identifier, String>,
}

/// Somebody who must be heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AliveSettings {
    /// The longest silence, such as `5m`.
    pub every: Option<Wait>,
    /// The name that the routing of messages goes by.
    pub route: Option<String>,
}

impl AliveSettings {
    pub fn every(&self) -> Duration {
        self.every.map_or(Duration::from_mins(5), |every| every.0)
    }
}

/// What is noticed without being asked: the events of every host's engine.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {
    /// Whether containers that die, loop, run out of memory or turn unhealthy are alerts.
    pub events: Option<bool>,
    /// So many deaths within `within` are a restart loop.
    pub restarts: Option<u32>,
    /// The window of `restarts`, such as `5m`.
    pub within: Option<Wait>,
    /// How long a container that died has to stay up to be called recovered, such as `10s`; one
    /// that was in a loop, six times as long. One with a health check has to turn healthy instead.
    pub settled: Option<Wait>,
    /// Lines of a dying container's log that go with the alert.
    pub log_lines: Option<u8>,
    /// Our own sign of life to somebody else's dead-man's switch.
    pub ping: Option<PingSettings>,
}

impl WatchSettings {
    pub fn events(&self) -> bool {
        self.events.unwrap_or(true)
    }

    pub fn log_lines(&self) -> usize {
        self.log_lines.unwrap_or(20).into()
    }
}

/// A URL that is asked regularly while we can work: its owner tells when that ends.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PingSettings {
    pub url: Option<Secret>,
    /// How often, such as `1m`.
    pub every: Option<Wait>,
}

impl PingSettings {
    pub fn every(&self) -> Duration {
        self.every.map_or(Duration::from_mins(1), |every| every.0)
    }

    pub fn url(&self) -> Option<PageUrl> {
        PageUrl::try_from(self.url.as_ref()?.expose().to_owned()).ok()
    }
}

/// A `system-config.json`: services, how their health is checked, how they are restarted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrySettings {
    /// Where it is, on this machine. It is read again when it changes.
    pub file: Option<PathBuf>,
    /// The host that its containers run on. Without it: `local`, or the only host.
    pub host: Option<Identifier>,
    /// The stack that its services count as.
    pub stack: Option<Identifier>,
}
