//! JSON of anybody's shape, read as the configuration says.

use jiff::Timestamp;
use serde_json::Value;

use super::Refusal;
use super::labelled::{detail, malformed, one_line, severity};
use super::path::{at, filled};
use crate::incident::{Alert, AlertState, Source};
use crate::say;
use crate::text::{Name, Redactor};
use crate::watch::settings::MappingSettings;

/// What senders usually call it when all is well again.
const RESOLVED: &[&str] = &["resolved", "ok", "up", "recovered", "closed", "normal"];

pub(super) fn read(
    body: &[u8],
    mapping: &MappingSettings,
    now: Timestamp,
) -> Result<Vec<Alert>, Refusal> {
    let whole: Value = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let items = match &mapping.alerts {
        None => std::slice::from_ref(&whole),
        Some(path) => {
            let list = at(&whole, path).and_then(Value::as_array);
            let shown = Redactor::shapes_only().clean(path);
            list.ok_or_else(|| Refusal::Malformed(say!("there is no list at `{}`", shown)))?
        }
    };
    items.iter().map(|item| alert(item, mapping, now)).collect()
}

fn alert(item: &Value, mapping: &MappingSettings, now: Timestamp) -> Result<Alert, Refusal> {
    let text = |path: &Option<String>| path.as_ref().map(|path| filled(item, path));
    let name = |path: &Option<String>| {
        text(path).map_or(String::new(), |text| Name::new(text.trim()).to_string())
    };
    let what = name(&mapping.what);
    if what.is_empty() {
        let shown = Redactor::shapes_only().clean(mapping.what.as_deref().unwrap_or_default());
        return Err(Refusal::Malformed(say!(
            "nothing is at `{}`, where `what` is read",
            shown
        )));
    }
    let summary = text(&mapping.summary).filter(|text| !text.trim().is_empty());
    let details = mapping.details.iter();
    let redactor = Redactor::shapes_only();
    Ok(Alert {
        source: Source::Generic,
        host: name(&mapping.host),
        stack: name(&mapping.stack),
        service: name(&mapping.service),
        state: state(&text(&mapping.state).unwrap_or_default(), &mapping.resolved),
        severity: severity(&text(&mapping.severity).unwrap_or_default()),
        summary: redactor.clean(&one_line(summary.as_ref().unwrap_or(&what))),
        what,
        details: details
            .map(|(key, path)| detail(key.as_str(), &filled(item, path)))
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        route: text(&mapping.route).filter(|route| !route.is_empty()),
        at: now,
    })
}

fn state(found: &str, resolved: &[String]) -> AlertState {
    let found = found.trim();
    let means = |word: &str| word.eq_ignore_ascii_case(found);
    let is_over = if resolved.is_empty() {
        RESOLVED.iter().any(|word| means(word))
    } else {
        resolved.iter().any(|word| means(word))
    };
    if is_over {
        AlertState::Resolved
    } else {
        AlertState::Firing
    }
}
