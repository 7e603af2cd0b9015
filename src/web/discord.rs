//! Discord's requests: signed, bounded, answered at once. What they mean is the chat's business.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use crate::chat::discord::{Discord, SIGNATURE, Signature, TIMESTAMP};

/// The chat, and how its requests are told from others'.
#[derive(Clone)]
pub struct DiscordDoor {
    pub discord: Arc<Discord>,
    pub signature: Signature,
}

pub(super) fn routes(door: DiscordDoor) -> Router {
    Router::new()
        .route("/discord/interactions", post(interaction))
        .with_state(door)
}

async fn interaction(State(door): State<DiscordDoor>, headers: HeaderMap, body: Bytes) -> Response {
    if !door.is_signed(&headers, &body) {
        return (StatusCode::UNAUTHORIZED, "this was not signed by Discord\n").into_response();
    }
    let payload = serde_json::from_slice::<Value>(&body).ok();
    let Some(taken) = (match &payload {
        Some(payload) => door.discord.take(payload).await,
        None => None,
    }) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = axum::Json(taken.answer.clone()).into_response();
    door.discord.begin(taken);
    answer
}

impl DiscordDoor {
    /// Whether Discord signed exactly these bytes a moment ago.
    fn is_signed(&self, headers: &HeaderMap, body: &Bytes) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (header(SIGNATURE), header(TIMESTAMP)) {
            (Some(signature), Some(timestamp)) => {
                self.signature.is_good(signature, timestamp, body)
            }
            _ => false,
        }
    }
}
