//! `POST /alerts/…`: who sends, how large, and the answer. What an alert means is for `watch`. A 200
//! says that it is on disk.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::watch::webhook::{Credentials, Form, Intake, Refusal};

const SIGNATURES: [&str; 2] = ["x-dogwatch-signature", "x-grafana-alerting-signature"];
const TIMESTAMP: &str = "x-dogwatch-timestamp";
/// Seconds after which what was not kept may be sent again.
const SOON: &str = "1";

/// Where to tell, if the sender says so: `?route=NAME`.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    route: Option<String>,
}

pub(super) fn routes(intake: Intake) -> Router {
    Router::new()
        .route("/alerts/alertmanager", post(alertmanager))
        .route("/alerts/grafana", post(grafana))
        .route("/alerts/generic", post(generic))
        .route("/alerts/generic/{mapping}", post(mapped))
        .route("/alerts/alive/{name}", post(alive))
        .with_state(intake)
}

async fn alertmanager(
    State(intake): State<Intake>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(&intake, (Form::Alertmanager, None), &asked, &headers, &body).await
}

async fn grafana(
    State(intake): State<Intake>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(&intake, (Form::Grafana, None), &asked, &headers, &body).await
}

async fn generic(
    State(intake): State<Intake>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(&intake, (Form::Generic, None), &asked, &headers, &body).await
}

async fn mapped(
    State(intake): State<Intake>,
    Path(mapping): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = (Form::Generic, Some(mapping.as_str()));
    take(&intake, form, &asked, &headers, &body).await
}

async fn alive(
    State(intake): State<Intake>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let called = match intake.admit(&credentials(&headers), &body) {
        Ok(()) => intake.call(&name).await,
        Err(refusal) => Err(refusal),
    };
    match called {
        Ok(()) => "heard\n".into_response(),
        Err(refusal) => refused(&intake, "dead-man", &refusal),
    }
}

async fn take(
    intake: &Intake,
    (form, mapping): (Form, Option<&str>),
    asked: &Asked,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let taken = match intake.admit(&credentials(headers), body) {
        Ok(()) => {
            intake
                .take(form, mapping, asked.route.as_deref(), body)
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match taken {
        Ok(count) => format!("{count} taken\n").into_response(),
        Err(refusal) => refused(intake, form.source().word(), &refusal),
    }
}

fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Credentials {
        authorization: text(header::AUTHORIZATION.as_str()),
        signature: SIGNATURES.iter().find_map(|name| text(name)),
        timestamp: text(TIMESTAMP),
    }
}

fn refused(intake: &Intake, source: &'static str, refusal: &Refusal) -> Response {
    intake.refused(source, refusal);
    let status = match refusal {
        Refusal::Closed => StatusCode::FORBIDDEN,
        Refusal::Stranger(_) => StatusCode::UNAUTHORIZED,
        Refusal::Unknown(_) => StatusCode::NOT_FOUND,
        Refusal::Malformed(_) => StatusCode::BAD_REQUEST,
        Refusal::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let said = format!("{}\n", refusal.says());
    match refusal {
        Refusal::Stranger(_) => {
            (status, [(header::WWW_AUTHENTICATE, "Bearer")], said).into_response()
        }
        Refusal::NotKept(_) => (status, [(header::RETRY_AFTER, SOON)], said).into_response(),
        _ => (status, said).into_response(),
    }
}
