//! Buttons that begin something: each works once and not for ever. What a button types is done like
//! any line; here is only whether this press of it still counts.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::door::Discord;
use super::rooms::text;
use crate::access::Caller;
use crate::chat::press::{Unclaimed, begins};
use crate::live::Place;

/// Discord counts the milliseconds of its ids from the beginning of 2015.
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

/// A button as Discord tells of its press, with the message it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    id: String,
    channel: String,
    message: String,
    rows: Vec<Value>,
}

impl Pressed {
    pub(super) fn read(payload: &Value) -> Option<Self> {
        let rows = payload.pointer("/message/components");
        Some(Self {
            id: text(payload, "/data/custom_id")?,
            channel: text(payload, "/channel_id")?,
            message: text(payload, "/message/id")?,
            rows: rows.and_then(Value::as_array).cloned().unwrap_or_default(),
        })
    }

    fn key(&self) -> String {
        format!("{}/{}", self.message, self.id)
    }

    /// A message's id holds the time it was posted at.
    fn posted(&self) -> Option<Timestamp> {
        let id: u64 = self.message.parse().ok()?;
        let since_2015 = i64::try_from(id >> 22).ok()?;
        Timestamp::from_millisecond(since_2015 + DISCORD_EPOCH_MS).ok()
    }

    /// The message's rows without this button.
    fn without(&self) -> Vec<Value> {
        let mut rows = self.rows.clone();
        for row in &mut rows {
            if let Some(buttons) = row.get_mut("components").and_then(Value::as_array_mut) {
                buttons.retain(|button| {
                    button.get("custom_id").and_then(Value::as_str) != Some(&self.id)
                });
            }
        }
        rows.retain(|row| {
            let buttons = row.get("components").and_then(Value::as_array);
            !buttons.is_some_and(Vec::is_empty)
        });
        rows
    }
}

impl Discord {
    /// A press whose line is whole.
    pub(super) async fn press(
        &self,
        place: &Place,
        caller: &Caller,
        line: &str,
        pressed: &Pressed,
    ) {
        if !begins(line) {
            self.line(place, caller, line).await;
            return;
        }
        let key = pressed.key();
        if let Err(unclaimed) = self.listener.claim(&key, pressed.posted()).await {
            if unclaimed == Unclaimed::Old {
                self.strike(place, pressed).await;
            }
            let why = unclaimed.message(line);
            return self.listener.whisper(place, &why).await;
        }
        let (work, strike) = (self.line(place, caller, line), self.strike(place, pressed));
        self.listener.begin(&key, work, strike).await;
    }

    /// The button is gone from its message, but for one that still lives: its next edit must not
    /// meet an older one.
    async fn strike(&self, place: &Place, pressed: &Pressed) {
        let Some(token) = place.ticket.as_deref() else {
            return;
        };
        if pressed.rows.is_empty()
            || self
                .listener
                .lives(&pressed.channel, &pressed.message)
                .await
        {
            return;
        }
        let body = json!({
            "components": pressed.without(),
            "allowed_mentions": { "parse": [] },
        });
        if let Err(error) = self.stage().change_pressed(token, body).await {
            tracing::info!(%error, "a used button could not be taken away");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_age_by_its_id() {
        let pressed = |message: &str| Pressed {
            id: "0|line||restart api".to_owned(),
            channel: "5".to_owned(),
            message: message.to_owned(),
            rows: Vec::new(),
        };
        let posted: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let id = ((posted.as_millisecond() - DISCORD_EPOCH_MS) << 22).to_string();
        assert_eq!(pressed(&id).posted(), Some(posted));
        assert_eq!(pressed("nonsense").posted(), None);
    }
}
