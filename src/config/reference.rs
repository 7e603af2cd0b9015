//! The JSON Schema for editors and the page for people, both written from the settings' types.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Config;

/// The JSON Schema of the configuration file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Config);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Written from the settings' types by `UPDATE_GENERATED=1 cargo test --test it config`. -->

One YAML file, given by `--config FILE`. Without the flag: `dogwatch.yaml` in the working
directory, then `~/.config/dogwatch/dogwatch.yaml`, then `/etc/dogwatch/dogwatch.yaml`. Every key
may be left out; with an empty file Dogwatch has the engine of this machine, the console, an
embedded database and no chat. `dogwatch check` tells all that is wrong with a file, with places.

In values, `${NAME}` takes an environment variable, `${NAME:-default}` does so with a default, and
`${file:PATH}` takes a file's content (a relative path starts at the configuration's directory).
What is missing or empty is an error; `${NAME:-}` says that it may be. `$${` is a literal `${`.

A changed file is taken up within seconds, or at once on SIGHUP. A wrong one changes nothing and
is reported.
";

/// The reference page.
pub fn reference() -> String {
    let schema = schemars::schema_for!(Config).to_value();
    let definitions = schema.get("$defs").and_then(Value::as_object);
    let page = Page {
        definitions: definitions.cloned().unwrap_or_default(),
    };
    let mut out = INTRODUCTION.to_owned();
    page.section(&mut out, "", &schema);
    out
}

struct Page {
    definitions: Map<String, Value>,
}

impl Page {
    /// The keys of one section as a table, then the sections in it.
    fn section(&self, out: &mut String, path: &str, section: &Value) {
        let mut rows = String::new();
        let mut inner = Vec::new();
        let keys = section.get("properties").and_then(Value::as_object);
        for (key, value) in keys.into_iter().flatten() {
            let below = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            match self.inner(value) {
                Some((name, section)) => inner.push((format!("{below}{name}"), section, value)),
                None => Self::row(&mut rows, key, value),
            }
        }
        if !rows.is_empty() {
            out.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
            out.push_str(&rows);
        }
        for (path, section, value) in inner {
            push(
                out,
                format_args!("\n## `{path}`\n\n{}\n", words(value, &section)),
            );
            self.section(out, &path, &section);
        }
    }

    fn row(out: &mut String, key: &str, value: &Value) {
        let default = match value.get("default") {
            None | Some(Value::Null) => String::new(),
            Some(default) if default.is_array() || default.is_string() => format!("`{default}`"),
            Some(_) => String::new(),
        };
        let kind = Self::kind(value);
        let meaning = words(value, &Value::Null).replace('|', "\\|");
        push(
            out,
            format_args!("| `{key}` | {kind} | {default} | {meaning} |\n"),
        );
    }

    /// The section a key leads to, and what its path shows for names that people choose.
    fn inner(&self, value: &Value) -> Option<(&'static str, Value)> {
        let value = self.resolve(value);
        if value.get("properties").is_some() {
            return Some(("", value));
        }
        let named = self.resolve(value.get("additionalProperties")?);
        named
            .get("properties")
            .is_some()
            .then_some((".NAME", named))
    }

    fn resolve(&self, value: &Value) -> Value {
        let options = value.get("anyOf").and_then(Value::as_array);
        let first = options.and_then(|options| options.first());
        let reference = first.unwrap_or(value).get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|path| path.rsplit('/').next());
        match name.and_then(|name| self.definitions.get(name)) {
            Some(found) => found.clone(),
            None => value.clone(),
        }
    }

    fn kind(value: &Value) -> String {
        if value.get("format").and_then(Value::as_str) == Some("secret") {
            return "secret".to_owned();
        }
        let words = value.get("enum").and_then(Value::as_array);
        if let Some(words) = words {
            let words: Vec<String> = words
                .iter()
                .filter_map(Value::as_str)
                .map(|word| format!("`{word}`"))
                .collect();
            return words.join(", ");
        }
        match value.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(kind_word).collect(),
            Some(Value::String(kind)) if kind == "array" => "list".to_owned(),
            Some(Value::String(kind)) if kind == "object" => "names and lists".to_owned(),
            Some(kind) => kind_word(kind).unwrap_or_default().to_owned(),
            None => String::new(),
        }
    }
}

fn kind_word(kind: &Value) -> Option<&'static str> {
    match kind.as_str()? {
        "string" => Some("text"),
        "boolean" => Some("`true` or `false`"),
        "integer" | "number" => Some("number"),
        "array" => Some("list"),
        _ => None,
    }
}

/// What the key says of itself, else what its section says.
fn words(value: &Value, section: &Value) -> String {
    let description = value
        .get("description")
        .or_else(|| section.get("description"));
    let text = description.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}
