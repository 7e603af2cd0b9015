//! Where alerts come from: the engines' events, checks of our own, registries, webhooks, and the
//! silence of who should call. What becomes of them is for `incident`.

pub mod settings;
pub mod alert;
pub mod check;
pub mod events;
pub mod registry;
pub mod webhook;
mod alive;
mod ask;
mod book;
mod certificate;
mod sink;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use alive::Calls;
pub use sink::Sink;
pub use tally::Tally;

use self::ask::Asker;
use self::check::{Check, Pace, Probes};
use self::events::HostWatch;
use self::events::lives::Rules;
use self::registry::RegistryPlace;
use self::settings::{AliveSettings, WatchSettings};
use crate::host::Fleet;

/// Everything that is to be watched, made from one configuration.
#[derive(Debug, Clone)]
pub struct Orders {
    pub fleet: Fleet,
    pub settings: WatchSettings,
    pub checks: Vec<Check>,
    pub registries: Vec<RegistryPlace>,
    pub alive: BTreeMap<String, AliveSettings>,
    /// What the redactor has to know.
    pub secrets: Vec<String>,
}

/// Watches until it is dropped; new orders are followed as they come.
pub async fn run(mut orders: watch::Receiver<Arc<Orders>>, sink: Sink, calls: Calls) {
    let asker = Asker::default();
    loop {
        let now = Arc::clone(&orders.borrow_and_update());
        let mut tasks = begin(&now, &sink, &calls, &asker);
        tokio::select! {
            changed = orders.changed() => if changed.is_err() { return },
            () = until_one_ends(&mut tasks) => tracing::error!("a source of alerts ended; all begin anew"),
        }
        tasks.shutdown().await;
    }
}

fn begin(orders: &Orders, sink: &Sink, calls: &Calls, asker: &Asker) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let hosts = if orders.settings.events() {
        orders.fleet.names()
    } else {
        Vec::new()
    };
    for host in hosts {
        let watch = HostWatch {
            host,
            fleet: orders.fleet.clone(),
            sink: sink.clone(),
            rules: rules(&orders.settings),
            log_lines: orders.settings.log_lines(),
            secrets: orders.secrets.clone(),
        };
        tasks.spawn(watch.run());
    }
    sink.tally.forget_checks();
    let probes = Probes::new(orders.fleet.clone(), asker.clone(), orders.secrets.clone());
    let own = Pace::run(
        orders.checks.clone(),
        Arc::clone(&probes),
        sink.clone(),
        "watch.checks".to_owned(),
    );
    tasks.spawn(own);
    for place in orders.registries.clone() {
        tasks.spawn(place.run(Arc::clone(&probes), sink.clone()));
    }
    let silence = calls.clone().watch_over(orders.alive.clone());
    tasks.spawn(silence);
    if let Some(ping) = orders.settings.ping.clone() {
        let (asker, sink) = (asker.clone(), sink.clone());
        tasks.spawn(alive::ping(ping, asker, sink));
    }
    tasks
}

/// None of them ends by itself; one that panicked would leave something unwatched.
async fn until_one_ends(tasks: &mut JoinSet<()>) {
    tasks.join_next().await;
    // whatever made it end may still be there
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
}

fn rules(settings: &WatchSettings) -> Rules {
    let usual = Rules::default();
    let within = settings
        .within
        .map(|within| SignedDuration::try_from(within.0));
    Rules {
        restarts: settings
            .restarts
            .and_then(|restarts| usize::try_from(restarts).ok())
            .unwrap_or(usual.restarts),
        within: within.and_then(Result::ok).unwrap_or(usual.within),
        settled: settings.settled.map_or(usual.settled, |settled| settled.0),
    }
}
