//! Which messages and events were taken on already. Kept before the work starts.

use sqlx::query;

use super::{Store, StoreError};

const REMEMBER: &str = "INSERT INTO handled (source, id, at_ms) VALUES ($1, $2, $3) \
     ON CONFLICT (source, id) DO NOTHING";

impl Store {
    /// True for the first who says so, in whatever process; false ever after.
    pub async fn remember(&self, source: &str, id: &str, at_ms: i64) -> Result<bool, StoreError> {
        let done = query(REMEMBER)
            .bind(source)
            .bind(id)
            .bind(at_ms)
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The same for one thing that is known by several ids: all are kept or none, and one that was
    /// known makes it old.
    pub async fn remember_all(
        &self,
        source: &str,
        ids: &[String],
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut all = self.writes.begin().await?;
        let mut new = true;
        for id in ids {
            let done = query(REMEMBER)
                .bind(source)
                .bind(id)
                .bind(at_ms)
                .execute(&mut *all)
                .await?;
            new &= done.rows_affected() == 1;
        }
        all.commit().await?;
        Ok(new)
    }

    /// Takes it back: what it stood for did not happen after all.
    pub async fn forget(&self, source: &str, id: &str) -> Result<(), StoreError> {
        query("DELETE FROM handled WHERE source = $1 AND id = $2")
            .bind(source)
            .bind(id)
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Forgets ids older than any redelivery can be; says how many.
    pub async fn forget_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        let done = query("DELETE FROM handled WHERE at_ms < $1")
            .bind(before_ms)
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected())
    }
}
