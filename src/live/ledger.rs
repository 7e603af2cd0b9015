//! Which message belongs to which run, kept so that it outlives the program: written when it is
//! posted, gone when it has its last words.

use serde::{Deserialize, Serialize};

use super::Posted;
use crate::bot::Bot;
use crate::clock::Clock;
use crate::store::{LedgerEntry, Store, StoreError};

/// A message that still has something to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub posted: Posted,
    /// Who let the run go, or asked for it.
    pub by: String,
    /// The message says that somebody else carries the run out.
    #[serde(default)]
    pub elsewhere: bool,
}

/// The open messages of one chat, by run.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'s> {
    pub store: &'s Store,
    pub clock: Clock,
    pub chat: &'static str,
}

impl<'b> Ledger<'b> {
    pub async fn of(bot: &'b Bot, chat: &'static str) -> Result<Self, StoreError> {
        Ok(Self {
            store: bot.store.get().await?,
            clock: bot.clock,
            chat,
        })
    }
}

impl Ledger<'_> {
    fn scope(&self) -> String {
        format!("live.{}", self.chat)
    }

    fn threads(&self) -> String {
        format!("threads.{}", self.chat)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// The latest message of a run is the one that lives.
    pub async fn open(&self, run: &str, open: &Open) -> Result<(), StoreError> {
        let value = serde_json::to_string(open).unwrap_or_default();
        let scope = self.scope();
        while self
            .store
            .ledger_add(&scope, run, &value, self.now_ms())
            .await?
            .is_none()
        {
            let Some(seen) = self.store.ledger_get(&scope, run).await? else {
                continue;
            };
            let done = self
                .store
                .ledger_replace(&scope, &seen, &value, self.now_ms())
                .await?;
            if done.is_some() {
                break;
            }
        }
        self.keep_thread(&open.posted).await
    }

    pub async fn find(&self, run: &str) -> Result<Option<Open>, StoreError> {
        let entry = self.store.ledger_get(&self.scope(), run).await?;
        Ok(entry.and_then(|entry| read(&entry)))
    }

    pub async fn close(&self, run: &str) -> Result<(), StoreError> {
        if let Some(seen) = self.store.ledger_get(&self.scope(), run).await? {
            self.store.ledger_remove(&self.scope(), &seen).await?;
        }
        Ok(())
    }

    /// Everything that is open, with its run. What cannot be read is nobody's any more.
    pub async fn all(&self) -> Result<Vec<(String, Open)>, StoreError> {
        let entries = self.store.ledger_list(&self.scope()).await?;
        Ok(entries
            .iter()
            .filter_map(|entry| Some((entry.name.clone(), read(entry)?)))
            .collect())
    }

    /// Answers below this message are meant for us.
    async fn keep_thread(&self, posted: &Posted) -> Result<(), StoreError> {
        let root = posted.thread.as_ref().unwrap_or(&posted.id);
        let name = format!("{}/{root}", posted.channel);
        self.store
            .ledger_add(&self.threads(), &name, "{}", self.now_ms())
            .await?;
        Ok(())
    }

    pub async fn is_ours(&self, channel: &str, thread: &str) -> Result<bool, StoreError> {
        let name = format!("{channel}/{thread}");
        Ok(self
            .store
            .ledger_get(&self.threads(), &name)
            .await?
            .is_some())
    }

    /// Threads that nobody answers in any more.
    pub async fn forget_threads(&self, before_ms: i64) -> Result<(), StoreError> {
        for seen in self.store.ledger_list(&self.threads()).await? {
            if seen.updated_ms < before_ms {
                self.store.ledger_remove(&self.threads(), &seen).await?;
            }
        }
        Ok(())
    }
}

fn read(entry: &LedgerEntry) -> Option<Open> {
    serde_json::from_str(&entry.value_json).ok()
}
