//! What every table needs: reading columns, paging, matching by prefix and by text.

use sqlx::any::AnyRow;
use sqlx::{Decode, Row, Type};

use super::StoreError;

/// Where a page ends and the next begins: rows older than this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub created_ms: i64,
    pub id: String,
}

impl Before {
    /// Every row is older than this.
    pub(super) fn end_of_time() -> Self {
        Self {
            created_ms: i64::MAX,
            id: String::new(),
        }
    }
}

/// What an id, or the beginning of one, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<T> {
    One(T),
    None,
    /// Some of the ids that begin so.
    Many(Vec<String>),
}

/// The most rows one call gives.
pub(super) const MOST_ROWS: i64 = 1000;

pub(super) fn limit(wanted: Option<u32>) -> i64 {
    wanted.map_or(MOST_ROWS, |wanted| i64::from(wanted).min(MOST_ROWS))
}

/// One column; which one is wrong is in the error.
pub(super) fn column<'r, T>(row: &'r AnyRow, name: &str) -> Result<T, StoreError>
where
    T: Decode<'r, sqlx::Any> + Type<sqlx::Any>,
{
    Ok(row.try_get(name)?)
}

/// A pattern that finds `text` anywhere. Compare it with `lower(…) LIKE lower(…) ESCAPE '!'`.
pub(super) fn anywhere(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// A pattern that finds what begins with `text`.
pub(super) fn beginning(text: &str) -> String {
    format!("{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out
}
