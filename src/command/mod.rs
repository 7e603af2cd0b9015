//! A typed line, understood: the word is known, its arguments have the right shape. Nothing is
//! looked up here and nothing can be done with a `Command` until `bot` has resolved it.

pub mod lex;
pub mod target;
pub mod words;
mod words_stack;
mod values;
pub mod error;
mod flags;
pub mod incident;
pub mod parse;
pub mod suggest;
pub mod complete;
pub mod reference;

use std::time::Duration;

use regex::Regex;

use crate::action::Prunable;

pub use error::CommandError;
pub use incident::IncidentCommand;
pub use lex::{LONGEST_LINE, quoted};
pub use parse::parse;
pub use target::Target;
pub use words::{WORDS, Word};

/// What the person wants, in types.
#[derive(Debug, Clone)]
pub enum Command {
    Help {
        topic: Option<String>,
    },
    Whoami,
    Status {
        targets: Vec<Target>,
    },
    Health {
        targets: Vec<Target>,
        /// What is well too.
        all: bool,
    },
    Logs(LogsCommand),
    Stats {
        targets: Vec<Target>,
    },
    Inspect {
        target: Target,
    },
    Top {
        target: Target,
    },
    Events {
        targets: Vec<Target>,
        since: Duration,
    },
    Networks,
    Volumes,
    Images,
    Disk,
    Diagnose {
        target: Target,
    },
    Change {
        change: Change,
        targets: Vec<Target>,
    },
    Prune {
        what: Prunable,
    },
    Runbooks,
    Run(RunCommand),
    Runs,
    Approve {
        run: String,
        typed: Option<String>,
    },
    Deny {
        run: String,
        reason: Option<String>,
    },
    Cancel {
        run: String,
    },
    Report {
        id: Option<String>,
    },
    Incident(IncidentCommand),
    Hosts,
    /// A stack of the configuration, looked at as a whole.
    Stack {
        look: StackLook,
        stack: String,
        /// What follows: a service, and what is asked of it.
        rest: Vec<String>,
    },
    Doctor,
}

impl Command {
    /// It may end in a run, which must not be dropped half-way.
    pub fn may_change(&self) -> bool {
        matches!(
            self,
            Self::Change { .. }
                | Self::Run(_)
                | Self::Prune { .. }
                | Self::Approve { .. }
                | Self::Deny { .. }
                | Self::Cancel { .. }
        )
    }
}

/// How a stack is looked at as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackLook {
    /// The compose files as they are merged.
    Config,
    /// Where what runs is not what the files say.
    Drift,
    /// Whether everything is there to start it.
    Preflight,
    /// What each service is meant to have, and has.
    Limits,
    /// An override file for one service, to be looked at.
    Override,
}

/// What can be done to services by one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Start,
    Stop { grace: Option<Duration> },
    Restart { grace: Option<Duration> },
    Kill { signal: String },
    Remove,
}

impl Change {
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop { .. } => "stop",
            Self::Restart { .. } => "restart",
            Self::Kill { .. } => "kill",
            Self::Remove => "remove",
        }
    }
}

/// A runbook with values for its parameters.
#[derive(Debug, Clone, Default)]
pub struct RunCommand {
    pub runbook: String,
    /// In the order they were typed; a value may come without its parameter's name.
    pub given: Vec<(Option<String>, String)>,
    /// Show what would be done, and do nothing.
    pub plan_only: bool,
    pub yes: bool,
    pub queue: bool,
}

#[derive(Debug, Clone)]
pub struct LogsCommand {
    pub targets: Vec<Target>,
    pub since: Option<Duration>,
    pub until: Option<Duration>,
    pub tail: Option<usize>,
    pub grep: Option<Regex>,
    pub follow: bool,
    pub timestamps: bool,
}
