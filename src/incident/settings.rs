//! What can be set about incidents.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Severity;
use super::cron::Cron;
use super::matcher::Matcher;
use super::rota::{Day, Rota};
use super::zone::{DayTime, Zone};
use crate::setting::{Identifier, Secret, Wait};

/// Incidents: how alerts are grouped, who is told, what is kept quiet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentSettings {
    pub group: GroupSettings,
    /// The same trouble within this time opens its incident again, such as `30m`.
    pub reopen: Option<Wait>,
    /// So long everything has to be well before an incident is over, such as `10s`.
    pub calm: Option<Wait>,
    pub flapping: FlappingSettings,
    /// Who is told where. Every route that fits is taken; where none does, the `alerts_channel` of
    /// each chat.
    pub routes: Vec<Route>,
    /// Who is called when nobody acknowledges, one step after the other.
    pub escalation: Vec<Step>,
    /// The least that is escalated; without it `warning`.
    pub escalate_from: Option<Severity>,
    /// Who is on call in turn, by name.
    pub rotas: BTreeMap<Identifier, Rota>,
    /// Addresses that escalation can call, by name.
    pub webhooks: BTreeMap<Identifier, Webhook>,
    /// Times of planned work: nobody is told.
    pub windows: Vec<Window>,
    /// What is known and accepted until a day: nobody is told.
    pub known_issues: Vec<KnownIssue>,
    /// A summary from time to time.
    pub digest: Option<DigestSettings>,
}

/// What belongs together and when it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSettings {
    /// How long is waited for more before the first message, such as `100ms`.
    pub wait: Option<Wait>,
    /// What comes within this time of the last joins the same incident, such as `5m`.
    pub interval: Option<Wait>,
    /// How often it is said again that an incident still goes on, such as `4h`.
    pub repeat: Option<Wait>,
    /// So many stacks of one host in trouble at once are one incident of the host.
    pub storm: Option<u8>,
}

/// When something flaps: it is told once, and again when it is calm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlappingSettings {
    /// So many turns between wrong and right …
    pub turns: Option<u8>,
    /// … within this time, such as `30m`.
    pub within: Option<Wait>,
}

/// Where incidents of a kind are told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct Route {
    /// What alerts call it: the `notify_on_fail` of a registry, the route of a webhook.
    pub name: Option<Identifier>,
    /// Which troubles take it, such as `stack=shop,severity=critical`. Without it and without a
    /// name, all.
    #[serde(rename = "match")]
    pub fits: Option<Matcher>,
    /// The least that takes it.
    pub severity: Option<Severity>,
    /// Channels: `slack:C123`, `discord:456`.
    pub to: Vec<Address>,
    /// Who is called by name in the first message: `slack:U123`, `slack-group:S123`,
    /// `discord:456`, `discord-role:789`, `rota:NAME`.
    pub mention: Vec<String>,
}

/// A channel of a chat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Address {
    pub chat: String,
    pub channel: String,
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once(':') {
            Some((chat @ ("slack" | "discord"), channel))
                if !channel.is_empty() && channel.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                Ok(Self {
                    chat: chat.to_owned(),
                    channel: channel.to_owned(),
                })
            }
            _ => Err("expected a channel by its id: `slack:C123` or `discord:456`"),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        format!("{}:{}", address.chat, address.channel)
    }
}

/// One step of the escalation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// So long after the incident was opened, such as `5m`.
    pub after: Wait,
    /// Who is called: people and groups of a chat, `rota:NAME`, `webhook:NAME`.
    pub tell: Vec<String>,
}

/// An address that is called with a JSON document.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `http://` or `https://`; it may hold a secret.
    pub url: Secret,
    /// Sent as a bearer token.
    pub token: Option<Secret>,
}

/// A time of planned work that comes again and again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// When it begins, in five fields: `30 2 * * sun`.
    pub cron: Cron,
    #[serde(rename = "for")]
    pub lasts: Wait,
    #[serde(default)]
    pub zone: Zone,
    #[serde(rename = "match", default)]
    pub fits: Matcher,
    #[serde(default)]
    pub reason: String,
}

/// Something that is known and need not be told, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownIssue {
    #[serde(rename = "match")]
    pub fits: Matcher,
    /// The first day on which it is told again.
    pub until: Day,
    pub reason: String,
}

/// A summary from time to time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestSettings {
    pub every: super::rota::Turn,
    #[serde(default)]
    pub at: DayTime,
    #[serde(default)]
    pub zone: Zone,
    /// Channels: `slack:C123`, `discord:456`.
    pub to: Vec<Address>,
}

/// More than this nobody waits for; a host that dies takes a moment to say so.
const WAIT: Duration = Duration::from_millis(100);
const INTERVAL: Duration = Duration::from_mins(5);
const REPEAT: Duration = Duration::from_hours(4);
const STORM: u8 = 3;
const REOPEN: Duration = Duration::from_mins(30);
const CALM: Duration = Duration::from_secs(10);
const TURNS: u8 = 6;
const WITHIN: Duration = Duration::from_mins(30);

impl IncidentSettings {
    pub fn wait(&self) -> Duration {
        self.group.wait.map_or(WAIT, |wait| wait.0)
    }

    pub fn interval(&self) -> Duration {
        self.group.interval.map_or(INTERVAL, |wait| wait.0)
    }

    pub fn repeat(&self) -> Duration {
        self.group.repeat.map_or(REPEAT, |wait| wait.0)
    }

    pub fn storm(&self) -> usize {
        usize::from(self.group.storm.unwrap_or(STORM)).max(2)
    }

    pub fn reopen(&self) -> Duration {
        self.reopen.map_or(REOPEN, |wait| wait.0)
    }

    pub fn calm(&self) -> Duration {
        self.calm.map_or(CALM, |wait| wait.0)
    }

    pub fn flaps(&self) -> (usize, Duration) {
        let turns = usize::from(self.flapping.turns.unwrap_or(TURNS));
        (
            turns.max(2),
            self.flapping.within.map_or(WITHIN, |wait| wait.0),
        )
    }

    pub fn escalates(&self, severity: Severity) -> bool {
        severity >= self.escalate_from.unwrap_or(Severity::Warning)
    }
}
