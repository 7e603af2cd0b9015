//! A diagnostic bundle: what is known of some containers, one file each, redacted, in a directory
//! of the run's own. Only its owner may read it.

use std::fmt::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use super::act::{Tools, Yield};
use crate::action::Subject;
use crate::action::container::Container;
use crate::action::events::EventQuery;
use crate::action::logs::LogQuery;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// How many of the newest log lines of a container are kept.
const LINES: usize = 1000;

pub(super) async fn collect(
    tools: &Tools<'_>,
    (run, stack): (&str, &str),
    subjects: &[Subject],
) -> Result<Yield, Clean> {
    let place = tools.directory.join("bundles").join(file_name(run));
    let looks = subjects.iter().map(|subject| one(tools, subject));
    let texts = join_all(looks).await;
    let mut written: Vec<String> = Vec::new();
    let files = subjects.iter().zip(texts);
    for (subject, text) in files {
        let file = format!("{}.txt", file_name(&subject.name));
        save(&place, &file, text.as_str()).map_err(|error| unwritable(&place, &error))?;
        written.push(file);
    }
    let shown = Redactor::shapes_only().clean(&place.display().to_string());
    let what = if stack.is_empty() {
        "containers"
    } else {
        stack
    };
    Ok(Yield {
        data: json!({ "path": place.display().to_string(), "files": written }),
        text: say!(
            "{} files about {} in {}",
            written.len(),
            Name::new(what),
            shown
        ),
        failed: None,
    })
}

fn unwritable(place: &Path, error: &io::Error) -> Clean {
    let text = format!("cannot write to `{}`: {error}", place.display());
    Redactor::shapes_only().clean(&text)
}

/// A name that stays in its directory.
fn file_name(name: &str) -> String {
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() || "_.-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(keep).collect();
    name.trim_start_matches('.').to_owned()
}

fn save(place: &Path, file: &str, text: &str) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(place)?;
    let path: PathBuf = place.join(file);
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// Everything about one container. What cannot be read is said where it would stand.
async fn one(tools: &Tools<'_>, subject: &Subject) -> Clean {
    let container = tools.engine.container(&subject.id).await;
    let settings = match &container {
        Ok(container) => described(container, tools.redactor),
        Err(error) => error.to_string(),
    };
    let parts = [
        ("settings and state", settings),
        ("use", use_of(tools, subject).await),
        ("events of the last hour", events(tools, subject).await),
        ("log, the newest lines", logs(tools, subject).await),
    ];
    let mut text = String::new();
    for (title, part) in parts {
        // writing to a string cannot fail
        let _infallible = writeln!(text, "== {title}\n\n{}\n", part.trim_end());
    }
    tools.redactor.clean(&text)
}

fn described(container: &Container, redactor: &Redactor) -> String {
    let state = &container.state;
    let mut lines = vec![
        format!("name      {}", container.name),
        format!("id        {}", container.id),
        format!("image     {} ({})", container.image, container.image_id),
        format!("status    {}", state.status.word()),
        format!("restarts  {}", container.restart_count),
        format!("policy    {}", container.restart_policy.name),
    ];
    lines.extend(state.exit_code.map(|code| format!("exit code {code}")));
    if let Some(health) = &state.health {
        lines.push(format!("health    {}", health.status.word()));
        for result in &health.log {
            let output = redactor.raw(&result.output);
            lines.push(format!(
                "  exit {}: {}",
                result.exit_code,
                output.as_str().trim_end()
            ));
        }
    }
    lines.extend(
        container
            .limits
            .memory
            .map(|bytes| format!("memory    {bytes} bytes at most")),
    );
    lines.extend(
        container
            .limits
            .cpus
            .map(|cpus| format!("cpus      {cpus}")),
    );
    for (name, value) in &container.settings.environment {
        lines.push(format!("env       {name}={}", redactor.value(name, value)));
    }
    for mount in &container.mounts {
        lines.push(format!(
            "mount     {} {} -> {}",
            mount.kind, mount.source, mount.destination
        ));
    }
    for one in &container.networks {
        lines.push(format!("network   {} {}", one.network, one.address));
    }
    lines.join("\n")
}

async fn use_of(tools: &Tools<'_>, subject: &Subject) -> String {
    match tools.engine.stats(&subject.id).await {
        Ok(stats) => format!(
            "cpus {:.2}, memory {} bytes, pids {}",
            stats.cpus_used, stats.memory_used, stats.pids
        ),
        Err(error) => error.to_string(),
    }
}

async fn events(tools: &Tools<'_>, subject: &Subject) -> String {
    let now = tools.clock.now();
    let query = EventQuery {
        since: now.checked_sub(SignedDuration::from_hours(1)).ok(),
        until: Some(now),
        container: Some(subject.id.clone()),
    };
    match tools.engine.events(&query).await {
        Ok(events) => {
            let lines = events
                .iter()
                .map(|event| format!("{} {}", event.at, event.action));
            lines.collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.to_string(),
    }
}

async fn logs(tools: &Tools<'_>, subject: &Subject) -> String {
    let query = LogQuery {
        tail: Some(LINES),
        ..LogQuery::default()
    };
    match tools.engine.logs(&subject.id, &query).await {
        Ok(lines) => {
            let line = |line: &crate::action::logs::LogLine| {
                let at = line.at.map(|at| at.to_string()).unwrap_or_default();
                format!("{at} {}", tools.redactor.raw(&line.text))
            };
            lines.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.to_string(),
    }
}
