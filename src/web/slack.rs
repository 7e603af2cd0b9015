//! Slack's requests: signed, bounded, answered at once. What they mean is the chat's business.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value};

use crate::chat::slack::{Kind, Reaction, SIGNATURE, Signature, Slack, TIMESTAMP};

/// The chat, and how its requests are told from others'.
#[derive(Clone)]
pub struct SlackDoor {
    pub slack: Arc<Slack>,
    pub signature: Signature,
}

pub(super) fn routes(door: SlackDoor) -> Router {
    Router::new()
        .route("/slack/commands", post(command))
        .route("/slack/interactions", post(interaction))
        .route("/slack/events", post(event))
        .with_state(door)
}

async fn command(State(door): State<SlackDoor>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(body) = door.checked(&headers, &body) else {
        return unsigned();
    };
    let fields: Map<String, Value> = fields(body)
        .map(|(key, value)| (key, Value::String(value)))
        .collect();
    door.pass(Kind::Command, &Value::Object(fields)).await
}

async fn interaction(State(door): State<SlackDoor>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(body) = door.checked(&headers, &body) else {
        return unsigned();
    };
    let payload = fields(body)
        .find(|(key, _)| key == "payload")
        .and_then(|(_, value)| serde_json::from_str(&value).ok());
    match payload {
        Some(payload) => door.pass(Kind::Interaction, &payload).await,
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn event(State(door): State<SlackDoor>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(body) = door.checked(&headers, &body) else {
        return unsigned();
    };
    let Ok(payload) = serde_json::from_str::<Value>(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if payload.get("type").and_then(Value::as_str) == Some("url_verification") {
        let challenge = payload.get("challenge").and_then(Value::as_str);
        return challenge.unwrap_or_default().to_owned().into_response();
    }
    door.pass(Kind::Event, &payload).await
}

impl SlackDoor {
    /// The body, if Slack signed exactly these bytes a moment ago.
    fn checked<'b>(&self, headers: &HeaderMap, body: &'b Bytes) -> Option<&'b str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let body = std::str::from_utf8(body).ok()?;
        self.signature
            .is_good(header(SIGNATURE)?, header(TIMESTAMP)?, body)
            .then_some(body)
    }

    async fn pass(&self, kind: Kind, payload: &Value) -> Response {
        match self.slack.take(kind, payload, None).await {
            Ok(Reaction::Taken) => StatusCode::OK.into_response(),
            Ok(Reaction::Say(answer)) => axum::Json(answer).into_response(),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

fn unsigned() -> Response {
    (StatusCode::UNAUTHORIZED, "this was not signed by Slack\n").into_response()
}

/// A form's fields, in order.
fn fields(body: &str) -> impl Iterator<Item = (String, String)> + '_ {
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let ahead = rest.clone();
                match hex_pair(&mut rest) {
                    Some(byte) => bytes.push(byte),
                    None => {
                        bytes.push(b'%');
                        rest = ahead;
                    }
                }
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_pair(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let mut digit = || char::from(bytes.next()?).to_digit(16);
    u8::try_from(digit()? * 16 + digit()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_survives_a_form(text in "\\PC{0,40}") {
            let sent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let body = format!("a=1&text={sent}");
            let read: Vec<_> = fields(&body).collect();
            proptest::prop_assert_eq!(read, vec![("a".to_owned(), "1".to_owned()), ("text".to_owned(), text)]);
        }

        #[test]
        fn nonsense_is_read_without_a_panic(body in "[%=&+a-f0-9\\PC]{0,60}") {
            proptest::prop_assert!(fields(&body).count() <= body.len());
        }
    }
}
