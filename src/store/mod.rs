//! What survives a restart: reports, runs and their journal, locks, handled ids, small documents.
//! It knows only its own records; what they mean is for the modules that keep them. Times come in
//! as arguments, in milliseconds since 1970.

pub mod settings;
mod error;
mod open;
mod rows;
mod alerts;
mod intake;
mod reports;
mod runs;
mod run_state;
mod journal;
mod leases;
mod handled;
mod incidents;
mod ledger;
mod prune;
mod seat;
mod later;

use std::path::Path;
use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::watch;

pub use alerts::{AlertRecord, NewAlert};
pub use error::StoreError;
pub use incidents::{IncidentChange, IncidentFilter, IncidentRecord, LogRecord, NO_INCIDENT};
pub use journal::{Decision, EntryKind, JournalEntry, NewEntry, Verdict};
pub use later::Later;
pub use leases::{Claim, LeaseTerms, places_meet};
pub use ledger::LedgerEntry;
pub use prune::Pruned;
pub use reports::{ReportFilter, ReportRecord};
pub use rows::{Before, Match};
pub use run_state::RunState;
pub use runs::{NewRun, RunFilter, RunRecord, StateChange};
pub use seat::Seat;

/// The database. Clones share its few connections.
#[derive(Debug, Clone)]
pub struct Store {
    reads: AnyPool,
    /// One connection: `SQLite` lets one write at a time and makes the others look again and again
    /// whether it is their turn. Here they queue, and each comes in its turn.
    writes: AnyPool,
    /// A connection that is never used: what is in memory lasts as long as one is open, and one
    /// in use is lost when who uses it goes away in the middle.
    anchor: Option<AnyPool>,
    /// Grows when alerts were added or incidents changed.
    stirred: Arc<watch::Sender<u64>>,
    intake: Arc<intake::Intake>,
    /// `None` in memory.
    file: Option<Arc<Path>>,
}

impl Store {
    /// Whether it answers, for readiness checks.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").fetch_all(&self.reads).await?;
        Ok(())
    }

    /// Changes after alerts were added or incidents changed by this process; what other processes
    /// do has to be looked for.
    pub fn stirs(&self) -> watch::Receiver<u64> {
        self.stirred.subscribe()
    }

    /// Wakes whoever waits for a reason to look.
    pub fn stir(&self) {
        self.stirred.send_modify(|count| *count += 1);
    }

    /// Ends when everything in flight is written. Later calls fail.
    pub async fn close(&self) {
        self.writes.close().await;
        self.reads.close().await;
        if let Some(anchor) = &self.anchor {
            anchor.close().await;
        }
    }
}
