//! Buttons that begin something: each works once and not for ever. What a button types is done like
//! any line; here is only whether this press of it still counts.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::door::Slack;
use super::outbox::SOON;
use crate::access::Caller;
use crate::chat::press::{Unclaimed, begins};
use crate::live::Place;

/// A button as Slack tells of its press, with the message it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    id: String,
    channel: String,
    ts: String,
    /// Only one person sees the message, so only Slack's answer URL can change it.
    ephemeral: bool,
    text: Value,
    blocks: Vec<Value>,
}

impl Pressed {
    pub(super) fn read(payload: &Value) -> Option<Self> {
        let word = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        let text = |pointer: &str| word(pointer).map(str::to_owned);
        let flag = payload.pointer("/container/is_ephemeral");
        let blocks = payload.pointer("/message/blocks").and_then(Value::as_array);
        Some(Self {
            id: text("/actions/0/action_id")?,
            channel: text("/container/channel_id").or_else(|| text("/channel/id"))?,
            ts: text("/container/message_ts").or_else(|| text("/message/ts"))?,
            ephemeral: flag.and_then(Value::as_bool).unwrap_or_default(),
            text: payload
                .pointer("/message/text")
                .cloned()
                .unwrap_or_default(),
            blocks: blocks.cloned().unwrap_or_default(),
        })
    }

    fn key(&self) -> String {
        format!("{}/{}/{}", self.channel, self.ts, self.id)
    }

    /// A message's id is the time it was posted at.
    fn posted(&self) -> Option<Timestamp> {
        let seconds = self.ts.split('.').next()?.parse().ok()?;
        Timestamp::from_second(seconds).ok()
    }

    /// The message without this button.
    fn without(&self) -> Vec<Value> {
        let mut blocks = self.blocks.clone();
        for block in &mut blocks {
            if let Some(elements) = block.get_mut("elements").and_then(Value::as_array_mut) {
                elements.retain(|element| {
                    element.get("action_id").and_then(Value::as_str) != Some(&self.id)
                });
            }
        }
        let bare = |block: &Value| {
            let elements = block.get("elements").and_then(Value::as_array);
            elements.is_some_and(Vec::is_empty)
        };
        blocks.retain(|block| !bare(block));
        blocks
    }
}

impl Slack {
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
            return self.whisper(place, &unclaimed.message(line)).await;
        }
        let (work, strike) = (self.line(place, caller, line), self.strike(place, pressed));
        self.listener.begin(&key, work, strike).await;
    }

    /// The button is gone from its message. Where Slack does not let us, it stays and does nothing;
    /// so it does in a message that still lives, whose next edit must not meet an older one.
    async fn strike(&self, place: &Place, pressed: &Pressed) {
        if pressed.blocks.is_empty() || self.listener.lives(&pressed.channel, &pressed.ts).await {
            return;
        }
        let (text, blocks) = (&pressed.text, pressed.without());
        let struck = if pressed.ephemeral {
            let usable = |url: &&str| self.stage().use_ticket(url);
            let Some(url) = place.ticket.as_deref().filter(usable) else {
                return;
            };
            let body = json!({ "replace_original": true, "text": text, "blocks": blocks });
            self.outbox.respond(url, &body).await
        } else {
            let (channel, ts) = (&pressed.channel, &pressed.ts);
            let body = json!({ "channel": channel, "ts": ts, "text": text, "blocks": blocks });
            let edited = self.outbox.json("chat.update", channel, &body, SOON).await;
            edited.map(drop)
        };
        if let Err(error) = struck {
            tracing::info!(%error, "a used button could not be taken away");
        }
    }
}
