//! Facts, one at a time: where each was seen, of which service, when, and in words that may be
//! shown. Readers turn observations into evidence here and nowhere else; they do no IO.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::{Clean, Name};

/// Where a fact was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Inspect,
    Logs,
    Events,
    Health,
    Stats,
    Network,
    Host,
    Compose,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Logs => "logs",
            Self::Events => "events",
            Self::Health => "health",
            Self::Stats => "stats",
            Self::Network => "network",
            Self::Host => "host",
            Self::Compose => "compose",
        }
    }
}

/// A citation: what a report shows as proof.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Citation {
    pub source: Source,
    pub service: Name,
    pub at: Option<Timestamp>,
    pub text: Clean,
}
