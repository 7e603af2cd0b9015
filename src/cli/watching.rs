//! What `serve` watches and takes in, made from the configuration; `check` looks at the same.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Failure;
use crate::app::App;
use crate::bot::Outcome;
use crate::config::Config;
use crate::incident::{Severity, Source};
use crate::setting::Identifier;
use crate::store::{Store, StoreError};
use crate::watch::check::settings::CheckSettings;
use crate::watch::check::{self, Check, Kind};
use crate::watch::registry::RegistryPlace;
use crate::watch::settings::{AlertSettings, RegistrySettings};
use crate::watch::webhook::Intake;
use crate::watch::{self as sources, Calls, Orders, Sink, Tally};
use crate::web::Metrics;

/// All sources of alerts, at work.
pub(super) struct Watching {
    /// What they count is part of it.
    pub(super) metrics: Arc<Metrics>,
    pub(super) intake: Intake,
    pub(super) work: JoinHandle<()>,
    pub(super) director: Director,
}

/// Tells the sources of a changed configuration.
pub(super) struct Director {
    orders: watch::Sender<Arc<Orders>>,
    alerts: watch::Sender<Arc<AlertSettings>>,
}

impl Director {
    pub(super) fn follow(&self, app: &App) {
        self.orders.send_replace(Arc::new(orders(app)));
        self.alerts
            .send_replace(Arc::new(app.config.alerts.clone()));
    }
}

pub(super) async fn begin(app: &App) -> Result<Watching, Failure> {
    let failed = |error: StoreError| Failure::new(Outcome::Failed, error);
    let store: &Store = app.bot.store.get().await.map_err(failed)?;
    let tally = Arc::new(Tally::default());
    let metrics = Metrics::with(|registry| tally.register(registry));
    let sink = Sink::new(store.clone(), app.bot.clock, tally);
    let calls = Calls::load(sink.clone()).await.map_err(failed)?;
    let (alerts, settings) = watch::channel(Arc::new(app.config.alerts.clone()));
    let (orders, follow) = watch::channel(Arc::new(orders(app)));
    Ok(Watching {
        metrics: Arc::new(metrics),
        intake: Intake::new(sink.clone(), calls.clone(), settings),
        work: tokio::spawn(sources::run(follow, sink, calls)),
        director: Director { orders, alerts },
    })
}

fn orders(app: &App) -> Orders {
    let config = &app.config;
    let checks = config.checks.iter();
    let alive = config.alerts.alive.iter();
    Orders {
        fleet: app.bot.fleet.clone(),
        settings: config.watch.clone(),
        checks: checks
            .filter_map(|(name, settings)| check(config, name, settings))
            .collect(),
        registries: registries(config),
        alive: alive
            .map(|(name, settings)| (name.as_str().to_owned(), settings.clone()))
            .collect(),
        secrets: app.bot.secrets.clone(),
    }
}

/// Reading the configuration saw to it that the check is complete.
fn check(config: &Config, name: &Identifier, settings: &CheckSettings) -> Option<Check> {
    let kind = Kind::read(settings).ok()?;
    let word = |set: &Option<Identifier>| set.as_ref().map(|name| name.as_str().to_owned());
    let container = kind.container();
    let stack = word(&settings.stack).or_else(|| container?.stack.clone());
    let service = word(&settings.service).or_else(|| Some(container?.name.clone()));
    let host = config.host_or_usual(settings.host.as_ref())?;
    Some(Check {
        name: name.as_str().to_owned(),
        interval: settings.interval.map_or(check::INTERVAL, |wait| wait.0),
        timeout: settings.timeout.map_or(check::TIMEOUT, |wait| wait.0),
        retries: settings.retries.unwrap_or(check::RETRIES),
        severity: settings.severity.unwrap_or(Severity::Critical),
        source: Source::Check,
        host: host.as_str().to_owned(),
        stack: stack.unwrap_or_default(),
        service: service.unwrap_or_else(|| name.as_str().to_owned()),
        route: settings.route.clone(),
        log: None,
        kind,
    })
}

pub(super) fn registries(config: &Config) -> Vec<RegistryPlace> {
    let one = |(name, settings): (&Identifier, &RegistrySettings)| {
        let stack = settings.stack.as_ref();
        let host = config.host_or_usual(settings.host.as_ref())?;
        Some(RegistryPlace {
            name: name.as_str().to_owned(),
            file: settings.file.clone()?,
            host: host.as_str().to_owned(),
            stack: stack.map_or(String::new(), |stack| stack.as_str().to_owned()),
        })
    };
    config.registries.iter().filter_map(one).collect()
}
