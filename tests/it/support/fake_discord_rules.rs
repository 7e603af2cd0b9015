//! What Discord demands of a request: its body as the published description has it, and the limits
//! that stand in prose only.

use std::sync::OnceLock;

use axum::http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::descriptions::description;

fn spec() -> Option<&'static Value> {
    static SPEC: OnceLock<Option<Value>> = OnceLock::new();
    SPEC.get_or_init(|| description("Discord", "discord-openapi.json"))
        .as_ref()
}

/// What is wrong with a request. `path` is below `/api/v10`.
pub(super) fn against_spec(method: &Method, path: &str, body: &Value) -> Vec<String> {
    let Some(spec) = spec() else {
        return Vec::new();
    };
    let is_meant = |template: &str| {
        let (theirs, ours): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        theirs.len() == ours.len()
            && theirs
                .iter()
                .zip(&ours)
                .all(|(theirs, ours)| theirs.starts_with('{') || theirs == ours)
    };
    let paths = spec["paths"].as_object().unwrap();
    // what is written out stands before what has a hole
    let mut found: Vec<&String> = paths.keys().filter(|template| is_meant(template)).collect();
    found.sort_by_key(|template| template.matches('{').count());
    let Some(template) = found.first() else {
        return vec![format!("Discord has no `{path}`")];
    };
    let Some(call) = paths[*template].get(method.as_str().to_lowercase()) else {
        return vec![format!("`{template}` takes no {method}")];
    };
    let Some(schema) = call.pointer("/requestBody/content/application~1json/schema") else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    check(
        spec,
        schema,
        body,
        &format!("{method} {template}"),
        &mut wrong,
    );
    wrong
}

fn resolve<'s>(spec: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(name) => {
            let pointer = name.trim_start_matches('#');
            resolve(spec, spec.pointer(pointer).unwrap_or(&Value::Null))
        }
        None => schema,
    }
}

fn check(spec: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(spec, schema);
    for union in ["oneOf", "anyOf"] {
        let Some(ways) = schema[union].as_array() else {
            continue;
        };
        let mut best: Option<Vec<String>> = None;
        for way in ways {
            let mut problems = Vec::new();
            // a bare constant describes an enumeration
            match way.get("const") {
                Some(constant) if constant == value => return,
                Some(_) => problems.push(format!("{at}: not {}", way["const"])),
                None => check(spec, way, value, at, &mut problems),
            }
            if best.as_ref().is_none_or(|best| problems.len() < best.len()) {
                best = Some(problems);
            }
        }
        wrong.extend(best.unwrap_or_default());
        return;
    }
    check_kind(schema, value, at, wrong);
    check_size(schema, value, at, wrong);
    match value {
        Value::Object(fields) => check_fields(spec, schema, fields, at, wrong),
        Value::Array(items) if schema.get("items").is_some() => {
            for (index, item) in items.iter().enumerate() {
                check(
                    spec,
                    &schema["items"],
                    item,
                    &format!("{at}[{index}]"),
                    wrong,
                );
            }
        }
        _ => {}
    }
}

fn check_kind(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !kinds.iter().any(is) {
        wrong.push(format!("{at}: {value} is no {}", kinds.join(" or ")));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        wrong.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
}

fn whole(number: usize) -> f64 {
    u32::try_from(number).unwrap().into()
}

fn check_size(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let (size, least, most) = match value {
        Value::String(text) => (whole(text.chars().count()), "minLength", "maxLength"),
        Value::Array(items) => (whole(items.len()), "minItems", "maxItems"),
        Value::Number(number) => (number.as_f64().unwrap(), "minimum", "maximum"),
        _ => return,
    };
    if schema[least].as_f64().is_some_and(|least| size < least)
        || schema[most].as_f64().is_some_and(|most| size > most)
    {
        wrong.push(format!(
            "{at}: {size} is not within {} and {}",
            schema[least], schema[most]
        ));
    }
}

fn check_fields(
    spec: &Value,
    schema: &Value,
    fields: &Map<String, Value>,
    at: &str,
    wrong: &mut Vec<String>,
) {
    for needed in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(needed.as_str().unwrap()) {
            wrong.push(format!("{at}: lacks {needed}"));
        }
    }
    let Some(known) = schema["properties"].as_object() else {
        return;
    };
    for (key, value) in fields {
        match known.get(key) {
            Some(schema) => check(spec, schema, value, &format!("{at}.{key}"), wrong),
            None => wrong.push(format!("{at}: has no `{key}`")),
        }
    }
}

/// JSON, or the JSON beside the files of a form; and those files.
pub(super) fn decode(headers: &HeaderMap, body: &[u8]) -> (Value, Vec<String>) {
    let kind = headers
        .get("content-type")
        .map_or("", |kind| kind.to_str().unwrap());
    let Some((_, boundary)) = kind.split_once("boundary=") else {
        let value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body).unwrap()
        };
        return (value, Vec::new());
    };
    let text = String::from_utf8(body.to_vec()).unwrap();
    let (mut value, mut files) = (Value::Null, Vec::new());
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let content = content.trim_end_matches("\r\n");
        if head.contains("name=\"payload_json\"") {
            value = serde_json::from_str(content).unwrap();
        } else {
            files.push(content.to_owned());
        }
    }
    (value, files)
}

fn length(value: &Value) -> usize {
    value.as_str().unwrap_or_default().chars().count()
}

/// The limits of a message.
pub(crate) fn message(body: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if length(&body["content"]) > 2000 {
        broken.push("the content is too long".to_owned());
    }
    let embeds = body["embeds"].as_array().cloned().unwrap_or_default();
    if length(&body["content"]) == 0 && embeds.is_empty() {
        broken.push("50006: the message is empty".to_owned());
    }
    let mut total = 0;
    for embed in &embeds {
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        let parts = [
            ("a title", length(&embed["title"]), 256),
            ("a description", length(&embed["description"]), 4096),
            ("a footer", length(&embed["footer"]["text"]), 2048),
            ("fields", fields.len(), 25),
        ];
        for (what, is, most) in parts {
            if is > most {
                broken.push(format!("{what}: {is}, at most {most}"));
            }
        }
        let sides = |field: &Value| (length(&field["name"]), length(&field["value"]));
        for (name, value) in fields.iter().map(sides) {
            if !(1..=256).contains(&name) || !(1..=1024).contains(&value) {
                broken.push(format!("a field of {name} and {value}"));
            }
            total += name + value;
        }
        total += parts[..3].iter().map(|(_, is, _)| is).sum::<usize>();
    }
    if total > 6000 {
        broken.push(format!("{total} characters over all embeds"));
    }
    if body["allowed_mentions"]["parse"] != serde_json::json!([]) {
        broken.push("mentions are not said to be none".to_owned());
    }
    broken.extend(buttons(body));
    broken
}

fn buttons(body: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let rows = body["components"].as_array().cloned().unwrap_or_default();
    if rows.len() > 5 {
        broken.push(format!("{} rows of buttons", rows.len()));
    }
    let mut ids = std::collections::BTreeSet::new();
    for row in &rows {
        let buttons = row["components"].as_array().unwrap();
        if buttons.is_empty() || buttons.len() > 5 {
            broken.push(format!("{} buttons in a row", buttons.len()));
        }
        for button in buttons {
            let id = button["custom_id"].as_str().unwrap();
            if !ids.insert(id.to_owned()) {
                broken.push(format!("`{id}` is there twice"));
            }
            if !(1..=100).contains(&length(&button["custom_id"])) || length(&button["label"]) > 80 {
                broken.push(format!("a button: {button}"));
            }
        }
    }
    broken
}

/// Limits of commands that the description does not tell.
pub(super) fn commands(all: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for command in all.as_array().unwrap() {
        let total = characters(command);
        if total > 8000 {
            broken.push(format!(
                "{}: {total} characters, at most 8000",
                command["name"]
            ));
        }
        level(command, &mut broken);
    }
    broken
}

fn level(command: &Value, broken: &mut Vec<String>) {
    let options = command["options"].as_array().cloned().unwrap_or_default();
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let name = command["name"].as_str().unwrap();
    if command["type"] != 3 && !name.chars().all(inside) {
        broken.push(format!("`{name}` is no name"));
    }
    let required: Vec<bool> = options.iter().map(|o| o["required"] == true).collect();
    if required.windows(2).any(|pair| !pair[0] && pair[1]) {
        broken.push(format!(
            "{name}: what has to be given stands behind what has not"
        ));
    }
    for option in &options {
        level(option, broken);
    }
}

fn characters(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(characters).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if ["name", "description", "value"].contains(&key.as_str()) => {
                    text.chars().count()
                }
                Value::String(_) => 0,
                value => characters(value),
            })
            .sum(),
        _ => 0,
    }
}
