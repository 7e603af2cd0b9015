//! The form for a runbook's values: at most five fields, as Discord has it, and the answers that come
//! back. What can be chosen is a menu where it fits into one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bot::Answers;
use crate::chat::ask::shown;
use crate::say;
use crate::text::{
    Action, Choice, Clean, Dialect, Field, Form, Input, Line, Message, Objection, Style, fit,
};

const FIELDS: usize = 5;
const TITLE: usize = 45;
const LABEL: usize = 45;
const HINT: usize = 100;
const LONGEST: u32 = 1000;
const ID: usize = 100;
/// What one menu takes, and what one option may be called and hold.
const OPTIONS: usize = 25;
const OPTION: usize = 100;

/// Before the line, in the id of a form.
pub(super) const PREFIX: &str = "values|";
/// Before the name, in the id of a field.
const FIELD: &str = "value|";

/// As the answer to a command or a press; `None` where Discord has no room for it.
pub(super) fn view(form: &Form) -> Option<Value> {
    let id = format!("{PREFIX}{}", form.line);
    let needed = form.fields.iter().filter(|field| field.required).count();
    let fits = needed <= FIELDS && !form.fields.is_empty() && id.chars().count() <= ID;
    if !fits {
        return None;
    }
    // what has to be given stands first
    let fields: Option<Vec<Value>> = form.fields.iter().take(FIELDS).map(field).collect();
    Some(json!({
        "type": 9,
        "data": {
            "custom_id": id,
            "title": fit(form.title.as_str(), TITLE),
            "components": fields?,
        },
    }))
}

/// The form with what was filled in before. What the redactor would hide does not travel again.
pub(super) fn kept(mut form: Form, draft: &Answers) -> Form {
    for field in &mut form.fields {
        let Some(values) = draft.get(field.name.as_str()) else {
            continue;
        };
        let clean = values.iter().map(|value| (value, shown(value)));
        field.preset = clean
            .filter(|(value, clean)| !value.is_empty() && clean.as_str() == value.as_str())
            .map(|(_, clean)| clean)
            .collect();
    }
    form
}

fn field(field: &Field) -> Option<Value> {
    let id = format!("{FIELD}{}", field.name);
    if id.chars().count() > ID {
        return None;
    }
    let mut input = menu(field).unwrap_or_else(|| text(field));
    set(&mut input, "custom_id", id.into());
    set(&mut input, "required", field.required.into());
    let label = fit(field.name.as_str(), LABEL);
    let mut label = json!({ "type": 18, "label": label, "component": input });
    if !field.help.is_empty() {
        let help = fit(&plain(field.help.as_str()), HINT);
        set(&mut label, "description", help.into());
    }
    Some(label)
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), to);
    }
}

fn plain(text: &str) -> String {
    Dialect::Plain.escape(text).replace('\n', " ")
}

/// Everything there is to choose from, or `None` where a menu could not hold it: half a list would
/// look like a whole one.
fn menu(field: &Field) -> Option<Value> {
    let (options, many) = match &field.input {
        Input::YesOrNo => (vec![("true", "yes"), ("false", "no")], false),
        Input::Choice { of, many } => (fitting(of)?, *many),
        Input::Text { .. } | Input::Whole { .. } => return None,
    };
    let most = if many { options.len() } else { 1 };
    let mut left = most;
    let mut option = |(value, label): &(&str, &str)| {
        let is_preset = left > 0 && field.preset.iter().any(|preset| preset.as_str() == *value);
        left -= usize::from(is_preset);
        json!({ "value": value, "label": plain(label), "default": is_preset })
    };
    Some(json!({
        "type": 3,
        "options": options.iter().map(&mut option).collect::<Vec<_>>(),
        "min_values": u8::from(field.required),
        "max_values": most,
    }))
}

fn fitting(of: &[Choice]) -> Option<Vec<(&str, &str)>> {
    let values: BTreeSet<&str> = of.iter().map(|choice| choice.value.as_str()).collect();
    let is_short = |value: &&str| (1..=OPTION).contains(&value.chars().count());
    let fits = (1..=OPTIONS).contains(&values.len()) && values.iter().all(is_short);
    fits.then(|| values.into_iter().map(|value| (value, value)).collect())
}

fn text(field: &Field) -> Value {
    let mut input = json!({ "type": 4, "style": 1, "max_length": LONGEST });
    let (preset, hint) = (Clean::join(&field.preset, ","), hint(&field.input));
    if !preset.is_empty() {
        set(&mut input, "value", preset.as_str().into());
    }
    if !hint.is_empty() {
        set(&mut input, "placeholder", fit(&plain(&hint), HINT).into());
    }
    input
}

/// What stands in an empty field: what to choose from, or what it is like.
fn hint(input: &Input) -> String {
    match input {
        Input::Choice { of, .. } => {
            let values: Vec<&str> = of.iter().map(|choice| choice.value.as_str()).collect();
            values.join(", ")
        }
        Input::YesOrNo => "true or false".to_owned(),
        Input::Whole { min, max } => between(*min, *max),
        Input::Text { like } => like.as_str().to_owned(),
    }
}

fn between(min: Option<i64>, max: Option<i64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("a whole number from {min} to {max}"),
        (Some(min), None) => format!("a whole number, at least {min}"),
        (None, Some(max)) => format!("a whole number, at most {max}"),
        (None, None) => "a whole number".to_owned(),
    }
}

/// What was filled in, wherever it stands.
pub(super) fn answers(components: &Value) -> Answers {
    let mut answers = Answers::new();
    gather(components, &mut answers);
    answers
}

fn gather(value: &Value, answers: &mut Answers) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| gather(value, answers)),
        Value::Object(fields) => {
            let id = fields.get("custom_id").and_then(Value::as_str);
            let Some(name) = id.and_then(|id| id.strip_prefix(FIELD)) else {
                return fields.values().for_each(|value| gather(value, answers));
            };
            let picked = fields.get("values").and_then(Value::as_array);
            let texts = picked.into_iter().flatten().chain(fields.get("value"));
            let texts = texts.filter_map(Value::as_str).map(str::to_owned);
            answers.insert(name.to_owned(), texts.collect());
        }
        _ => {}
    }
}

/// What is wrong with answers, with the form offered again.
pub(super) fn objected(line: &str, objections: &[Objection]) -> Message {
    let message = Message::new().line(Line::new().styled(Style::Bad, "nothing was done"));
    let why = |objection: &Objection| {
        Line::new()
            .strong(&objection.field)
            .plain(say!(": {}", objection.why))
    };
    message
        .list(objections.iter().map(why).collect())
        .action(Action::new("Fill in again", shown(line)).style(Style::Good))
}
