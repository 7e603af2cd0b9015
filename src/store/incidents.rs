//! Incidents, their log, and the one transaction in which alerts get their place.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction, query, query_scalar};

use super::alerts::place;
use super::rows::{self, anywhere, column};
use super::{Store, StoreError};

/// An incident as it is kept: what it is looked up by, and the whole as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentRecord {
    pub id: i64,
    /// 0: it is new.
    pub version: i64,
    pub opened_ms: i64,
    /// 0 while it has not ended.
    pub ended_ms: i64,
    pub host: String,
    pub stack: String,
    pub service: String,
    pub state: String,
    pub severity: String,
    pub cause: String,
    pub title: String,
    pub body_json: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Counts from 1 in each incident.
    pub seq: i64,
    pub at_ms: i64,
    pub who: String,
    pub kind: String,
    pub text: String,
    /// Chats are told of it.
    pub told: bool,
}

/// A change of one incident: what it is now, and what is added to its log and its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentChange {
    pub record: IncidentRecord,
    /// Their `seq` is given when they are written.
    pub log: Vec<LogRecord>,
    pub alerts: Vec<i64>,
}

/// Which incidents. What is empty does not matter.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    pub open_only: bool,
    pub host: String,
    pub stack: String,
    pub service: String,
    /// Found anywhere in what an incident says and in its log, without regard to ASCII case.
    pub text: String,
    pub opened_since_ms: i64,
    pub limit: Option<u32>,
}

/// Alerts that belong to no incident: the end of something that nobody told of.
pub const NO_INCIDENT: i64 = -1;

impl Store {
    /// All changes or none; false where somebody else changed one of them first.
    pub async fn save_incidents(
        &self,
        changes: &[IncidentChange],
        astray: &[i64],
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writes.begin().await?;
        for change in changes {
            if !write(&mut transaction, &change.record).await? {
                return Ok(false);
            }
            for entry in &change.log {
                append(&mut transaction, change.record.id, entry).await?;
            }
            if !place(&mut transaction, &change.alerts, change.record.id).await? {
                return Ok(false);
            }
        }
        if !place(&mut transaction, astray, NO_INCIDENT).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        self.stir();
        Ok(true)
    }

    /// The number that the next incident gets, if nobody takes it first.
    pub async fn next_incident(&self) -> Result<i64, StoreError> {
        Ok(
            query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM incidents")
                .fetch_one(&self.reads)
                .await?,
        )
    }

    pub async fn incident(&self, id: i64) -> Result<Option<IncidentRecord>, StoreError> {
        let rows = query("SELECT * FROM incidents WHERE id = $1")
            .bind(id)
            .fetch_all(&self.reads)
            .await?;
        rows.first().map(read).transpose()
    }

    /// The versions of what has not ended, and of what ended after this moment, by number.
    pub async fn live_versions(
        &self,
        ended_after_ms: i64,
    ) -> Result<BTreeMap<i64, i64>, StoreError> {
        query("SELECT id, version FROM incidents WHERE ended_ms = 0 OR ended_ms > $1")
            .bind(ended_after_ms)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(|row| Ok((column(row, "id")?, column(row, "version")?)))
            .collect()
    }

    /// Newest first.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
    ) -> Result<Vec<IncidentRecord>, StoreError> {
        query(
            "SELECT * FROM incidents WHERE ($1 = 0 OR ended_ms = 0) \
             AND ($2 = '' OR host = $2) AND ($3 = '' OR stack = $3) AND ($4 = '' OR service = $4) \
             AND ($5 = '%%' OR lower(title) LIKE lower($5) ESCAPE '!' \
             OR lower(body_json) LIKE lower($5) ESCAPE '!' \
             OR id IN (SELECT incident FROM incident_log WHERE lower(text) LIKE lower($5) ESCAPE '!')) \
             AND opened_ms >= $6 ORDER BY id DESC LIMIT $7",
        )
        .bind(i64::from(filter.open_only))
        .bind(&filter.host)
        .bind(&filter.stack)
        .bind(&filter.service)
        .bind(anywhere(&filter.text))
        .bind(filter.opened_since_ms)
        .bind(rows::limit(filter.limit))
        .fetch_all(&self.reads)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The log of an incident after this entry, in order.
    pub async fn incident_log(
        &self,
        incident: i64,
        after: i64,
    ) -> Result<Vec<LogRecord>, StoreError> {
        query("SELECT * FROM incident_log WHERE incident = $1 AND seq > $2 ORDER BY seq")
            .bind(incident)
            .bind(after)
            .fetch_all(&self.reads)
            .await?
            .iter()
            .map(read_entry)
            .collect()
    }
}

async fn write(
    transaction: &mut Transaction<'_, Any>,
    record: &IncidentRecord,
) -> Result<bool, StoreError> {
    let sql = if record.version == 0 {
        "INSERT INTO incidents (id, version, opened_ms, ended_ms, host, stack, service, state, \
         severity, cause, title, body_json) VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, \
         $11, $12) ON CONFLICT (id) DO NOTHING"
    } else {
        "UPDATE incidents SET version = version + 1, opened_ms = $3, ended_ms = $4, host = $5, \
         stack = $6, service = $7, state = $8, severity = $9, cause = $10, title = $11, \
         body_json = $12 WHERE id = $1 AND version = $2"
    };
    let done = query(sql)
        .bind(record.id)
        .bind(record.version)
        .bind(record.opened_ms)
        .bind(record.ended_ms)
        .bind(&record.host)
        .bind(&record.stack)
        .bind(&record.service)
        .bind(&record.state)
        .bind(&record.severity)
        .bind(&record.cause)
        .bind(&record.title)
        .bind(&record.body_json)
        .execute(&mut **transaction)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn append(
    transaction: &mut Transaction<'_, Any>,
    incident: i64,
    entry: &LogRecord,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO incident_log (incident, seq, at_ms, who, kind, text, told) \
         SELECT CAST($1 AS BIGINT), COALESCE(MAX(seq), 0) + 1, CAST($2 AS BIGINT), $3, $4, $5, \
         CAST($6 AS BIGINT) FROM incident_log WHERE incident = $1",
    )
    .bind(incident)
    .bind(entry.at_ms)
    .bind(&entry.who)
    .bind(&entry.kind)
    .bind(&entry.text)
    .bind(i64::from(entry.told))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<IncidentRecord, StoreError> {
    Ok(IncidentRecord {
        id: column(row, "id")?,
        version: column(row, "version")?,
        opened_ms: column(row, "opened_ms")?,
        ended_ms: column(row, "ended_ms")?,
        host: column(row, "host")?,
        stack: column(row, "stack")?,
        service: column(row, "service")?,
        state: column(row, "state")?,
        severity: column(row, "severity")?,
        cause: column(row, "cause")?,
        title: column(row, "title")?,
        body_json: column(row, "body_json")?,
    })
}

fn read_entry(row: &AnyRow) -> Result<LogRecord, StoreError> {
    Ok(LogRecord {
        seq: column(row, "seq")?,
        at_ms: column(row, "at_ms")?,
        who: column(row, "who")?,
        kind: column(row, "kind")?,
        text: column(row, "text")?,
        told: column::<i64>(row, "told")? != 0,
    })
}
