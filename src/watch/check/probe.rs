//! Carrying out one check, whatever its kind, within its time.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::roster::Roster;
use super::{Check, Kind, Trouble, Verdict, container, disk, http, inside, nats};
use crate::host::Fleet;
use crate::say;
use crate::watch::ask::{Asker, connect};

/// Questions that one engine answers at the same time: a hung one must not hold up the others, and
/// an engine must not be flooded.
const OF_ONE_ENGINE: usize = 32;
/// Connections at the same time, of all checks together.
const OPEN_AT_ONCE: usize = 1024;

/// All that checks are carried out with.
#[derive(Debug)]
pub(in crate::watch) struct Probes {
    pub(super) fleet: Fleet,
    pub(super) roster: Roster,
    pub(super) asker: Asker,
    pub(super) secrets: Vec<String>,
    engines: BTreeMap<String, Semaphore>,
    open: Semaphore,
}

impl Probes {
    pub(in crate::watch) fn new(fleet: Fleet, asker: Asker, secrets: Vec<String>) -> Arc<Self> {
        let engines = fleet.names().into_iter();
        Arc::new(Self {
            roster: Roster::new(fleet.clone()),
            engines: engines
                .map(|host| (host, Semaphore::new(OF_ONE_ENGINE)))
                .collect(),
            fleet,
            asker,
            secrets,
            open: Semaphore::new(OPEN_AT_ONCE),
        })
    }

    /// Its time begins when it is its turn.
    pub(in crate::watch) async fn carry_out(&self, check: &Check) -> Verdict {
        let turns = match check.kind.container() {
            Some(_) => self.engines.get(&check.host).unwrap_or(&self.open),
            None => &self.open,
        };
        let Ok(_turn) = turns.acquire().await else {
            return Err("there is no turn for it".into());
        };
        let verdict = match timeout(check.timeout, self.look(check)).await {
            Ok(verdict) => verdict,
            Err(_) => Err(say!("no answer within {} s", check.timeout.as_secs_f64()).into()),
        };
        match verdict {
            Err(trouble) => Err(self.with_log(check, trouble).await),
            Ok(()) => Ok(()),
        }
    }

    async fn look(&self, check: &Check) -> Verdict {
        let host = check.host.as_str();
        match &check.kind {
            Kind::Http(page) => match &page.container {
                None => http::look(&self.asker, page).await,
                Some(container) => {
                    let container = self.roster.find(host, container).await?;
                    inside::page(&container, page, check.timeout).await
                }
            },
            Kind::Tcp {
                host: name,
                port,
                container: None,
            } => Ok(connect(name, *port).await.map(drop)?),
            Kind::Tcp {
                host: name,
                port,
                container: Some(container),
            } => {
                let container = self.roster.find(host, container).await?;
                inside::port(&container, (name, *port), check.timeout).await
            }
            Kind::Process { container, name } => {
                let container = self.roster.find(host, container).await?;
                inside::process(&container, name).await
            }
            Kind::Command {
                container,
                argv,
                output,
            } => {
                let found = self.roster.find(host, container).await?;
                let ran = inside::command(&found, argv, output.as_ref(), check.timeout);
                ran.await
                    .map_err(|(why, raw)| found.explained(why, &raw, &self.secrets))
            }
            Kind::Health { container } => container::health(&self.roster, host, container).await,
            Kind::Restarts {
                container,
                most,
                within,
            } => container::restarts(&self.roster, host, container, (*most, *within)).await,
            Kind::Memory { container, percent } => {
                container::memory(&self.roster, host, container, *percent).await
            }
            Kind::Disk { path, percent } => disk::look(&self.fleet, host, path, *percent).await,
            Kind::Nats {
                url,
                stream,
                consumer,
                pending,
            } => nats::look(&self.asker, url, (stream, consumer), *pending).await,
        }
    }

    /// The end of the log that the check names.
    async fn with_log(&self, check: &Check, mut trouble: Trouble) -> Trouble {
        let (Some(log), Some(container)) = (&check.log, check.kind.container()) else {
            return trouble;
        };
        if let Ok(found) = self.roster.find(&check.host, container).await
            && let Some(tail) = inside::tail(&found, log, &self.secrets).await
        {
            trouble.details.push(("log".into(), tail));
        }
        trouble
    }
}
