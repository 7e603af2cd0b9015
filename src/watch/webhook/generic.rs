//! Our own shape of an alert in JSON, for scripts and programs that know no other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Refusal;
use super::labelled::{detail, malformed, one_line};
use crate::incident::{Alert, AlertState, Severity, Source};
use crate::text::{Name, Redactor};

const MOST_DETAILS: usize = 40;

/// One alert, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Theirs {
    what: String,
    #[serde(default)]
    summary: String,
    #[serde(default = "firing")]
    state: AlertState,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    host: String,
    #[serde(default)]
    stack: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    details: BTreeMap<String, String>,
    route: Option<String>,
    at: Option<Timestamp>,
}

fn firing() -> AlertState {
    AlertState::Firing
}

pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Vec<Alert>, Refusal> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let read = if first == Some(&b'[') {
        serde_json::from_slice::<Vec<Theirs>>(body)
    } else {
        serde_json::from_slice::<Theirs>(body).map(|one| vec![one])
    };
    let alerts = read.map_err(|error| malformed(&error))?;
    alerts
        .into_iter()
        .map(|theirs| alert(theirs, now))
        .collect()
}

fn alert(theirs: Theirs, now: Timestamp) -> Result<Alert, Refusal> {
    let name = |text: &str| Name::new(text.trim()).to_string();
    if theirs.what.trim().is_empty() {
        return Err(Refusal::Malformed(
            "`what` is empty; say what is wrong in a word".into(),
        ));
    }
    let summary = if theirs.summary.trim().is_empty() {
        theirs.what.clone()
    } else {
        one_line(&theirs.summary)
    };
    let details = theirs.details.iter().take(MOST_DETAILS);
    Ok(Alert {
        source: Source::Generic,
        host: name(&theirs.host),
        stack: name(&theirs.stack),
        service: name(&theirs.service),
        what: name(&theirs.what),
        state: theirs.state,
        severity: theirs.severity,
        summary: Redactor::shapes_only().clean(&summary),
        details: details.map(|(key, value)| detail(key, value)).collect(),
        route: theirs.route,
        at: theirs.at.unwrap_or(now),
    })
}
