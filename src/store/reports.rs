//! Reports, newest first.

use sqlx::any::AnyRow;
use sqlx::{query, query_scalar};

use super::rows::{self, Before, Match, anywhere, beginning, column};
use super::{Store, StoreError};

/// A report as it is kept: what it is looked up by, and the whole as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportRecord {
    pub id: String,
    pub created_ms: i64,
    pub host: String,
    pub project: String,
    pub service: String,
    pub cause: String,
    pub confidence: String,
    pub issue: String,
    pub summary: String,
    pub body_json: String,
}

/// Which reports. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    pub host: Option<String>,
    pub project: Option<String>,
    pub service: Option<String>,
    pub cause: Option<String>,
    /// Found anywhere in issue or summary, without regard to ASCII case.
    pub text: Option<String>,
    pub before: Option<Before>,
    pub limit: Option<u32>,
}

/// Ids given when a beginning fits several.
const CANDIDATES: i64 = 5;

impl Store {
    /// Saving a report again, with more in it, replaces it.
    pub async fn save_report(&self, report: &ReportRecord) -> Result<(), StoreError> {
        query(
            "INSERT INTO reports (id, created_ms, host, project, service, cause, confidence, \
             issue, summary, body_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (id) DO UPDATE SET host = excluded.host, project = excluded.project, \
             service = excluded.service, cause = excluded.cause, \
             confidence = excluded.confidence, issue = excluded.issue, \
             summary = excluded.summary, body_json = excluded.body_json",
        )
        .bind(&report.id)
        .bind(report.created_ms)
        .bind(&report.host)
        .bind(&report.project)
        .bind(&report.service)
        .bind(&report.cause)
        .bind(&report.confidence)
        .bind(&report.issue)
        .bind(&report.summary)
        .bind(&report.body_json)
        .execute(&self.writes)
        .await?;
        Ok(())
    }

    /// The report with this id, or the only one whose id begins so.
    pub async fn report(&self, id: &str) -> Result<Match<ReportRecord>, StoreError> {
        if id.is_empty() {
            return Ok(Match::None);
        }
        let ids: Vec<String> = query_scalar(
            "SELECT id FROM reports WHERE lower(id) LIKE lower($1) ESCAPE '!' ORDER BY id LIMIT $2",
        )
        .bind(beginning(id))
        .bind(CANDIDATES)
        .fetch_all(&self.reads)
        .await?;
        let exact = ids.iter().find(|found| found.eq_ignore_ascii_case(id));
        let Some(id) = exact.or_else(|| ids.first().filter(|_| ids.len() == 1)) else {
            return Ok(if ids.is_empty() {
                Match::None
            } else {
                Match::Many(ids)
            });
        };
        let rows = query("SELECT * FROM reports WHERE id = $1")
            .bind(id)
            .fetch_all(&self.reads);
        match rows.await?.first() {
            Some(row) => Ok(Match::One(read(row)?)),
            None => Ok(Match::None),
        }
    }

    pub async fn reports(&self, filter: &ReportFilter) -> Result<Vec<ReportRecord>, StoreError> {
        let before = filter.before.clone().unwrap_or_else(Before::end_of_time);
        let any = |wanted: &Option<String>| wanted.clone().unwrap_or_default();
        query(
            "SELECT * FROM reports \
             WHERE (created_ms < $1 OR (created_ms = $1 AND id < $2)) \
             AND ($3 = '' OR host = $3) AND ($4 = '' OR project = $4) \
             AND ($5 = '' OR service = $5) AND ($6 = '' OR cause = $6) \
             AND (lower(issue) LIKE lower($7) ESCAPE '!' OR lower(summary) LIKE lower($7) ESCAPE '!') \
             ORDER BY created_ms DESC, id DESC LIMIT $8",
        )
        .bind(before.created_ms)
        .bind(before.id)
        .bind(any(&filter.host))
        .bind(any(&filter.project))
        .bind(any(&filter.service))
        .bind(any(&filter.cause))
        .bind(anywhere(filter.text.as_deref().unwrap_or_default()))
        .bind(rows::limit(filter.limit))
        .fetch_all(&self.reads)
        .await?
        .iter()
        .map(read)
        .collect()
    }
}

fn read(row: &AnyRow) -> Result<ReportRecord, StoreError> {
    Ok(ReportRecord {
        id: column(row, "id")?,
        created_ms: column(row, "created_ms")?,
        host: column(row, "host")?,
        project: column(row, "project")?,
        service: column(row, "service")?,
        cause: column(row, "cause")?,
        confidence: column(row, "confidence")?,
        issue: column(row, "issue")?,
        summary: column(row, "summary")?,
        body_json: column(row, "body_json")?,
    })
}
