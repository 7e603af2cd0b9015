//! What can be seen of a container from outside that somebody should know, or should know is over.

use jiff::Timestamp;

use crate::stack::Key;

/// What a container suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ail {
    Died,
    Oom,
    Restarting,
    Unhealthy,
}

impl Ail {
    pub const ALL: [Self; 4] = [Self::Died, Self::Oom, Self::Restarting, Self::Unhealthy];

    /// As it stands in an alert's fingerprint.
    pub fn word(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Oom => "oom",
            Self::Restarting => "restarting",
            Self::Unhealthy => "unhealthy",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ail| ail.word() == word)
    }
}

/// Why something is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It is up and stays up.
    Up,
    /// Its own health check says so.
    Healthy,
    /// Somebody stopped it.
    Stopped,
    Removed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Began {
        exit_code: Option<i64>,
        /// Deaths within the window of a loop.
        deaths: usize,
    },
    Over(Over),
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    pub id: String,
    /// The container's name.
    pub name: String,
    pub key: Key,
    pub ail: Ail,
    pub course: Course,
    pub at: Timestamp,
}
