//! The form for a runbook's values: at most five fields, as Discord has it, and the answers that come
//! back.

use serde_json::{Value, json};

use crate::bot::Answers;
use crate::say;
use crate::text::{Action, Clean, Field, Form, Input, Line, Message, Style, fit};

const FIELDS: usize = 5;
const TITLE: usize = 45;
const LABEL: usize = 45;
const HINT: usize = 100;
const LONGEST: u32 = 1000;
const ID: usize = 100;

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

/// Text inputs only: Discord has menus in forms, but serenity loses what was picked in them.
fn field(field: &Field) -> Option<Value> {
    let id = format!("{FIELD}{}", field.name);
    if id.chars().count() > ID {
        return None;
    }
    let mut input = json!({
        "type": 4,
        "custom_id": id,
        "style": 1,
        "label": fit(field.name.as_str(), LABEL),
        "required": field.required,
        "max_length": LONGEST,
    });
    let (preset, hint) = (Clean::join(&field.preset, ","), hint(field));
    if !preset.is_empty() {
        set(&mut input, "value", preset.as_str().into());
    }
    if !hint.is_empty() {
        set(&mut input, "placeholder", fit(&hint, HINT).into());
    }
    Some(json!({ "type": 1, "components": [input] }))
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), to);
    }
}

/// What stands in an empty field: what to choose from, or what it means.
fn hint(field: &Field) -> String {
    let what = match &field.input {
        Input::Choice { of, .. } => {
            let values: Vec<&str> = of.iter().map(|choice| choice.value.as_str()).collect();
            values.join(", ")
        }
        Input::YesOrNo => "true or false".to_owned(),
        Input::Whole { min, max } => between(*min, *max),
        Input::Text { like } => like.as_str().to_owned(),
    };
    match field.help.as_str() {
        "" => what,
        help if what.is_empty() => help.to_owned(),
        help => format!("{help}: {what}"),
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
            let text = fields.get("value").and_then(Value::as_str);
            let texts = text.into_iter().map(str::to_owned);
            answers.insert(name.to_owned(), texts.collect());
        }
        _ => {}
    }
}

/// What is missing, and how to give it, where no form can be opened.
pub(super) fn by_hand(form: &Form) -> Message {
    let missing = form.fields.iter().filter(|field| field.required);
    let names: Vec<Clean> = missing.map(|field| Clean::from(&field.name)).collect();
    let first = Line::new()
        .code(form.line.clone())
        .plain(say!(" needs {}", Clean::join(&names, ", ")));
    let values: Vec<Clean> = names.iter().map(|name| say!("{}=…", name)).collect();
    let typed = say!("{} {}", form.line, Clean::join(&values, " "));
    Message::new()
        .line(first)
        .line(Line::new().dim("give them as ").code(typed))
}

/// What is wrong with answers, with the form offered again.
pub(super) fn objected(line: &str, objections: &[crate::text::Objection]) -> Message {
    let message = Message::new().line(Line::new().styled(Style::Bad, "nothing was done"));
    let why = |objection: &crate::text::Objection| {
        Line::new()
            .strong(&objection.field)
            .plain(say!(": {}", objection.why))
    };
    let line = crate::text::Redactor::shapes_only().clean(line);
    message
        .list(objections.iter().map(why).collect())
        .action(Action::new("Fill in again", line).style(Style::Good))
}
