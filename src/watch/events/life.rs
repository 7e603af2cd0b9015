//! What is known of one container's life.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use tokio::time::Instant;

use super::sign::Ail;
use crate::stack::Key;

/// How its last life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Own,
    /// Somebody asked for it.
    ByHand,
    /// The engine ended it when it was shut down itself.
    LeftBehind,
}

/// What is known of one container.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) has_health: bool,
    /// The engine starts it again, whatever its exit code.
    pub(super) is_kept_up: bool,
    pub(super) deaths: VecDeque<Timestamp>,
    pub(super) last_start: Option<Timestamp>,
    pub(super) last_end: Option<Timestamp>,
    pub(super) ails: BTreeSet<Ail>,
    pub(super) settles: Option<Instant>,
    pub(super) killed: Option<(Timestamp, bool)>,
    pub(super) oom: Option<Timestamp>,
    /// A death that may yet turn out to be a stop.
    pub(super) undecided: Option<(Instant, Timestamp, Option<i64>)>,
    pub(super) gone: bool,
    pub(super) end: End,
}

impl Life {
    pub(super) fn new(name: String, key: Key) -> Self {
        Self {
            name,
            key,
            has_health: false,
            is_kept_up: false,
            deaths: VecDeque::new(),
            last_start: None,
            last_end: None,
            ails: BTreeSet::new(),
            settles: None,
            killed: None,
            oom: None,
            undecided: None,
            gone: false,
            end: End::Own,
        }
    }
}
