//! The eight points that somebody would look at by hand, each with what was seen there.

use serde::{Deserialize, Serialize};

use super::rank::Case;
use super::view::View;
use super::{Cause, Diagnosis};
use crate::action::container::Status;
use crate::evidence::{Evidence, Fact, Level};
use crate::say;
use crate::text::Clean;

/// How a point came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing wrong there.
    Fine,
    /// The cause is there.
    Cause,
    /// Could not be looked at.
    NotSeen,
}

impl Outcome {
    pub fn mark(self) -> &'static str {
        match self {
            Self::Fine => "✓",
            // not the mark of a check that failed: after a repair this is still where the cause was
            Self::Cause => "!",
            Self::NotSeen => "–",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    pub point: Clean,
    pub outcome: Outcome,
    pub text: Clean,
}

/// Of the service at fault, or of the one asked about where nothing is wrong.
pub fn checklist(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<Point> {
    let root = &diagnosis.root;
    let views = View::all_of(&root.service, case);
    let view = views
        .iter()
        .find(|view| *view.container == root.container)
        .or_else(|| views.first());
    let Some(view) = view else { return Vec::new() };
    let point = |(point, look): &(&'static str, Look)| {
        let is_cause = point_of(root.cause) == Some(*point);
        let seen = if view.is_absent() {
            is_cause.then(|| root.summary.clone())
        } else {
            look(view)
        };
        let outcome = match (&seen, is_cause) {
            (_, true) => Outcome::Cause,
            (Some(_), false) => Outcome::Fine,
            (None, false) => Outcome::NotSeen,
        };
        Point {
            point: Clean::from_static(point),
            outcome,
            text: seen.unwrap_or(unseen(view)),
        }
    };
    POINTS.iter().map(point).collect()
}

fn unseen(view: &View<'_>) -> Clean {
    if view.is_absent() {
        say!("it has no container")
    } else {
        say!("could not be looked at")
    }
}

type Look = fn(&View<'_>) -> Option<Clean>;

const POINTS: &[(&str, Look)] = &[
    ("logs", logs),
    ("environment", environment),
    ("ports", ports),
    ("volume permissions", volumes),
    ("memory and cpu", use_of_resources),
    ("network", network),
    ("configuration", configuration),
    ("engine", engine),
];

/// Under which point somebody would have found this; none where nothing was found.
fn point_of(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::None | Cause::Inconclusive => return None,
        Cause::AppCrash
        | Cause::Segfault
        | Cause::Aborted
        | Cause::DependencyMissing
        | Cause::MissingFile
        | Cause::SchemaMissing
        | Cause::DatabaseMissing
        | Cause::AuthFailed
        | Cause::ConnectionsExhausted
        | Cause::RateLimited
        | Cause::LockContention
        | Cause::ConsumerLag => "logs",
        Cause::MissingEnv | Cause::EnvFileMissing => "environment",
        Cause::PortConflict | Cause::HealthcheckWrongTarget => "ports",
        Cause::VolumePermission
        | Cause::MountMissing
        | Cause::ReadOnlyFilesystem
        | Cause::DiskFull
        | Cause::InodesFull
        | Cause::VolumeUnbound => "volume permissions",
        Cause::OomKilled
        | Cause::HeapExhausted
        | Cause::MemoryPressure
        | Cause::CpuThrottled
        | Cause::PidsExhausted
        | Cause::FdExhausted
        | Cause::HostMemoryExhausted
        | Cause::Evicted => "memory and cpu",
        Cause::DnsFailure
        | Cause::LocalhostMisuse
        | Cause::NetworkIsolated
        | Cause::ConnectionRefused
        | Cause::ConnectionTimeout
        | Cause::SubnetOverlap
        | Cause::TlsError
        | Cause::DependencyDown
        | Cause::DependencyNotReady
        | Cause::HostUnreachable
        | Cause::ServiceNoEndpoints
        | Cause::IngressMisrouted => "network",
        Cause::ConfigInvalid
        | Cause::CommandNotFound
        | Cause::ExecPermission
        | Cause::ExecFormatError
        | Cause::ExitsImmediately
        | Cause::HealthcheckToolMissing
        | Cause::HealthcheckTimeout
        | Cause::HealthcheckStartPeriod
        | Cause::SigtermIgnored
        | Cause::ConfigMissing => "configuration",
        Cause::Killed
        | Cause::StoppedByOperator
        | Cause::ImageNotFound
        | Cause::ImagePullDenied
        | Cause::ImagePullTimeout
        | Cause::ImagePlatformMismatch
        | Cause::BuildFailed
        | Cause::EngineUnreachable
        | Cause::ClockSkew
        | Cause::Unschedulable
        | Cause::RbacDenied => "engine",
    })
}

fn logs(view: &View<'_>) -> Option<Clean> {
    let known = view.known_lines();
    let grave = known
        .iter()
        .filter(|said| said.1.level > Level::Hint)
        .count();
    let read = view.logs().count();
    if read == 0 && view.is_missing("logs") {
        return None;
    }
    let last = known.iter().rfind(|said| said.1.level > Level::Hint);
    Some(match last {
        Some(said) => say!(
            "{} telling lines in the life that was judged, the last: {}",
            grave,
            said.0.text
        ),
        None => say!("{} lines kept, none of them tells of trouble", read),
    })
}

fn environment(view: &View<'_>) -> Option<Clean> {
    let setup = view.setup()?;
    let empty = setup
        .settings
        .environment
        .values()
        .filter(|value| value.is_empty())
        .count();
    Some(say!(
        "{} variables set, {} of them empty",
        setup.settings.environment.len(),
        empty
    ))
}

fn ports(view: &View<'_>) -> Option<Clean> {
    let published = view
        .setup()?
        .ports
        .iter()
        .filter(|port| port.published.is_some())
        .count();
    let listening = view
        .sockets()
        .map(|(line, _)| say!("; {}", line.text))
        .unwrap_or_default();
    Some(say!("{} published{}", published, listening))
}

fn volumes(view: &View<'_>) -> Option<Clean> {
    let setup = view.setup()?;
    let read_only = setup.mounts.iter().filter(|mount| mount.read_only).count();
    let root = if setup.settings.read_only_root {
        "; its root is read-only"
    } else {
        ""
    };
    Some(say!(
        "{} mounts, {} of them read-only{}",
        setup.mounts.len() + setup.tmpfs.len(),
        read_only,
        root
    ))
}

fn use_of_resources(view: &View<'_>) -> Option<Clean> {
    let (_, state) = view.state()?;
    match view.usage() {
        Some(line) => Some(line.text.clone()),
        None if state.status == Status::Running => None,
        None => Some(say!(
            "it does not run, so it uses nothing{}",
            if state.oom_killed {
                "; the kernel killed it for memory"
            } else {
                ""
            }
        )),
    }
}

fn network(view: &View<'_>) -> Option<Clean> {
    view.setup()?;
    let networks: Vec<Clean> = view
        .case
        .graph
        .networks(view.service)
        .map(|name| crate::text::Name::new(name).into())
        .collect();
    let needs = view.case.graph.needs(view.service).len();
    let on = if networks.is_empty() {
        say!("none")
    } else {
        Clean::join(&networks, ", ")
    };
    Some(say!("on {}; needs {} other services", on, needs))
}

fn configuration(view: &View<'_>) -> Option<Clean> {
    let (_, state) = view.state()?;
    let check = if view.health().is_some() {
        "has a health check"
    } else {
        "has no health check"
    };
    let policy = crate::text::Name::new(&state.restart_policy.name);
    Some(say!(
        "runs `{}`, restart policy {}, {}",
        state.program,
        policy,
        check
    ))
}

fn engine(view: &View<'_>) -> Option<Clean> {
    let last: Option<&Evidence> = view.events().last().map(|(item, _)| item);
    if let Some(removed) = view.removed() {
        return Some(say!("last recorded: {}", removed.text));
    }
    let (_, state) = view.state()?;
    let error = if state.error.is_empty() {
        Clean::default()
    } else {
        say!("; it says: {}", state.error)
    };
    Some(match last {
        Some(item) => say!("last recorded: {}{}", item.text, error),
        None => say!("nothing recorded in the last hour{}", error),
    })
}

impl View<'_> {
    /// Whether something of this container could not be looked at.
    fn is_missing(&self, what: &str) -> bool {
        let mut mine = self
            .case
            .evidence
            .iter()
            .filter(|item| item.service == *self.service && item.container == *self.container);
        mine.any(|item| matches!(item.fact, Fact::NotSeen) && item.text.as_str().starts_with(what))
    }
}
