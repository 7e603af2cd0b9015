//! Taking values out of JSON by paths (`check.labels.0.name`), and words with paths in them.

use serde_json::Value;

/// The value at a path; list items are counted from 0. An empty path is the whole.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut steps = path.split('.').filter(|step| !step.is_empty());
    steps.try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// What a mapping's text means for one alert: a path, or words with `{{path}}` in them. Empty where
/// nothing is there.
pub(super) fn filled(value: &Value, text: &str) -> String {
    if !text.contains("{{") {
        return plain(at(value, text.trim()));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((path, behind)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        out.push_str(&plain(at(value, path.trim())));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_sections_and_lists() {
        let json =
            serde_json::json!({"check": {"name": "db", "tags": ["a", "b"]}, "n": 3, "no": null});
        assert_eq!(filled(&json, "check.name"), "db");
        assert_eq!(filled(&json, "check.tags.1"), "b");
        assert_eq!(
            filled(&json, "{{ check.name }} at {{n}}{{no}}{{gone.away}}!"),
            "db at 3!"
        );
        assert_eq!(filled(&json, "check.gone"), "");
        assert_eq!(filled(&json, "{{check.name"), "{{check.name");
    }
}
