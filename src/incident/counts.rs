//! What every stage has done, counted for `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counters by stage and label, and gauges. Whoever works writes, whoever asks reads.
#[derive(Debug, Default)]
pub struct Counts(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    counted: BTreeMap<(Stage, String), u64>,
    failed: BTreeMap<(String, Reason), u64>,
    gauges: BTreeMap<(Gauge, String), i64>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Alerts that got a place in an incident; the label says whether it was there already.
    Grouped,
    /// Incidents nobody was told of; the label is the reason's first word.
    Muted,
    /// Messages, edits and thread lines that a chat took; the label is the chat.
    Sent,
    /// Runs started to mend something; the label is how they ended.
    Healed,
    /// Rows that were older than is wanted; the label is what they were.
    Forgotten,
}

/// Why a chat or a webhook did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It answered, and will not take it later either.
    Refused,
    /// It did not answer, or says that it may later.
    Unreachable,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gauge {
    /// Alerts without a place.
    Waiting,
    /// Incidents that go on.
    Open,
    /// Messages that a chat does not show yet; the label is the chat.
    Untold,
}

impl Counts {
    pub fn add(&self, stage: Stage, label: &str, count: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.counted.entry((stage, label.to_owned())).or_default() += count;
    }

    /// A message that was not taken; `to` is the chat.
    pub fn failed(&self, to: &str, reason: Reason) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.failed.entry((to.to_owned(), reason)).or_default() += 1;
    }

    /// What was not taken, by chat and reason, sorted.
    pub fn failures(&self) -> Vec<((String, Reason), u64)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.failed.clone().into_iter().collect()
    }

    pub fn set(&self, gauge: Gauge, label: &str, value: usize) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.gauges.insert((gauge, label.to_owned()), value);
    }

    /// Everything counted so far, sorted.
    pub fn counted(&self) -> Vec<((Stage, String), u64)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.counted.clone().into_iter().collect()
    }

    pub fn gauges(&self) -> Vec<((Gauge, String), i64)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.gauges.clone().into_iter().collect()
    }
}
