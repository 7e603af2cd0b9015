//! The journal of a run, written before and after each side effect, and what people decided.

use sqlx::any::AnyRow;
use sqlx::{query, query_scalar};

use super::rows::column;
use super::{Claim, Store, StoreError};

/// What a line of the journal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Written before a side effect: it may have happened.
    Intent,
    /// Written after it: this came of it.
    Outcome,
    Note,
}

impl EntryKind {
    const ALL: [Self; 3] = [Self::Intent, Self::Outcome, Self::Note];

    pub fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Note => "note",
        }
    }
}

/// A line to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    pub at_ms: i64,
    pub kind: EntryKind,
    pub step: &'a str,
    pub text: &'a str,
    pub body_json: &'a str,
}

/// A line as it is kept. `seq` counts from 1 in each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub seq: i64,
    pub at_ms: i64,
    pub kind: EntryKind,
    pub step: String,
    pub text: String,
    pub body_json: String,
}

/// What somebody said to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    Approve,
    Deny,
    Cancel,
    /// Who tried was not allowed to decide.
    Denied,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Approve, Self::Deny, Self::Cancel, Self::Denied];

    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Cancel => "cancel",
            Self::Denied => "denied",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub at_ms: i64,
    pub who: String,
    pub what: Verdict,
    pub reason: String,
}

impl Store {
    /// Adds a line and gives its number. When this returns, the line survives a power cut. Only
    /// who holds the claim can write; it gets `TakenOver` once somebody else holds a newer one.
    pub async fn append_journal(
        &self,
        claim: &Claim,
        entry: &NewEntry<'_>,
    ) -> Result<i64, StoreError> {
        let numbers: Vec<i64> = query_scalar(
            "INSERT INTO journal (run_id, seq, at_ms, kind, step, text, body_json) \
             SELECT id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal WHERE run_id = runs.id), \
             CAST($3 AS BIGINT), $4, $5, $6, $7 FROM runs WHERE id = $1 AND fence = $2 \
             RETURNING seq",
        )
        .bind(&claim.run)
        .bind(claim.fence)
        .bind(entry.at_ms)
        .bind(entry.kind.word())
        .bind(entry.step)
        .bind(entry.text)
        .bind(entry.body_json)
        .fetch_all(&self.writes)
        .await?;
        match numbers.first() {
            Some(number) => Ok(*number),
            None => Err(self.why_not(&claim.run).await?),
        }
    }

    /// The journal of a run, in the order it was written.
    pub async fn journal(&self, run: &str) -> Result<Vec<JournalEntry>, StoreError> {
        query("SELECT * FROM journal WHERE run_id = $1 ORDER BY seq")
            .bind(run)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(read_entry)
            .collect()
    }

    /// Keeps what somebody said. It changes no state.
    pub async fn record_decision(&self, run: &str, said: &Decision) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO decisions (run_id, seq, at_ms, who, what, reason) \
             SELECT id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM decisions \
             WHERE run_id = runs.id), CAST($2 AS BIGINT), $3, $4, $5 FROM runs WHERE id = $1",
        )
        .bind(run)
        .bind(said.at_ms)
        .bind(&said.who)
        .bind(said.what.word())
        .bind(&said.reason)
        .execute(&self.writes)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        Err(StoreError::NotFound {
            what: "run",
            id: run.to_owned(),
        })
    }

    /// What was said, in the order it was said.
    pub async fn decisions(&self, run: &str) -> Result<Vec<Decision>, StoreError> {
        query("SELECT * FROM decisions WHERE run_id = $1 ORDER BY seq")
            .bind(run)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(read_decision)
            .collect()
    }

    /// A write found no row: the run is not there, or somebody else has it.
    async fn why_not(&self, run: &str) -> Result<StoreError, StoreError> {
        self.fence_of(run).await?;
        Ok(StoreError::TakenOver { id: run.to_owned() })
    }
}

fn read_entry(row: &AnyRow) -> Result<JournalEntry, StoreError> {
    let kind: String = column(row, "kind")?;
    let known = EntryKind::ALL
        .into_iter()
        .find(|known| known.word() == kind);
    Ok(JournalEntry {
        seq: column(row, "seq")?,
        at_ms: column(row, "at_ms")?,
        kind: known.ok_or(StoreError::Foreign {
            what: "the kind of a journal entry",
            found: kind,
        })?,
        step: column(row, "step")?,
        text: column(row, "text")?,
        body_json: column(row, "body_json")?,
    })
}

fn read_decision(row: &AnyRow) -> Result<Decision, StoreError> {
    let what: String = column(row, "what")?;
    let known = Verdict::ALL.into_iter().find(|known| known.word() == what);
    Ok(Decision {
        at_ms: column(row, "at_ms")?,
        who: column(row, "who")?,
        what: known.ok_or(StoreError::Foreign {
            what: "a decision",
            found: what,
        })?,
        reason: column(row, "reason")?,
    })
}
