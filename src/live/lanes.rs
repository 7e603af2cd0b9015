//! Which channels a board writes in now, and which are left alone for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::StageError;

/// A channel that did not take something is left alone for so long.
const REST: Duration = Duration::from_secs(15);

/// Channels that somebody writes in now, and until when others are left alone.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    busy: BTreeSet<String>,
    resting: BTreeMap<String, Instant>,
}

/// Whether nobody else writes in the channel and it is not to be left alone.
pub(super) fn take(lanes: &Mutex<Lanes>, channel: &str) -> bool {
    let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    lanes.resting.retain(|_, until| *until > now);
    !lanes.resting.contains_key(channel) && lanes.busy.insert(channel.to_owned())
}

pub(super) fn give_back(lanes: &Mutex<Lanes>, channel: &str, done: Result<(), StageError>) {
    let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    lanes.busy.remove(channel);
    if let Err(why) = done {
        tracing::warn!(channel, %why, "a channel is not up to date; trying again");
        lanes
            .resting
            .insert(channel.to_owned(), Instant::now() + REST);
    }
}
