//! What Slack sends us, told apart: a slash command, a mention, a direct message, a press, a
//! filled-in form, a shortcut. Becomes a wish and a place; nothing is looked up here.

use serde_json::Value;

use super::button::Pressed;
use super::modal::{Filled, Sheet};
use super::typed::{addressed_to_us, typed};
use crate::live::Place;
use crate::text::{Ask, Name};

/// Which of the three doors something came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    Interaction,
    Event,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Line(String),
    /// The same, if the thread is one of ours and the line is a command.
    Overheard(String),
    /// A press that has to ask something first.
    Ask(Sheet),
    /// A form that was filled in.
    Filled(Sheet, Filled),
    /// The text of a message that names something ill.
    Alert(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) wish: Wish,
    pub(super) place: Place,
    /// What a form can be opened by, once and within three seconds.
    pub(super) trigger: Option<String>,
    pub(super) pressed: Option<Pressed>,
}

impl Asked {
    fn new(wish: Wish, place: Place) -> Self {
        Self {
            wish,
            place,
            trigger: None,
            pressed: None,
        }
    }
}

/// Under what Slack would send the same thing again.
pub(super) fn key(kind: Kind, payload: &Value) -> Option<String> {
    let word = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    match kind {
        Kind::Event => word("/event_id"),
        Kind::Command | Kind::Interaction => word("/trigger_id"),
    }
    .map(str::to_owned)
}

/// `None`: not for us.
pub(super) fn read(kind: Kind, payload: &Value) -> Option<Asked> {
    match kind {
        Kind::Command => command(payload),
        Kind::Interaction => interaction(payload),
        Kind::Event => event(payload.get("event")?),
    }
}

fn word(value: &Value, pointer: &str) -> String {
    optional(value, pointer).unwrap_or_default()
}

fn optional(value: &Value, pointer: &str) -> Option<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn command(payload: &Value) -> Option<Asked> {
    let text = typed(&word(payload, "/text"));
    let line = if text.is_empty() {
        "help".to_owned()
    } else {
        text
    };
    let channel = optional(payload, "/channel_id")?;
    let place = Place {
        private: channel.starts_with('D'),
        channel,
        person: optional(payload, "/user_id")?,
        ticket: optional(payload, "/response_url"),
        ..Place::default()
    };
    Some(Asked {
        trigger: optional(payload, "/trigger_id"),
        ..Asked::new(Wish::Line(line), place)
    })
}

fn interaction(payload: &Value) -> Option<Asked> {
    match payload.get("type").and_then(Value::as_str)? {
        "block_actions" => press(payload),
        "view_submission" => filled(payload),
        "message_action" if word(payload, "/callback_id") == "diagnose_alert" => alert(payload),
        _ => None,
    }
}

fn pressed_at(payload: &Value) -> Option<Place> {
    let channel =
        optional(payload, "/channel/id").or_else(|| optional(payload, "/container/channel_id"))?;
    Some(Place {
        private: channel.starts_with('D'),
        channel,
        person: optional(payload, "/user/id")?,
        thread: optional(payload, "/message/thread_ts"),
        ticket: optional(payload, "/response_url"),
        ..Place::default()
    })
}

fn press(payload: &Value) -> Option<Asked> {
    let line = optional(payload, "/actions/0/value")?;
    let id = word(payload, "/actions/0/action_id");
    let place = pressed_at(payload)?;
    let mut parts = id.splitn(3, ':');
    let ask = match (parts.next(), parts.next(), parts.next()) {
        (Some("line"), ..) => None,
        (Some("reason"), ..) => Some(Ask::Reason),
        (Some("word"), _, Some(wanted)) => Some(Ask::Word(Name::new(wanted))),
        _ => return None,
    };
    let wish = match ask {
        None => Wish::Line(line),
        Some(ask) => Wish::Ask(Sheet::asking(line, &ask, &place)),
    };
    Some(Asked {
        trigger: optional(payload, "/trigger_id"),
        pressed: Pressed::read(payload),
        ..Asked::new(wish, place)
    })
}

fn filled(payload: &Value) -> Option<Asked> {
    let (sheet, filled) = Sheet::read(payload.get("view")?)?;
    let place = Place {
        private: sheet.channel.starts_with('D'),
        channel: sheet.channel.clone(),
        thread: sheet.thread.clone(),
        person: optional(payload, "/user/id")?,
        ..Place::default()
    };
    Some(Asked::new(Wish::Filled(sheet, filled), place))
}

/// The words of a message wherever they stand in it.
fn alert(payload: &Value) -> Option<Asked> {
    let mut place = pressed_at(payload)?;
    place.thread = place.thread.or_else(|| optional(payload, "/message/ts"));
    place.shared = true;
    let mut text = String::new();
    gather_text(payload.get("message")?, &mut text);
    Some(Asked::new(Wish::Alert(typed(&text)), place))
}

fn gather_text(value: &Value, text: &mut String) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| gather_text(value, text)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(words)
                        if matches!(
                            key.as_str(),
                            "text" | "fallback" | "title" | "value" | "pretext"
                        ) =>
                    {
                        text.push_str(words);
                        text.push('\n');
                    }
                    value => gather_text(value, text),
                }
            }
        }
        _ => {}
    }
}

/// What people write. Bots, ourselves among them, and edits are none of our business.
fn event(event: &Value) -> Option<Asked> {
    if event.get("bot_id").is_some() || event.get("subtype").is_some() {
        return None;
    }
    let said = word(event, "/text");
    let (channel, thread) = (optional(event, "/channel")?, optional(event, "/thread_ts"));
    let direct = channel.starts_with('D');
    let mut place = Place {
        channel,
        thread: thread.clone(),
        person: optional(event, "/user")?,
        private: direct,
        shared: true,
        ..Place::default()
    };
    let wish = match event.get("type").and_then(Value::as_str)? {
        "app_mention" if !direct => {
            place.thread = thread.or_else(|| optional(event, "/ts"));
            Wish::Line(typed(&said))
        }
        "message" if direct => Wish::Line(typed(&said)),
        // a mention comes as an event of its own too
        "message" if thread.is_some() && !addressed_to_us(&said) => Wish::Overheard(typed(&said)),
        _ => return None,
    };
    Some(Asked::new(wish, place))
}
