//! The stored reports as pages.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use super::{Site, Web};
use crate::diagnose::Cause;
use crate::report::{Report, ReportRow};
use crate::store::{Match, ReportFilter, ReportRecord, StoreError};
use crate::text::dialect::Dialect;
use crate::text::{Name, Redactor};

const LISTED: u32 = 200;

pub(super) async fn list(State(web): State<Web>) -> Response {
    let site = web.site();
    let filter = ReportFilter {
        limit: Some(LISTED),
        ..ReportFilter::default()
    };
    match records(&site, &filter).await {
        Ok(records) => {
            let rows: Vec<ReportRow> = records.iter().map(row).collect();
            page(
                site.templates
                    .reports_page(&rows)
                    .map(crate::text::outgoing::Outgoing::into_string),
            )
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn one(State(web): State<Web>, Path(id): Path<String>) -> Response {
    let site = web.site();
    match find(&site, &id).await {
        Ok(Match::One(record)) => match serde_json::from_str::<Report>(&record.body_json) {
            Ok(report) => page(
                site.templates
                    .report(&report, &Dialect::Html)
                    .map(crate::text::outgoing::Outgoing::into_string),
            ),
            Err(error) => broken(&error),
        },
        Ok(_) => (
            StatusCode::NOT_FOUND,
            "there is no such report; /reports lists them\n",
        )
            .into_response(),
        Err(error) => broken(&error),
    }
}

async fn records(site: &Site, filter: &ReportFilter) -> Result<Vec<ReportRecord>, StoreError> {
    site.bot.store.get().await?.reports(filter).await
}

async fn find(site: &Site, id: &str) -> Result<Match<ReportRecord>, StoreError> {
    site.bot.store.get().await?.report(&id.to_uppercase()).await
}

fn row(record: &ReportRecord) -> ReportRow {
    let clean = |text: &str| Redactor::shapes_only().clean(text);
    let cause = Cause::ALL
        .iter()
        .copied()
        .find(|cause| cause.id() == record.cause);
    ReportRow {
        id: record.id.clone(),
        created_at: Timestamp::from_millisecond(record.created_ms).unwrap_or_default(),
        host: Name::new(&record.host),
        project: Name::new(&record.project),
        service: Name::new(&record.service),
        cause: cause.unwrap_or(Cause::Inconclusive),
        issue: clean(&record.issue),
    }
}

pub(super) fn page<E: std::fmt::Display>(page: Result<String, E>) -> Response {
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => broken(&error),
    }
}

/// The reader gets no detail; the log has it.
pub(super) fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a page could not be made");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "this page could not be made; see the log\n",
    )
        .into_response()
}
