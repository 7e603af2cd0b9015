//! The change of a compose file, a Dockerfile or a list of packages that keeps a cause from coming
//! back, as a small diff with the real names. Only where a change is the answer and all of it is known.

mod address;
mod health;
mod image;
mod limits;
mod service;
mod storage;

use serde::{Deserialize, Serialize};

use super::view::View;
use super::{Cause, Finding};
use crate::say;
use crate::text::{Clean, Name};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub file: Clean,
    /// Lines of a diff: a space, `-` or `+`, then the text.
    pub diff: Vec<Clean>,
}

/// One line that goes or comes.
enum Edit {
    Remove(Clean),
    Add(Clean),
}

use Edit::{Add, Remove};

/// What would have kept this finding from happening. A finding about another service than the one
/// that was looked at has its change there, where less is known.
pub(super) fn of(view: &View<'_>, finding: &Finding) -> Option<Change> {
    if finding.service != *view.service {
        return None;
    }
    match finding.cause {
        Cause::OomKilled | Cause::MemoryPressure => limits::memory(view),
        Cause::CpuThrottled => limits::cpus(view),
        Cause::PidsExhausted => limits::pids(view),
        Cause::FdExhausted => in_service(view, &["ulimits"], vec![Add(say!("nofile: 65536"))]),
        Cause::MissingEnv => service::variable(view),
        Cause::SigtermIgnored => in_service(view, &[], vec![Add(say!("init: true"))]),
        Cause::ExitsImmediately => service::foreground(view),
        Cause::PortConflict => service::another_port(view),
        Cause::DependencyNotReady => address::wait_for(view),
        Cause::NetworkIsolated => address::network(view),
        Cause::LocalhostMisuse | Cause::DnsFailure | Cause::ConnectionRefused => {
            address::corrected(view)
        }
        Cause::HealthcheckTimeout => health::timeout(view),
        Cause::HealthcheckStartPeriod => health::start_period(view),
        Cause::HealthcheckWrongTarget => health::port(view),
        Cause::HealthcheckToolMissing => image::tool(view),
        Cause::ExecPermission => image::execute_bit(view),
        Cause::DependencyMissing => image::package(view),
        Cause::VolumePermission => image::owner(view),
        Cause::ReadOnlyFilesystem => storage::writable(view),
        Cause::MountMissing => storage::no_directory_in_its_place(view),
        Cause::DiskFull | Cause::InodesFull => storage::larger_tmpfs(view),
        _ => None,
    }
}

/// Below a service, and below the keys in it.
const INDENTS: [&str; 3] = ["    ", "      ", "        "];

/// A change below a service of the compose file; none for a container that compose did not make.
fn in_service(view: &View<'_>, keys: &[&'static str], edits: Vec<Edit>) -> Option<Change> {
    view.service.stack.as_ref()?;
    let mut diff = vec![say!(" services:"), say!("   {}:", view.name())];
    let path = keys.iter().zip(INDENTS);
    diff.extend(path.map(|(key, indent)| say!(" {}{}:", indent, *key)));
    let indent = INDENTS.get(keys.len()).copied().unwrap_or_default();
    diff.extend(edits.into_iter().map(|edit| edit.line(indent)));
    Some(Change {
        file: compose_file(view),
        diff,
    })
}

/// A change of another file, whose place in it the reader knows.
fn in_file(file: &'static str, edits: Vec<Edit>) -> Change {
    Change {
        file: Clean::from_static(file),
        diff: edits.into_iter().map(|edit| edit.line("")).collect(),
    }
}

impl Edit {
    fn line(self, indent: &'static str) -> Clean {
        match self {
            Remove(text) => say!("-{}{}", indent, text),
            Add(text) => say!("+{}{}", indent, text),
        }
    }
}

/// The name of the file that compose was given, without its directory.
fn compose_file(view: &View<'_>) -> Clean {
    let label = view.setup().and_then(|setup| {
        setup
            .labels
            .get("com.docker.compose.project.config_files")
            .map(String::as_str)
    });
    let first = label.unwrap_or_default().split(',').next();
    let name = first.unwrap_or_default().rsplit('/').next();
    match name {
        Some(name) if !name.is_empty() => Name::new(name).into(),
        _ => Clean::from_static("docker-compose.yml"),
    }
}
