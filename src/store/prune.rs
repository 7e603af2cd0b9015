//! Forgetting what is over and old, a little in each transaction, so that nobody waits long for
//! the one connection that writes. What goes on is never touched, and the newest row of each
//! numbered table stays: numbers are given from the highest one there is.

use sqlx::{query, query_scalar};

use super::rows::column;
use super::{Store, StoreError};

/// Rows that go in one transaction, about.
const ROWS: i64 = 500;
/// Reports and runs are larger, and there are fewer.
const DOCUMENTS: i64 = 100;

/// What one step took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    pub rows: u64,
    /// Where the next step goes on; `None`: nothing older is left.
    pub next: Option<i64>,
}

impl Store {
    /// Removes some of the alerts after `after` that came before this moment, and whose incident,
    /// if they have one, ended before it too.
    pub async fn prune_alerts(&self, after: i64, before_ms: i64) -> Result<Pruned, StoreError> {
        // the oldest come first, so the first young one ends it: no index over time is needed
        let rows =
            query("SELECT seq, accepted_ms FROM alerts WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(after)
                .bind(ROWS)
                .fetch_all(&self.reads)
                .await?;
        let mut last = None;
        for row in &rows {
            if column::<i64>(row, "accepted_ms")? >= before_ms {
                break;
            }
            last = Some(column::<i64>(row, "seq")?);
        }
        let Some(last) = last else {
            return Ok(Pruned::default());
        };
        let done = query(
            "DELETE FROM alerts WHERE seq > $1 AND seq <= $2 AND incident <> 0 \
             AND seq < (SELECT MAX(seq) FROM alerts) AND NOT EXISTS (SELECT 1 FROM incidents \
             WHERE id = alerts.incident AND (ended_ms = 0 OR ended_ms >= $3))",
        )
        .bind(after)
        .bind(last)
        .bind(before_ms)
        .execute(&self.writes)
        .await?;
        Ok(Pruned {
            rows: done.rows_affected(),
            next: Some(last),
        })
    }

    /// Removes one incident that ended before this moment, with its log and its alerts; whether
    /// there was one.
    pub async fn prune_incident(&self, ended_before_ms: i64) -> Result<bool, StoreError> {
        let found: Vec<i64> = query_scalar(
            "SELECT id FROM incidents WHERE ended_ms <> 0 AND ended_ms < $1 \
             AND id < (SELECT MAX(id) FROM incidents) ORDER BY ended_ms, id LIMIT 1",
        )
        .bind(ended_before_ms)
        .fetch_all(&self.reads)
        .await?;
        let Some(id) = found.first() else {
            return Ok(false);
        };
        // the many first, step by step; what is cut short in between is taken up again
        while self.prune_alerts_of(*id, ended_before_ms).await? > 0 {}
        let mut transaction = self.writes.begin().await?;
        for sql in [
            "DELETE FROM incident_log WHERE incident IN \
             (SELECT id FROM incidents WHERE id = $1 AND ended_ms <> 0 AND ended_ms < $2)",
            "DELETE FROM incidents WHERE id = $1 AND ended_ms <> 0 AND ended_ms < $2",
        ] {
            let delete = query(sql).bind(id).bind(ended_before_ms);
            delete.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn prune_alerts_of(
        &self,
        incident: i64,
        ended_before_ms: i64,
    ) -> Result<u64, StoreError> {
        let done = query(
            "DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE incident = $1 \
             AND seq < (SELECT MAX(seq) FROM alerts) ORDER BY seq LIMIT $3) \
             AND EXISTS (SELECT 1 FROM incidents WHERE id = $1 AND ended_ms <> 0 \
             AND ended_ms < $2)",
        )
        .bind(incident)
        .bind(ended_before_ms)
        .bind(ROWS)
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected())
    }

    /// Removes some of the reports that were made before this moment; how many.
    pub async fn prune_reports(&self, before_ms: i64) -> Result<u64, StoreError> {
        let done = query(
            "DELETE FROM reports WHERE id IN (SELECT id FROM reports WHERE created_ms < $1 \
             ORDER BY created_ms, id LIMIT $2)",
        )
        .bind(before_ms)
        .bind(DOCUMENTS)
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected())
    }

    /// Removes some of the runs that ended before this moment, with their journals and what was
    /// said to them; how many.
    pub async fn prune_runs(&self, ended_before_ms: i64) -> Result<u64, StoreError> {
        // the journal refers to its run, so it goes first; both go or none
        const OLD: &str = "SELECT id FROM runs WHERE finished_ms < $1 AND state IN \
             ('succeeded', 'failed', 'cancelled', 'refused') ORDER BY created_ms, id LIMIT $2";
        let ids: Vec<String> = query_scalar(OLD)
            .bind(ended_before_ms)
            .bind(DOCUMENTS)
            .fetch_all(&self.reads)
            .await?;
        let mut transaction = self.writes.begin().await?;
        for id in &ids {
            for sql in [
                "DELETE FROM journal WHERE run_id = $1",
                "DELETE FROM decisions WHERE run_id = $1",
                "DELETE FROM runs WHERE id = $1",
            ] {
                query(sql).bind(id).execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(ids.len() as u64)
    }
}
