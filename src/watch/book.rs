//! What a source has said is wrong and has not yet said is right again. It survives a restart, so
//! that what recovers while nobody watches is told too.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use super::sink::Sink;
use crate::incident::{Alert, AlertState, Fingerprint};
use crate::store::{LedgerEntry, StoreError};

const PAUSE: Duration = Duration::from_secs(1);

/// The open ones of one source, by fingerprint.
#[derive(Debug)]
pub(super) struct Book {
    scope: String,
    open: BTreeMap<Fingerprint, LedgerEntry>,
}

impl Book {
    pub(super) async fn load(sink: &Sink, scope: String) -> Result<Self, StoreError> {
        let entries = sink.store.ledger_list(&scope).await?;
        let read =
            |entry: LedgerEntry| Some((serde_json::from_str(&entry.value_json).ok()?, entry));
        Ok(Self {
            scope,
            open: entries.into_iter().filter_map(read).collect(),
        })
    }

    /// Tries until the store answers: without the book nothing that was wrong could be called right.
    pub(super) async fn open(sink: &Sink, scope: String) -> Self {
        loop {
            match Self::load(sink, scope.clone()).await {
                Ok(book) => return book,
                Err(error) => {
                    tracing::error!(%error, "what was wrong before cannot be read; trying again");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    pub(super) fn holds(&self, wrong: &Fingerprint) -> bool {
        self.open.contains_key(wrong)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.open.keys()
    }

    /// Hands in alerts in their order. What is wrong is written down before it is told, and struck
    /// out after it was told to be right, so a crash in between tells twice rather than never. That
    /// something is right again is told only if it was wrong.
    pub(super) async fn tell(&mut self, sink: &Sink, mut alerts: Vec<Alert>) {
        alerts.retain(|alert| {
            alert.state == AlertState::Firing || self.open.contains_key(&alert.fingerprint())
        });
        if alerts.is_empty() {
            return;
        }
        for alert in &alerts {
            if alert.state == AlertState::Firing {
                self.write(sink, alert.fingerprint()).await;
            }
        }
        sink.deliver(&alerts).await;
        let last: BTreeMap<Fingerprint, AlertState> = alerts
            .iter()
            .map(|alert| (alert.fingerprint(), alert.state))
            .collect();
        for (wrong, state) in last {
            if state == AlertState::Resolved {
                self.strike(sink, &wrong).await;
            }
        }
    }

    async fn write(&mut self, sink: &Sink, wrong: Fingerprint) {
        if self.open.contains_key(&wrong) {
            return;
        }
        let (name, at_ms) = (name_of(&wrong), sink.now_ms());
        let value_json = serde_json::to_string(&wrong).unwrap_or_default();
        let added = sink
            .store
            .ledger_add(&self.scope, &name, &value_json, at_ms)
            .await;
        match added {
            Ok(version) => {
                let entry = LedgerEntry {
                    name,
                    value_json,
                    version: version.unwrap_or_default(),
                    updated_ms: at_ms,
                };
                self.open.insert(wrong, entry);
            }
            // `deliver` waits for the store; the worst is an alert that a restart does not resolve
            Err(error) => {
                tracing::error!(%error, "what is wrong could not be written down");
                self.open.insert(
                    wrong,
                    LedgerEntry {
                        name,
                        value_json,
                        version: 0,
                        updated_ms: at_ms,
                    },
                );
            }
        }
    }

    async fn strike(&mut self, sink: &Sink, wrong: &Fingerprint) {
        let Some(entry) = self.open.remove(wrong) else {
            return;
        };
        if let Err(error) = sink.store.ledger_remove(&self.scope, &entry).await {
            tracing::error!(%error, "what is right again is still written down as wrong");
        }
    }
}

/// Unlike its `Display` this keeps every sign, so that no two share an entry.
fn name_of(wrong: &Fingerprint) -> String {
    [&wrong.host, &wrong.stack, &wrong.service, &wrong.what]
        .map(String::as_str)
        .join("|")
}
