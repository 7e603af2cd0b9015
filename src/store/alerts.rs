//! Alerts as they came in: their rows, how they are written and placed many at a time, and reading
//! them in order. Who waits for whom is for `intake`.

use std::sync::LazyLock;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, query, query_scalar};

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

/// So many get their place in one turn: each turn reads and writes every incident they are in.
const MOST_UNPLACED: i64 = 2000;

/// Columns of a row that hold text.
const TEXTS: usize = 6;

/// So many go into one statement, which is a transaction of its own.
pub(super) const MOST_AT_ONCE: usize = 256;

/// Rows in one statement. Few sizes, so that each stays prepared; what is left of one stays empty.
const ROWS: [usize; 4] = [1, 16, 64, MOST_AT_ONCE];

static INSERTS: LazyLock<[(usize, String); 4]> = LazyLock::new(|| ROWS.map(|n| (n, insertion(n))));

const PLACED: usize = 64;
static PLACING: LazyLock<String> = LazyLock::new(|| {
    let seqs: Vec<String> = (2..=PLACED + 1).map(|n| format!("${n}")).collect();
    let seqs = seqs.join(", ");
    format!("UPDATE alerts SET incident = $1 WHERE incident = 0 AND seq IN ({seqs})")
});

/// Numbers follow each other from the highest one there is. The statement writes before it reads
/// anything that another one could change.
fn insertion(rows: usize) -> String {
    let row = |n: usize| {
        let first = n * (TEXTS + 1) + 1;
        let texts: Vec<String> = (1..=TEXTS).map(|at| format!("${}", first + at)).collect();
        let (number, texts) = (n + 1, texts.join(", "));
        format!("({number}, CAST(${first} AS BIGINT), {texts})")
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    let columns: Vec<String> = (3..3 + TEXTS).map(|n| format!("new.column{n}")).collect();
    let (rows, columns) = (rows.join(", "), columns.join(", "));
    format!(
        "INSERT INTO alerts (seq, accepted_ms, incident, host, stack, service, what, state, \
         body_json) SELECT last.seq + new.column1, new.column2, 0, {columns} FROM \
         (SELECT COALESCE(MAX(seq), 0) AS seq FROM alerts) AS last, (VALUES {rows}) AS new \
         WHERE new.column2 IS NOT NULL"
    )
}

/// Writes them in this order, each with the time at which it was taken in.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    alerts: &[(&NewAlert, i64)],
) -> Result<(), StoreError> {
    for some in alerts.chunks(MOST_AT_ONCE) {
        let fits = INSERTS.iter().find(|(size, _)| *size >= some.len());
        let Some((size, sql)) = fits else { continue };
        let mut insert = query(sql.as_str());
        for (alert, at_ms) in some {
            insert = insert
                .bind(*at_ms)
                .bind(&alert.host)
                .bind(&alert.stack)
                .bind(&alert.service)
                .bind(&alert.what)
                .bind(&alert.state)
                .bind(&alert.body_json);
        }
        for _ in some.len()..*size {
            insert = insert.bind(None::<i64>);
            for _ in 0..TEXTS {
                insert = insert.bind(None::<&str>);
            }
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Whether none of them had a place yet.
pub(super) async fn place(
    connection: &mut AnyConnection,
    seqs: &[i64],
    incident: i64,
) -> Result<bool, StoreError> {
    for some in seqs.chunks(PLACED) {
        // the last one stands for those that are missing to a full statement
        let last = some.last().copied().unwrap_or_default();
        let mut update = query(PLACING.as_str()).bind(incident);
        for at in 0..PLACED {
            update = update.bind(some.get(at).copied().unwrap_or(last));
        }
        let done = update.execute(&mut *connection).await?;
        if done.rows_affected() != some.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Store {
    /// What has no place yet, oldest first; the rest comes when these have one.
    pub async fn unplaced_alerts(&self) -> Result<Vec<AlertRecord>, StoreError> {
        self.alerts_where(0, MOST_UNPLACED).await
    }

    /// Every alert in the timeline of an incident, however many, as its JSON.
    pub async fn timeline_alerts(&self, incident: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body_json FROM alerts WHERE incident = $1 ORDER BY seq";
        Ok(query_scalar(sql)
            .bind(incident)
            .fetch_all(&self.reads)
            .await?)
    }

    /// What is in the timeline of an incident, oldest first.
    pub async fn alerts_of(&self, incident: i64) -> Result<Vec<AlertRecord>, StoreError> {
        self.alerts_where(incident, MOST_ROWS).await
    }

    async fn alerts_where(&self, incident: i64, most: i64) -> Result<Vec<AlertRecord>, StoreError> {
        query("SELECT * FROM alerts WHERE incident = $1 ORDER BY seq LIMIT $2")
            .bind(incident)
            .bind(most)
            .fetch_all(&self.reads)
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
