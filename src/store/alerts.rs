//! Alerts as they came in: written before anybody is told that they were taken, read in order.

use sqlx::any::AnyRow;
use sqlx::{query, query_scalar};

use super::rows::{MOST_ROWS, column};
use super::{Store, StoreError};

/// An alert to be kept. The four names are its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewAlert {
    pub host: String,
    pub stack: String,
    pub service: String,
    pub what: String,
    pub state: String,
    pub body_json: String,
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    pub seq: i64,
    pub accepted_ms: i64,
    /// The incident whose timeline it is in; 0 while it has no place yet.
    pub incident: i64,
    pub body_json: String,
}

impl Store {
    /// Keeps all of them or none. When this returns, they survive a power cut.
    pub async fn add_alerts(&self, alerts: &[NewAlert], at_ms: i64) -> Result<(), StoreError> {
        if alerts.is_empty() {
            return Ok(());
        }
        let mut transaction = self.pool.begin().await?;
        for alert in alerts {
            query(
                "INSERT INTO alerts (seq, accepted_ms, incident, host, stack, service, what, \
                 state, body_json) SELECT COALESCE(MAX(seq), 0) + 1, CAST($1 AS BIGINT), 0, \
                 $2, $3, $4, $5, $6, $7 FROM alerts",
            )
            .bind(at_ms)
            .bind(&alert.host)
            .bind(&alert.stack)
            .bind(&alert.service)
            .bind(&alert.what)
            .bind(&alert.state)
            .bind(&alert.body_json)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        self.stir();
        Ok(())
    }

    /// What has no place yet, oldest first; the rest comes when these have one.
    pub async fn unplaced_alerts(&self) -> Result<Vec<AlertRecord>, StoreError> {
        self.alerts_of(0).await
    }

    /// Every alert in the timeline of an incident, however many, as its JSON.
    pub async fn timeline_alerts(&self, incident: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body_json FROM alerts WHERE incident = $1 ORDER BY seq";
        Ok(query_scalar(sql)
            .bind(incident)
            .fetch_all(&self.pool)
            .await?)
    }

    /// What is in the timeline of an incident, oldest first.
    pub async fn alerts_of(&self, incident: i64) -> Result<Vec<AlertRecord>, StoreError> {
        query("SELECT * FROM alerts WHERE incident = $1 ORDER BY seq LIMIT $2")
            .bind(incident)
            .bind(MOST_ROWS)
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(read)
            .collect()
    }
}

fn read(row: &AnyRow) -> Result<AlertRecord, StoreError> {
    Ok(AlertRecord {
        seq: column(row, "seq")?,
        accepted_ms: column(row, "accepted_ms")?,
        incident: column(row, "incident")?,
        body_json: column(row, "body_json")?,
    })
}
