//! `system-config.json`: services that run beside others in one container, how their health is
//! checked, how they are started again, who is told. Reading only; the file is somebody else's.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::setting::PageUrl;
use crate::yaml::{Document, Node, Problems, Value};

/// All services of one file, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    pub services: BTreeMap<String, Registered>,
}

/// One service as its registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Registered {
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `daemon`, `cron` …
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The container it runs in, by its own name or its service's.
    pub container: Option<String>,
    pub health_check: Option<HealthCheck>,
    /// A line for a shell in its container.
    pub restart_cmd: Option<String>,
    pub log_path: Option<String>,
    /// The channel that is told.
    pub notify_on_fail: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthCheck {
    #[serde(rename = "type")]
    pub kind: Option<HealthKind>,
    pub endpoint: Option<PageUrl>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub process_name: Option<String>,
    pub interval_seconds: Option<u32>,
    pub timeout_seconds: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthKind {
    Http,
    Tcp,
    Process,
}

impl HealthKind {
    /// The key without which it cannot be looked at.
    fn needs(self) -> &'static str {
        match self {
            Self::Http => "endpoint",
            Self::Tcp => "port",
            Self::Process => "process_name",
        }
    }
}

/// A file may hold the services at its top, or under `services` beside other things.
#[derive(Debug, Deserialize)]
struct Beside {
    services: BTreeMap<String, Registered>,
}

impl Registry {
    /// `file` is what problems call it. JSON is read as the YAML that it is, which has places.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        // tabs indent nothing in JSON, and are not allowed to in YAML
        let mut document = Document::parse(file, &text.replace('\t', " "))?.foreign();
        let is_beside = document
            .root()
            .find(&["services"])
            .is_some_and(holds_services);
        let services = if is_beside {
            document.read::<Beside>().map(|beside| beside.services)
        } else {
            document.read()
        };
        for (at, message) in gaps(&document, is_beside) {
            document.report(at, message);
        }
        document.finish()?;
        Ok(Self {
            services: services.unwrap_or_default(),
        })
    }
}

/// A service may itself be called `services`; then it has what a service has.
fn holds_services(node: &Node) -> bool {
    let entries = node.entries();
    let is_section = |node: &Node| matches!(node.value, Value::Map(_));
    !entries.is_empty()
        && entries
            .iter()
            .all(|entry| is_section(&entry.node) && entry.key != "health_check")
}

/// Checks that lack what they look at.
fn gaps(document: &Document, is_beside: bool) -> Vec<(std::ops::Range<usize>, String)> {
    let path: &[&str] = if is_beside { &["services"] } else { &[] };
    let services = document.root().find(path).map_or(&[][..], Node::entries);
    let mut gaps = Vec::new();
    for service in services {
        let Some(check) = service.node.entry("health_check") else {
            continue;
        };
        let kind = match check.node.find(&["type"]).and_then(Node::text) {
            Some("http") => HealthKind::Http,
            Some("tcp") => HealthKind::Tcp,
            Some("process") => HealthKind::Process,
            Some(_) => continue,
            None => {
                let message = format!("`health_check` of `{}` needs `type`", service.key);
                gaps.push((check.key_at.clone(), message));
                continue;
            }
        };
        if check.node.entry(kind.needs()).is_none() {
            gaps.push((
                check.key_at.clone(),
                format!(
                    "`health_check` of `{}` needs `{}`",
                    service.key,
                    kind.needs()
                ),
            ));
        }
        if kind == HealthKind::Process && service.node.entry("container").is_none() {
            gaps.push((
                service.key_at.clone(),
                format!(
                    "`{}` needs `container`: a process is looked for in one",
                    service.key
                ),
            ));
        }
    }
    gaps
}
