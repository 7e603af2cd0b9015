//! The checks of a `system-config.json`, carried out at its intervals and begun anew when the file
//! changes. A file that cannot be read is told, and what was read before stays in force.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::ask::Asker;
use super::book::Book;
use super::check::settings::ContainerName;
use super::check::{self, Check, Kind, Pace, Probes, Verdict, kinds::Page};
use super::sink::Sink;
use crate::host::Fleet;
use crate::incident::{Alert, AlertState, Severity, Source};
use crate::say;
use crate::stack::registry::{HealthCheck, HealthKind, Registered, Registry};
use crate::text::{Clean, Name, Redactor};
use crate::yaml::Problems;

/// How often the file is looked at.
const GLANCE: Duration = Duration::from_secs(5);
/// Larger files are a mistake.
const LARGEST: u64 = 4 << 20;

/// One registry, and what its services count as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryPlace {
    pub name: String,
    pub file: PathBuf,
    pub host: String,
    pub stack: String,
}

/// A service of a registry as its own check sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub service: Name,
    pub stack: Name,
    pub container: Option<String>,
    pub verdict: Verdict,
}

impl RegistryPlace {
    /// As it is on disk now.
    pub fn load(&self) -> Result<Registry, Problems> {
        let shown = self.file.display().to_string();
        let text = read(&self.file)
            .map_err(|error| Problems::unread(&shown, format!("cannot read `{shown}`: {error}")))?;
        Registry::parse(&shown, &text)
    }

    /// Every enabled service with a check.
    pub fn checks(&self, registry: &Registry) -> Vec<Check> {
        let services = registry.services.iter();
        services
            .filter(|(_, service)| service.enabled)
            .filter_map(|(name, service)| self.check(name, service))
            .collect()
    }

    fn check(&self, name: &str, service: &Registered) -> Option<Check> {
        let health = service.health_check.as_ref()?;
        let container = service.container.clone();
        let container = container.and_then(|name| ContainerName::try_from(name).ok());
        let seconds =
            |set: Option<u32>| set.map(|seconds| Duration::from_secs(seconds.max(1).into()));
        Some(Check {
            name: Name::new(name).to_string(),
            kind: kind(health, container)?,
            interval: seconds(health.interval_seconds).unwrap_or(check::INTERVAL),
            timeout: seconds(health.timeout_seconds).unwrap_or(check::TIMEOUT),
            retries: check::RETRIES,
            severity: Severity::Critical,
            source: Source::Registry,
            host: self.host.clone(),
            stack: self.stack.clone(),
            service: Name::new(name).to_string(),
            route: service.notify_on_fail.clone(),
            log: service.log_path.clone(),
        })
    }

    /// How each of them is doing now: every check is carried out once, all at the same time.
    pub async fn look_now(&self, fleet: &Fleet, secrets: &[String]) -> Result<Vec<Seen>, Problems> {
        let registry = self.look().await?;
        let probes = Probes::new(fleet.clone(), Asker::default(), secrets.to_vec());
        let checks = self.checks(&registry);
        let verdicts = join_all(checks.iter().map(|check| probes.carry_out(check))).await;
        let seen = |(check, verdict): (&Check, Verdict)| Seen {
            service: Name::new(&check.service),
            stack: Name::new(&check.stack),
            container: check
                .kind
                .container()
                .map(|container| container.name.clone()),
            verdict,
        };
        Ok(checks.iter().zip(verdicts).map(seen).collect())
    }

    /// Until it is dropped.
    pub(super) async fn run(self, probes: Arc<Probes>, sink: Sink) {
        let mut book = Book::open(&sink, format!("watch.registry-file.{}", self.name)).await;
        let mut registry = None;
        loop {
            let look = self.look().await;
            match look {
                Ok(found) => {
                    self.tell(&mut book, &sink, None).await;
                    registry = Some(found);
                }
                Err(problems) => {
                    tracing::error!(
                        registry = self.name,
                        "the registry cannot be used\n{problems}"
                    );
                    self.tell(&mut book, &sink, Some(&problems)).await;
                }
            }
            let checks = registry.as_ref().map(|found| self.checks(found));
            let scope = format!("watch.registry.{}", self.name);
            let work = async {
                match checks {
                    Some(checks) => {
                        Pace::run(checks, Arc::clone(&probes), sink.clone(), scope).await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = work => {}
                () = self.changed() => {}
            }
        }
    }

    async fn look(&self) -> Result<Registry, Problems> {
        let place = self.clone();
        let shown = self.file.display().to_string();
        let looked = tokio::task::spawn_blocking(move || place.load()).await;
        looked.unwrap_or_else(|error| Err(Problems::unread(&shown, error.to_string())))
    }

    /// Until the file holds something else than now.
    async fn changed(&self) {
        let before = self.content().await;
        loop {
            sleep(GLANCE).await;
            if self.content().await != before {
                return;
            }
        }
    }

    async fn content(&self) -> Option<String> {
        let file = self.file.clone();
        let reading = tokio::task::spawn_blocking(move || read(&file).ok());
        reading.await.ok().flatten()
    }

    async fn tell(&self, book: &mut Book, sink: &Sink, problems: Option<&Problems>) {
        let name = Name::new(&self.name);
        let (state, summary) = match problems {
            Some(_) => (AlertState::Firing, say!("registry {} cannot be used", name)),
            None => (
                AlertState::Resolved,
                say!("registry {} can be used again", name),
            ),
        };
        let told = problems.map(|problems| Redactor::shapes_only().clean(&problems.to_string()));
        let alert = Alert {
            source: Source::Registry,
            host: self.host.clone(),
            stack: self.stack.clone(),
            service: String::new(),
            what: format!("registry:{name}"),
            state,
            severity: Severity::Warning,
            summary,
            details: told
                .map(|told| (Clean::from_static("problems"), told))
                .into_iter()
                .collect(),
            route: None,
            at: sink.clock.now(),
        };
        book.tell(sink, vec![alert]).await;
    }
}

fn kind(health: &HealthCheck, container: Option<ContainerName>) -> Option<Kind> {
    Some(match health.kind? {
        HealthKind::Http => Kind::Http(Page {
            url: health.endpoint.clone()?,
            method: "GET",
            status: Vec::new(),
            body: None,
            tls_days: 0,
            slower_than: None,
            container,
        }),
        HealthKind::Tcp => Kind::Tcp {
            host: health
                .host
                .clone()
                .unwrap_or_else(|| "localhost".to_owned()),
            port: health.port?,
            container,
        },
        HealthKind::Process => Kind::Process {
            container: container?,
            name: health.process_name.clone()?,
        },
    })
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let length = std::fs::File::open(file)?
        .take(LARGEST + 1)
        .read_to_string(&mut text)?;
    if length as u64 > LARGEST {
        return Err(std::io::Error::other("larger than 4 MiB"));
    }
    Ok(text)
}
