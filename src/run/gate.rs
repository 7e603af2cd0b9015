//! Waiting in the middle of a run for somebody's word. The journal says that a run came to a gate and
//! what had been said until then, so a word that was given while nobody worked on the run counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::act::Yield;
use super::flow::{Flow, Interrupt};
use super::outcome::{Part, StepEnd};
use crate::runbook::PlannedStep;
use crate::say;
use crate::store::{Decision, EntryKind, JournalEntry, StoreError, Verdict};
use crate::text::Name;

/// How often a word is looked for.
const GLANCE: Duration = Duration::from_millis(500);

/// A run came to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Arrival {
    /// The gate, as the journal calls its step.
    step: String,
    /// How much had been said to the run: only what comes after is about the gate.
    said: usize,
}

/// Whether a run stands at a gate, whatever goes on beside it.
pub(super) fn is_pending(journal: &[JournalEntry]) -> bool {
    arrivals(journal).any(|arrival| {
        let is_end =
            |entry: &JournalEntry| entry.kind == EntryKind::Outcome && entry.step == arrival.step;
        !journal.iter().any(is_end)
    })
}

fn arrivals(journal: &[JournalEntry]) -> impl Iterator<Item = Arrival> {
    let notes = journal
        .iter()
        .filter(|entry| entry.kind == EntryKind::Note && entry.step == super::GATE);
    notes.filter_map(|entry| serde_json::from_str(&entry.body_json).ok())
}

impl Flow<'_> {
    pub(super) async fn gate(
        &self,
        part: Part,
        step: &PlannedStep,
    ) -> Result<(StepEnd, Yield), Interrupt> {
        let said = self.arrive(part, step).await?;
        if !self.waits {
            return match self.word(said).await? {
                Some(word) => Ok(word),
                None => Err(Interrupt::Away(step.says.clone())),
            };
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let limit = step.limit.min(left);
        tokio::select! {
            word = self.await_word(said) => word,
            () = self.stop.cancelled(), if part == Part::Steps => {
                Ok((StepEnd::Cancelled, Yield::default()))
            }
            () = sleep(limit) => {
                let why = say!("took longer than {} s", limit.as_secs());
                Ok((StepEnd::Failed(why), Yield::default()))
            }
        }
    }

    /// Writes down that the run is here, unless an earlier life has; gives how much had been said.
    async fn arrive(&self, part: Part, step: &PlannedStep) -> Result<usize, StoreError> {
        let (store, run) = (self.hold.store, &self.hold.claim.run);
        let key = part.key(step);
        let journal = store.journal(run).await?;
        if let Some(before) = arrivals(&journal).find(|arrival| arrival.step == key) {
            return Ok(before.said);
        }
        let arrival = Arrival {
            step: key,
            said: store.decisions(run).await?.len(),
        };
        let body = serde_json::to_string(&arrival).unwrap_or_default();
        self.write(EntryKind::Note, super::GATE, &step.says, &body)
            .await?;
        Ok(arrival.said)
    }

    async fn await_word(&self, said: usize) -> Result<(StepEnd, Yield), Interrupt> {
        loop {
            self.turn.rest().await;
            match self.word(said).await {
                Ok(Some(word)) => return Ok(word),
                Ok(None) => {}
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "the decisions on a run could not be read");
                }
                Err(error) => return Err(error.into()),
            }
            sleep(GLANCE).await;
        }
    }

    /// What somebody said since the run came here.
    async fn word(&self, said: usize) -> Result<Option<(StepEnd, Yield)>, StoreError> {
        let decisions = self.hold.store.decisions(&self.hold.claim.run).await?;
        Ok(decisions.iter().skip(said).find_map(meaning))
    }
}

fn meaning(said: &Decision) -> Option<(StepEnd, Yield)> {
    let who = Name::new(&said.who);
    match said.what {
        Verdict::Approve => Some((StepEnd::Done, Yield::text(say!("{} let it go on", who)))),
        Verdict::Deny => Some((StepEnd::Failed(say!("{} said no", who)), Yield::default())),
        Verdict::Cancel | Verdict::Denied => None,
    }
}
