//! What Alertmanager and Grafana send: alerts with labels and annotations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Refusal;
use crate::incident::{Alert, AlertState, Severity, Source};
use crate::say;
use crate::text::{Clean, Name, Redactor};

type Words = BTreeMap<String, String>;

/// Labels and annotations that are shown; more are left out.
const MOST_DETAILS: usize = 40;
/// Signs of each of them.
const LONGEST_DETAIL: usize = 600;
const LONGEST_WHAT: usize = 160;

/// In order: the first one that an alert has says which host, stack or service it is about.
const HOST: &[&str] = &["host", "hostname", "node", "nodename", "instance"];
const STACK: &[&str] = &[
    "stack",
    "project",
    "compose_project",
    "com_docker_compose_project",
    "container_label_com_docker_compose_project",
    "namespace",
];
const SERVICE: &[&str] = &[
    "service",
    "compose_service",
    "com_docker_compose_service",
    "container_label_com_docker_compose_service",
    "container",
    "container_name",
    "job",
];
const SUMMARY: &[&str] = &["summary", "message", "title", "description"];

#[derive(Debug, Deserialize)]
struct Payload {
    alerts: Vec<Theirs>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Theirs {
    status: String,
    labels: Words,
    #[serde(default)]
    annotations: Words,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
    #[serde(default, rename = "valueString")]
    value_string: String,
}

pub(super) fn read(body: &[u8], source: Source, now: Timestamp) -> Result<Vec<Alert>, Refusal> {
    let payload: Payload = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let alerts = payload.alerts.into_iter().enumerate();
    alerts
        .map(|(index, theirs)| {
            alert(&theirs, source, now)
                .map_err(|why| Refusal::Malformed(say!("alert {} of the list: {}", index + 1, why)))
        })
        .collect()
}

pub(super) fn malformed(error: &serde_json::Error) -> Refusal {
    let why = Redactor::shapes_only().clean(&error.to_string());
    Refusal::Malformed(say!("the body cannot be read: {}", why))
}

fn alert(theirs: &Theirs, source: Source, now: Timestamp) -> Result<Alert, Clean> {
    let labels = &theirs.labels;
    let name = labels.get("alertname").filter(|name| !name.is_empty());
    let name = name.ok_or("`labels.alertname` is missing")?;
    let (state, at) = match theirs.status.as_str() {
        "firing" => (AlertState::Firing, theirs.starts_at),
        "resolved" => (AlertState::Resolved, theirs.ends_at),
        _ => return Err("`status` must be `firing` or `resolved`".into()),
    };
    let (host, stack, service) = (
        first(labels, HOST),
        first(labels, STACK),
        first(labels, SERVICE),
    );
    let taken = [&host, &stack, &service].map(|found| found.map(|(key, _)| key));
    let value = |found: Option<(&str, &str)>| {
        found.map_or(String::new(), |(_, value)| Name::new(value).to_string())
    };
    let redactor = Redactor::shapes_only();
    let summary = first(&theirs.annotations, SUMMARY).map_or(name.as_str(), |(_, text)| text);
    Ok(Alert {
        source,
        host: host.map_or(String::new(), |(key, value)| host_name(key, value)),
        stack: value(stack),
        service: value(service),
        what: what(name, labels, &taken),
        state,
        severity: severity(labels.get("severity").map_or("", String::as_str)),
        summary: redactor.clean(&one_line(summary)),
        details: details(theirs),
        route: labels.get("route").cloned(),
        at: at.filter(|at| *at > Timestamp::UNIX_EPOCH).unwrap_or(now),
    })
}

fn first<'w>(words: &'w Words, keys: &[&'static str]) -> Option<(&'static str, &'w str)> {
    keys.iter().find_map(|key| {
        let value = words.get(*key).filter(|value| !value.is_empty())?;
        Some((*key, value.as_str()))
    })
}

/// `instance` has a port that says nothing of the host.
fn host_name(key: &str, value: &str) -> String {
    let host = match value.rsplit_once(':') {
        Some((host, port)) if key == "instance" && port.parse::<u16>().is_ok() => host,
        _ => value,
    };
    Name::new(host).to_string()
}

/// The alert's name, with every label that tells it from its likes: two disks of one host are two
/// troubles. Its severity is none of those: the same trouble gets worse.
fn what(name: &str, labels: &Words, taken: &[Option<&str>]) -> String {
    let mut what = Name::new(name).to_string();
    for (key, value) in labels {
        let known = ["alertname", "severity", "route"].contains(&key.as_str());
        if !known && !taken.contains(&Some(key.as_str())) {
            let (key, value) = (Name::new(key), Name::new(value));
            what.extend(["/", key.as_str(), ":", value.as_str()]);
        }
    }
    if what.chars().count() <= LONGEST_WHAT {
        return what;
    }
    let digest = <sha2::Sha256 as sha2::Digest>::digest(what.as_bytes());
    let digest: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let head: String = what.chars().take(LONGEST_WHAT - 13).collect();
    format!("{head}/{digest}")
}

/// What its sender calls it.
pub(super) fn alert_name(what: &str) -> &str {
    what.split('/').next().unwrap_or_default()
}

pub(super) fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "critical" | "page" | "error" | "emergency" | "fatal" | "high" | "p1" => Severity::Critical,
        "info" | "none" | "low" | "notice" | "p4" | "p5" => Severity::Info,
        _ => Severity::Warning,
    }
}

fn details(theirs: &Theirs) -> Vec<(Clean, Clean)> {
    let links = [
        ("value", theirs.value_string.as_str()),
        ("source", theirs.generator_url.as_str()),
    ];
    let words = theirs.annotations.iter().chain(&theirs.labels);
    let words = words.map(|(key, value)| (key.as_str(), value.as_str()));
    let shown = words.chain(links).filter(|(_, value)| !value.is_empty());
    shown
        .take(MOST_DETAILS)
        .map(|(key, value)| detail(key, value))
        .collect()
}

pub(super) fn detail(key: &str, value: &str) -> (Clean, Clean) {
    let short: String = value.chars().take(LONGEST_DETAIL).collect();
    let raw = crate::text::Raw::new(short);
    (
        Name::new(key).into(),
        Redactor::shapes_only().value(key, &raw),
    )
}

pub(super) fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or_default()
        .chars()
        .take(LONGEST_DETAIL)
        .collect()
}
