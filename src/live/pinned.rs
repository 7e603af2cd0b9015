//! What a board has posted where, and how much of it is shown: kept so that it outlives the
//! program.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Posted, Standing};
use crate::clock::Clock;
use crate::incident::Shelf;
use crate::store::{LedgerEntry, Store, StoreError};
use crate::text::{Dialect, Message, write};

/// One notice in one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pin {
    /// It may have been posted already, though nobody heard so.
    pub begun: bool,
    pub posted: Option<Posted>,
    /// Of the message as it is shown.
    pub digest: String,
    /// The last entry of the incident's log that was told.
    pub told: i64,
    /// The entry that may have been told already.
    pub telling: i64,
    pub standing: Option<Standing>,
    /// Of the incident, when everything of it was told here.
    pub version: i64,
}

/// Everything a board has posted and not forgotten.
#[derive(Debug, Default)]
pub struct Pinned(BTreeMap<(String, String), Pin>);

#[derive(Debug, Clone, Copy)]
pub struct Pins<'s> {
    pub store: &'s Store,
    pub clock: Clock,
    pub chat: &'static str,
}

/// Between the notice and its channel.
const BETWEEN: char = '@';

/// The same message gives the same digest.
pub fn digest(message: &Message) -> String {
    let text = write(message, &Dialect::Plain).into_string();
    let actions = message.actions.iter().map(|action| action.line.as_str());
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    for line in actions {
        hash.update([0]);
        hash.update(line.as_bytes());
    }
    let bytes = hash.finalize();
    bytes
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Pinned {
    pub fn get(&self, notice: &str, channel: &str) -> Option<&Pin> {
        self.0.get(&(notice.to_owned(), channel.to_owned()))
    }

    /// The channels that show a notice.
    pub fn of(&self, notice: &str) -> Vec<String> {
        let here = self.0.iter().filter(|((name, _), _)| name == notice);
        here.map(|((_, channel), _)| channel.clone()).collect()
    }
}

impl Pins<'_> {
    fn scope(&self) -> String {
        format!("board.{}", self.chat)
    }

    pub async fn all(&self) -> Result<Pinned, StoreError> {
        let entries = self.store.ledger_list(&self.scope()).await?;
        let read = |entry: &LedgerEntry| {
            let (notice, channel) = entry.name.split_once(BETWEEN)?;
            let pin = serde_json::from_str(&entry.value_json).ok()?;
            Some(((notice.to_owned(), channel.to_owned()), pin))
        };
        Ok(Pinned(entries.iter().filter_map(read).collect()))
    }

    pub async fn get(&self, notice: &str, channel: &str) -> Result<Pin, StoreError> {
        let name = format!("{notice}{BETWEEN}{channel}");
        let entry = self.store.ledger_get(&self.scope(), &name).await?;
        let pin = entry.and_then(|entry| serde_json::from_str(&entry.value_json).ok());
        Ok(pin.unwrap_or_default())
    }

    /// Only one task writes in a channel, so the latest word is the right one.
    pub async fn set(&self, notice: &str, channel: &str, pin: &Pin) -> Result<(), StoreError> {
        let (scope, name) = (self.scope(), format!("{notice}{BETWEEN}{channel}"));
        let value = serde_json::to_string(pin).unwrap_or_default();
        let at = self.clock.now().as_millisecond();
        loop {
            let written = match self.store.ledger_get(&scope, &name).await? {
                Some(seen) => self.store.ledger_replace(&scope, &seen, &value, at).await?,
                None => self.store.ledger_add(&scope, &name, &value, at).await?,
            };
            if written.is_some() {
                return Ok(());
            }
        }
    }

    /// Forgets incidents that ended so long ago that nothing more is told of them.
    pub async fn tidy(&self, pinned: &Pinned, live: &Shelf) -> Result<(), StoreError> {
        for (notice, channel) in pinned.0.keys() {
            let Ok(id) = notice.parse::<i64>() else {
                continue;
            };
            if live.holds(id) {
                continue;
            }
            let name = format!("{notice}{BETWEEN}{channel}");
            if let Some(seen) = self.store.ledger_get(&self.scope(), &name).await? {
                self.store.ledger_remove(&self.scope(), &seen).await?;
            }
        }
        Ok(())
    }
}
