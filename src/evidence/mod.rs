//! Facts, one at a time: where each was seen, of which service, when, and in words that may be
//! shown. Readers turn observations into evidence here and nowhere else; they do no IO.

pub mod cause;
pub mod signature;
pub mod state;
pub mod logs;
pub mod digest;
pub mod events;
pub mod stats;
pub mod sockets;
pub mod probe;
pub mod processes;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::container::Container;
use crate::stack::Key;
use crate::text::{Clean, Name};

pub use cause::Cause;
pub use signature::{Hit, Level, Signatures};

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

/// One fact about one container: `fact` for rules to judge, `text` for people to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    pub source: Source,
    pub service: Key,
    pub container: Name,
    pub at: Option<Timestamp>,
    pub text: Clean,
    pub fact: Fact,
}

impl Evidence {
    pub fn cite(&self) -> Citation {
        Citation {
            source: self.source,
            service: self.service.service.clone(),
            at: self.at,
            text: self.text.clone(),
        }
    }
}

/// What a rule may look at.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    State(state::StateFact),
    Health(state::HealthFact),
    Event(events::EventFact),
    /// Its service had a container that was removed; it has none now.
    Removed,
    Log(logs::LogFact),
    Usage(stats::UsageFact),
    /// Its configuration as the engine has it: raw values, for judging only.
    Setup(Box<Container>),
    /// Where it listens, and who is connected.
    Sockets(sockets::SocketFact),
    /// What its health check's address answers.
    Answer(probe::AnswerFact),
    /// What was tried from inside it.
    Tried(probe::TriedFact),
    /// How full a file system inside it is.
    Space(probe::SpaceFact),
    /// Its process table.
    Processes(processes::ProcessFact),
    /// What its image is built for and what the engine runs on: they differ, or they do not.
    Platform(probe::PlatformFact),
    /// The text says who holds the port of the host that it was refused.
    PortHolder,
    /// How the machine under it stands.
    Machine(probe::MachineFact),
    /// Something that could not be looked at; the text says what and why.
    NotSeen,
}
