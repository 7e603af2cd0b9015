//! Why the store did not do what was asked, and what to do about it.

use std::sync::Arc;

use thiserror::Error;

use super::RunState;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("cannot open the database `{place}`: {why}; {advice}")]
    Unusable {
        place: String,
        why: String,
        advice: &'static str,
    },
    #[error(
        "the database `{place}` was written by a newer dogwatch (it has step {found}, this one \
         knows {known}); install that version, or set another `store.url`"
    )]
    Newer {
        place: String,
        found: i64,
        known: i64,
    },
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    #[error("there is a {what} `{id}` already")]
    Taken { what: &'static str, id: String },
    #[error("the run `{id}` is {from} and can't become {to}", from = from.word(), to = to.word())]
    Transition {
        id: String,
        from: RunState,
        to: RunState,
    },
    /// Somebody else has taken over: stop, touch nothing more.
    #[error("the run `{id}` was taken over by another worker")]
    TakenOver { id: String },
    /// A row holds a word that this version does not know.
    #[error("the database holds `{found}` as {what}, which means nothing here")]
    Foreign { what: &'static str, found: String },
    #[error("too many alerts wait to be written; hand them in again in a moment")]
    Full,
    #[error("writing the alerts was cut short; hand them in again")]
    CutShort,
    /// What went wrong for all that were written together.
    #[error(transparent)]
    Together(Arc<StoreError>),
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether asking again, unchanged, can help: somebody else was writing for too long.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut) | Self::Full | Self::CutShort => true,
            Self::Database(error) => matches!(sqlite_code(error), Some(BUSY | LOCKED)),
            Self::Together(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether what was to be written is to blame, and not the database or its disk.
    pub(super) fn is_of_the_data(&self) -> bool {
        match self {
            Self::Database(error) => {
                matches!(sqlite_code(error), Some(TOO_BIG | CONSTRAINT | MISMATCH))
            }
            _ => false,
        }
    }
}

pub(super) const BUSY: u32 = 5;
pub(super) const LOCKED: u32 = 6;
const READ_ONLY: u32 = 8;
pub(super) const IO: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const TOO_BIG: u32 = 18;
const CONSTRAINT: u32 = 19;
const MISMATCH: u32 = 20;
const NOT_A_DATABASE: u32 = 26;

pub(super) const DISK_FULL: &str = "the disk is full: free some space";

/// The result code of `SQLite`; the extended one has more in its upper bytes.
pub(super) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// What the database said, without the library's words around it.
pub(super) fn why(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(said) => said.message().to_owned(),
        None => error.to_string(),
    }
}

/// What to do when a database can't be opened.
pub(super) fn advice(error: &sqlx::Error) -> &'static str {
    match sqlite_code(error) {
        Some(CORRUPT | NOT_A_DATABASE) => {
            "the file is damaged or no database: move it away and restore a backup, or start \
             anew without it"
        }
        Some(READ_ONLY | CANNOT_OPEN) => {
            "give this user the right to write the file and its directory, or set another \
             `store.url`"
        }
        Some(FULL) => DISK_FULL,
        Some(IO) => "the disk fails: look at the host's kernel log",
        Some(BUSY | LOCKED) => "another program keeps it locked: end that program",
        _ => "look at `store.url`",
    }
}
