//! What Discord sends us, told apart: a command, a press, a filled-in form, a question what could
//! come next. Becomes a wish and a place; nothing is looked up here.

use serde_json::Value;

use super::modal::{self, Form};
use super::rooms::text;
use super::sheet;
use super::typed::chosen;
use crate::bot::Answers;
use crate::live::Place;

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Discord looks whether we are there.
    Ping,
    /// A command.
    Line(String),
    /// A press that types a line.
    Press(String),
    /// A press that has to ask something first.
    Ask(Form),
    /// A form that was filled in.
    Filled { form: Form, text: String },
    /// A runbook's values for this line.
    Values { line: String, answers: Answers },
    /// What could come next in this command.
    Complete(Value),
    /// The text of a message that names something ill.
    Alert(String),
}

/// One interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) id: u64,
    pub(super) application: u64,
    pub(super) token: String,
    pub(super) guild: Option<String>,
    /// As members are written in the configuration: `discord-role:789`.
    pub(super) groups: Vec<String>,
    pub(super) place: Place,
    pub(super) wish: Wish,
}

const PING: u64 = 1;
const COMMAND: u64 = 2;
const PRESS: u64 = 3;
const COMPLETE: u64 = 4;
const FORM: u64 = 5;
/// A command of a message's menu.
const OF_MESSAGE: u64 = 3;

/// `None`: not for us. `main` is the command that holds all words.
pub(super) fn read(main: &str, payload: &Value) -> Option<Came> {
    let kind = payload.get("type").and_then(Value::as_u64)?;
    let id = number(payload, "/id").unwrap_or_default();
    if kind == PING {
        return Some(Came {
            id,
            application: 0,
            token: String::new(),
            guild: None,
            groups: Vec::new(),
            place: Place::default(),
            wish: Wish::Ping,
        });
    }
    let data = payload.get("data")?;
    let wish = match kind {
        COMMAND if data.get("type").and_then(Value::as_u64) == Some(OF_MESSAGE) => alert(data)?,
        COMMAND => Wish::Line(line(main, data)),
        PRESS => press(data)?,
        COMPLETE => Wish::Complete(data.clone()),
        FORM => filled(data)?,
        _ => return None,
    };
    let token = text(payload, "/token")?;
    Some(Came {
        id,
        application: number(payload, "/application_id")?,
        guild: text(payload, "/guild_id"),
        groups: groups(payload),
        place: place(payload, &token)?,
        token,
        wish,
    })
}

fn number(value: &Value, pointer: &str) -> Option<u64> {
    text(value, pointer)?.parse().ok()
}

fn line(main: &str, data: &Value) -> String {
    let command = data.get("name").and_then(Value::as_str);
    chosen(data).line(main, command.unwrap_or(main))
}

/// In a server somebody is a member with roles, elsewhere only a user.
fn place(payload: &Value, token: &str) -> Option<Place> {
    let person = text(payload, "/member/user/id").or_else(|| text(payload, "/user/id"))?;
    let channel = text(payload, "/channel_id").or_else(|| text(payload, "/channel/id"))?;
    Some(Place {
        channel,
        person,
        ticket: Some(token.to_owned()),
        private: payload.get("guild_id").is_none_or(Value::is_null),
        ..Place::default()
    })
}

/// Everybody of a server has the role that has the server's own id.
fn groups(payload: &Value) -> Vec<String> {
    let roles = payload.pointer("/member/roles").and_then(Value::as_array);
    let roles = roles.into_iter().flatten().filter_map(Value::as_str);
    let everybody = payload
        .get("member")
        .and_then(|_| payload.get("guild_id"))
        .and_then(Value::as_str);
    roles
        .chain(everybody)
        .map(|role| format!("discord-role:{role}"))
        .collect()
}

/// `PLACE|KIND|WORD|LINE`, as `text::write` makes the ids of buttons.
fn press(data: &Value) -> Option<Wish> {
    let id = text(data, "/custom_id")?;
    let mut parts = id.splitn(4, '|').skip(1);
    let (kind, word, line) = (parts.next()?, parts.next()?, parts.next()?);
    let form = |word: Option<&str>| {
        Wish::Ask(Form {
            line: line.to_owned(),
            word: word.map(str::to_owned),
        })
    };
    match kind {
        "line" => Some(Wish::Press(line.to_owned())),
        "reason" => Some(form(None)),
        "word" => Some(form(Some(word))),
        _ => None,
    }
}

fn filled(data: &Value) -> Option<Wish> {
    let (id, components) = (text(data, "/custom_id")?, data.get("components")?);
    if let Some(line) = id.strip_prefix(sheet::PREFIX) {
        return Some(Wish::Values {
            line: line.to_owned(),
            answers: sheet::answers(components),
        });
    }
    let form = Form::read(&id)?;
    let text = modal::answer(components).unwrap_or_default();
    Some(Wish::Filled { form, text })
}

/// The words of a message wherever they stand in it.
fn alert(data: &Value) -> Option<Wish> {
    let target = text(data, "/target_id")?;
    let message = data.pointer(&format!("/resolved/messages/{target}"))?;
    let mut words = String::new();
    gather(message, &mut words);
    Some(Wish::Alert(words))
}

fn gather(value: &Value, words: &mut String) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| gather(value, words)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text)
                        if matches!(
                            key.as_str(),
                            "content" | "title" | "description" | "name" | "value" | "text"
                        ) =>
                    {
                        words.push_str(text);
                        words.push('\n');
                    }
                    // names of people are no names of services
                    _ if matches!(key.as_str(), "author" | "mentions") => {}
                    value => gather(value, words),
                }
            }
        }
        _ => {}
    }
}
