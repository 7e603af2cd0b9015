//! The sources of alerts at work on a store of their own, and what they handed in so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dogwatch::clock::Clock;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::incident::{Alert, AlertState};
use dogwatch::store::{NO_INCIDENT, Store};
use dogwatch::watch::settings::WatchSettings;
use dogwatch::watch::{self as sources, Calls, Orders, Sink, Tally};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Nothing that is waited for takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Watched {
    pub(crate) store: Store,
    pub(crate) calls: Calls,
    pub(crate) sink: Sink,
    orders: watch::Sender<Arc<Orders>>,
    work: JoinHandle<()>,
    _directory: TempDir,
}

/// Nothing to watch yet, and a recovery that takes a second.
pub(crate) fn orders(endpoint: Endpoint) -> Orders {
    let second = |text: &str| text.to_owned().try_into().ok();
    Orders {
        fleet: Fleet::local(endpoint),
        settings: WatchSettings {
            events: Some(false),
            settled: second("1s"),
            ..WatchSettings::default()
        },
        checks: Vec::new(),
        registries: Vec::new(),
        alive: BTreeMap::new(),
        secrets: Vec::new(),
    }
}

impl Watched {
    pub(crate) async fn over(orders: Orders) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("x.db").display());
        let store = Store::open(&url).await.unwrap();
        let sink = Sink::new(store.clone(), Clock::System, Arc::new(Tally::default()));
        let calls = Calls::load(sink.clone()).await.unwrap();
        let (orders, follow) = watch::channel(Arc::new(orders));
        Self {
            work: tokio::spawn(sources::run(follow, sink.clone(), calls.clone())),
            store,
            calls,
            sink,
            orders,
            _directory: directory,
        }
    }

    /// As if the program had been killed.
    pub(crate) async fn pause(&mut self) {
        self.work.abort();
        assert!((&mut self.work).await.is_err());
    }

    pub(crate) fn resume(&mut self) {
        let follow = self.orders.subscribe();
        let work = sources::run(follow, self.sink.clone(), self.calls.clone());
        self.work = tokio::spawn(work);
    }

    pub(crate) async fn alerts(&self) -> Vec<Alert> {
        alerts_in(&self.store).await
    }

    /// The first alert that is meant, as soon as it is there.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Alert) -> bool) -> Alert {
        until_in(&self.store, what, wanted).await
    }

    pub(crate) async fn until_firing(&self, service: &str, what: &str) -> Alert {
        let wanted = |alert: &Alert| {
            alert.service == service && alert.what == what && alert.state == AlertState::Firing
        };
        self.until(&format!("{service} {what}"), wanted).await
    }

    pub(crate) async fn until_resolved(&self, service: &str, what: &str) -> Alert {
        let wanted = |alert: &Alert| {
            alert.service == service && alert.what == what && alert.state == AlertState::Resolved
        };
        self.until(&format!("{service} {what} is over"), wanted)
            .await
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// In the order in which they came, wherever incidents have put them.
pub(crate) async fn alerts_in(store: &Store) -> Vec<Alert> {
    // The duty places them meanwhile: what has left the first list is in a later one, or in both.
    let mut records = store.unplaced_alerts().await.unwrap();
    for incident in std::iter::once(NO_INCIDENT).chain(1..20) {
        records.extend(store.alerts_of(incident).await.unwrap());
    }
    records.sort_by_key(|record| record.seq);
    records.dedup_by_key(|record| record.seq);
    let read = |body: &String| serde_json::from_str(body).unwrap();
    records
        .iter()
        .map(|record| read(&record.body_json))
        .collect()
}

pub(crate) async fn until_in(store: &Store, what: &str, wanted: impl Fn(&Alert) -> bool) -> Alert {
    let waiting = async {
        loop {
            if let Some(found) = alerts_in(store).await.into_iter().find(&wanted) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if let Ok(found) = tokio::time::timeout(PATIENCE, waiting).await {
        return found;
    }
    panic!("never: {what}; there are {:#?}", alerts_in(store).await)
}

/// What goes with an alert under a name.
pub(crate) fn detail<'a>(alert: &'a Alert, name: &str) -> &'a str {
    let found = alert.details.iter().find(|(key, _)| key.as_str() == name);
    found.map_or("", |(_, value)| value.as_str())
}
