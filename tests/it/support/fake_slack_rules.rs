//! What Slack demands of a request: its parameters as the published description names them, Block
//! Kit's limits, the pace.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::descriptions::description;

/// Newer than the published description of the Web API.
const NEWER: &[&str] = &[
    "apps.connections.open",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
];

fn spec() -> Option<&'static Value> {
    static SPEC: OnceLock<Option<Value>> = OnceLock::new();
    SPEC.get_or_init(|| description("Slack", "slack-web-openapi-v2.json"))
        .as_ref()
}

/// What is wrong with the parameters of a call: their names and their types.
pub(super) fn against_spec(method: &str, body: &Value, is_json: bool) -> Vec<String> {
    let Some(spec) = spec().filter(|_| !NEWER.contains(&method)) else {
        return Vec::new();
    };
    let Some(path) = spec["paths"].get(format!("/{method}")) else {
        return vec![format!("Slack has no method `{method}`")];
    };
    let call = path.as_object().unwrap().values().next().unwrap();
    let known = call["parameters"].as_array().unwrap();
    let given = body.as_object().cloned().unwrap_or_default();
    let is_known = |name: &&String| known.iter().any(|known| known["name"] == **name);
    let unknown = given
        .keys()
        .filter(|name| !is_known(name))
        .map(|name| format!("`{method}` has no parameter `{name}`"));
    let missing = known
        .iter()
        .filter(|known| known["required"] == true && known["name"] != "token")
        .filter(|known| !given.contains_key(known["name"].as_str().unwrap()))
        .map(|known| format!("`{method}` needs {}", known["name"]));
    let mistyped = given.iter().filter_map(|(name, value)| {
        let spec = known.iter().find(|known| known["name"] == **name)?;
        let wanted = spec["type"].as_str()?;
        let fits = fits(wanted, name, value, is_json);
        (!fits).then(|| format!("`{method}`: `{name}` is no {wanted}: {value}"))
    });
    unknown.chain(missing).chain(mistyped).collect()
}

/// In JSON, what the description calls a string of JSON is the JSON itself. In a form everything is
/// text and has to read as what it is.
fn fits(wanted: &str, name: &str, value: &Value, is_json: bool) -> bool {
    if !is_json {
        let text = value.as_str().unwrap();
        return match wanted {
            "boolean" => matches!(text, "true" | "false" | "0" | "1"),
            "integer" | "number" => text.parse::<f64>().is_ok(),
            _ => true,
        };
    }
    match (wanted, name) {
        ("string", "blocks" | "attachments") => value.is_array(),
        ("string", "view") => value.is_object(),
        ("string", _) => value.is_string(),
        ("boolean", _) => value.is_boolean(),
        ("integer", _) => value.is_i64(),
        ("number", _) => value.is_number(),
        (other, _) => panic!("the description has a new type: {other}"),
    }
}

/// JSON or a form, as an object; whether it was JSON.
pub(super) fn decode(headers: &HeaderMap, body: &[u8]) -> (Value, bool) {
    let kind = headers
        .get("content-type")
        .map_or("", |kind| kind.to_str().unwrap());
    if kind.starts_with("application/json") {
        assert!(
            kind.ends_with("charset=utf-8"),
            "Slack warns without: {kind}"
        );
        return (serde_json::from_slice(body).unwrap(), true);
    }
    assert_eq!(kind, "application/x-www-form-urlencoded");
    let text = std::str::from_utf8(body).unwrap();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let fields: Map<String, Value> = pairs
        .map(|(key, value)| (key.to_owned(), percent_decoded(value).into()))
        .collect();
    (Value::Object(fields), false)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// Whether one more now is still within the rate.
pub(super) fn in_pace(lane: &mut VecDeque<Instant>, most: usize, within: Duration) -> bool {
    let now = Instant::now();
    while lane.front().is_some_and(|first| now - *first > within) {
        lane.pop_front();
    }
    lane.push_back(now);
    lane.len() <= most
}

pub(super) fn length(value: &Value) -> usize {
    value.as_str().unwrap_or_default().chars().count()
}

/// Block Kit's limits for a message, the undocumented total among them.
pub(crate) fn message(body: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if length(&body["text"]) == 0 {
        broken.push("a message has no text to fall back to".to_owned());
    }
    if length(&body["text"]) > 4000 {
        broken.push("the text is too long".to_owned());
    }
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    if blocks.len() > 50 {
        broken.push(format!("{} blocks", blocks.len()));
    }
    let total: usize = blocks.iter().map(characters).sum();
    if total > 13_200 {
        broken.push(format!("msg_blocks_too_long: {total}"));
    }
    broken.extend(blocks.iter().flat_map(block));
    broken
}

/// Characters that people read.
fn characters(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(characters).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if key == "text" => text.chars().count(),
                Value::String(_) => 0,
                value => characters(value),
            })
            .sum(),
        _ => 0,
    }
}

fn block(block: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let mut limit = |what: &str, is: usize, most: usize| {
        if is > most {
            broken.push(format!("{what}: {is}, at most {most}"));
        }
    };
    match block["type"].as_str().unwrap() {
        "header" => limit("a header", length(&block["text"]["text"]), 150),
        "section" => {
            let fields = block["fields"].as_array().cloned().unwrap_or_default();
            limit("fields", fields.len(), 10);
            for field in &fields {
                limit("a field", length(&field["text"]), 2000);
            }
            limit("a section", length(&block["text"]["text"]), 3000);
            let empty = fields.is_empty() && length(&block["text"]["text"]) == 0;
            limit("empty sections", usize::from(empty), 0);
        }
        "context" => limit("context", block["elements"].as_array().unwrap().len(), 10),
        "actions" => {
            let buttons = block["elements"].as_array().unwrap();
            limit("buttons", buttons.len(), 25);
            for button in buttons {
                limit("a label", length(&button["text"]["text"]), 75);
                limit("a value", length(&button["value"]), 2000);
                limit("an id", length(&button["action_id"]), 255);
            }
            let ids: std::collections::BTreeSet<&str> = buttons
                .iter()
                .map(|button| button["action_id"].as_str().unwrap())
                .collect();
            limit("ids that repeat", buttons.len() - ids.len(), 0);
        }
        other => limit(other, 1, 0),
    }
    broken
}
