//! Small documents under a scope and a name. A change needs the version it was made from, so two
//! writers can't undo each other's work unseen.

use sqlx::any::AnyRow;
use sqlx::{query, query_scalar};

use super::rows::column;
use super::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    pub name: String,
    pub value_json: String,
    pub version: i64,
    pub updated_ms: i64,
}

impl Store {
    pub async fn ledger_get(
        &self,
        scope: &str,
        name: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let rows = query("SELECT * FROM ledger WHERE scope = $1 AND name = $2")
            .bind(scope)
            .bind(name)
            .fetch_all(&self.reads)
            .await?;
        rows.first().map(read).transpose()
    }

    /// Everything in a scope, by name.
    pub async fn ledger_list(&self, scope: &str) -> Result<Vec<LedgerEntry>, StoreError> {
        query("SELECT * FROM ledger WHERE scope = $1 ORDER BY name")
            .bind(scope)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Writes a document that was not there; gives its version, or `None` if it was. Versions
    /// begin with the time, so that one that is gone and comes back does not repeat them.
    pub async fn ledger_add(
        &self,
        scope: &str,
        name: &str,
        value_json: &str,
        at_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        let versions: Vec<i64> = query_scalar(
            "INSERT INTO ledger (scope, name, value_json, version, updated_ms) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (scope, name) DO NOTHING RETURNING version",
        )
        .bind(scope)
        .bind(name)
        .bind(value_json)
        .bind(at_ms)
        .fetch_all(&self.writes)
        .await?;
        Ok(versions.first().copied())
    }

    /// Writes a new value over the version in `seen`; gives the new version, or `None` if the
    /// document has changed since, or is gone.
    pub async fn ledger_replace(
        &self,
        scope: &str,
        seen: &LedgerEntry,
        value_json: &str,
        at_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        let versions: Vec<i64> = query_scalar(
            "UPDATE ledger SET value_json = $4, version = version + 1, updated_ms = $5 \
             WHERE scope = $1 AND name = $2 AND version = $3 RETURNING version",
        )
        .bind(scope)
        .bind(&seen.name)
        .bind(seen.version)
        .bind(value_json)
        .bind(at_ms)
        .fetch_all(&self.writes)
        .await?;
        Ok(versions.first().copied())
    }

    /// Whether it was there in the version in `seen`, and is gone now.
    pub async fn ledger_remove(&self, scope: &str, seen: &LedgerEntry) -> Result<bool, StoreError> {
        let done = query("DELETE FROM ledger WHERE scope = $1 AND name = $2 AND version = $3")
            .bind(scope)
            .bind(&seen.name)
            .bind(seen.version)
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<LedgerEntry, StoreError> {
    Ok(LedgerEntry {
        name: column(row, "name")?,
        value_json: column(row, "value_json")?,
        version: column(row, "version")?,
        updated_ms: column(row, "updated_ms")?,
    })
}
