//! Incidents as pages: those there were, and one with its timeline, as the document for the
//! retrospective.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Web;
use super::reports::{broken, page};
use crate::incident::retro::{Material, retro};
use crate::incident::{FileError, Files, Incident, face, files};
use crate::report::{IncidentRow, Report};
use crate::store::{IncidentFilter, Match};
use crate::text::outgoing::Outgoing;
use crate::text::{Clean, Dialect, Message, Name, write};

const LISTED: u32 = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    format: Option<String>,
    /// Those that hold this text.
    #[serde(default)]
    q: String,
}

pub(super) async fn list(State(web): State<Web>, Query(wanted): Query<Wanted>) -> Response {
    let site = web.site();
    let filter = IncidentFilter {
        text: wanted.q,
        limit: Some(LISTED),
        ..IncidentFilter::default()
    };
    let found = match site.bot.store.get().await {
        Ok(store) => store.incidents(&filter).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(records) => {
            let filed = records.iter().filter_map(|record| files::read(record).ok());
            let rows: Vec<IncidentRow> = filed.map(|filed| row(&filed.incident)).collect();
            page(
                site.templates
                    .incidents_page(&rows)
                    .map(Outgoing::into_string),
            )
        }
        Err(error) => broken(&error),
    }
}

fn row(incident: &Incident) -> IncidentRow {
    IncidentRow {
        id: incident.id,
        opened: incident.opened,
        state: incident.phase.word(),
        over: incident.is_over(),
        heard: incident.phase != crate::incident::Phase::Open,
        place: place(incident),
        title: face::title(incident),
    }
}

/// Where the cause was found, else where it is worst.
fn place(incident: &Incident) -> Name {
    let found = incident.finding.as_ref().filter(|found| found.is_decided());
    match (found, incident.lead()) {
        (Some(found), _) => found.service.clone(),
        (None, Some(lead)) => lead.place(),
        (None, None) => Name::default(),
    }
}

pub(super) async fn one(
    State(web): State<Web>,
    Path(typed): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let site = web.site();
    match document(&web, &typed).await {
        Ok((id, title, message)) if wanted.format.as_deref() == Some("markdown") => {
            tracing::debug!(id, %title, "a retro as Markdown");
            let text = write(&message, &Dialect::Markdown).into_string();
            let kind = "text/markdown; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Ok((id, title, message)) => {
            let made = site.templates.incident_page(id, &title, &message);
            page(made.map(Outgoing::into_string))
        }
        Err(FileError::Unknown(_)) => (
            StatusCode::NOT_FOUND,
            "there is no such incident; /incidents lists them\n",
        )
            .into_response(),
        Err(error) => broken(&error),
    }
}

async fn document(web: &Web, typed: &str) -> Result<(i64, Clean, Message), FileError> {
    let site = web.site();
    let files = Files {
        store: site.bot.store.get().await?,
        clock: site.bot.clock,
    };
    let number = Files::number(typed)?;
    let incident = files.get(number).await?.incident;
    let (log, alerts) = files.story(&incident).await?;
    let report = match &incident.finding {
        Some(finding) => match files.store.report(&finding.report).await? {
            Match::One(record) => serde_json::from_str::<Report>(&record.body_json).ok(),
            _ => None,
        },
        None => None,
    };
    let message = retro(&Material {
        incident: &incident,
        log: &log,
        alerts: &alerts,
        report: report.as_ref(),
    });
    Ok((number, face::title(&incident), message))
}
