//! Alerts that others send: who may, what their JSON means, and the answer they get. HTTP itself is
//! for `web`.

mod auth;
mod generic;
mod labelled;
mod mapping;
mod path;

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::alive::Calls;
use super::settings::AlertSettings;
use super::sink::{NotKept, Sink};
use crate::clock::Clock;
use crate::incident::{Alert, AlertState, Fingerprint, Source};
use crate::say;
use crate::text::{Clean, Name};
use std::sync::Arc;

pub use auth::Credentials;

/// An alert of Prometheus that always fires: its silence is what matters.
const WATCHDOG: &str = "Watchdog";

/// The shapes that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Alertmanager,
    Grafana,
    Generic,
}

impl Form {
    pub fn source(self) -> Source {
        match self {
            Self::Alertmanager => Source::Alertmanager,
            Self::Grafana => Source::Grafana,
            Self::Generic => Source::Generic,
        }
    }
}

/// Why a request is not taken. The words go to its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody may send anything.
    Closed,
    Stranger(Clean),
    /// There is nothing of that name.
    Unknown(Clean),
    Malformed(Clean),
    /// It was understood and is not on disk: it has to be sent again.
    NotKept(NotKept),
}

impl Refusal {
    /// For counting.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Stranger(_) => "unauthenticated",
            Self::Unknown(_) => "unknown",
            Self::Malformed(_) => "malformed",
            Self::NotKept(NotKept::Failed) => "not-kept",
            Self::NotKept(NotKept::Full) => "full",
        }
    }

    pub fn says(&self) -> Clean {
        match self {
            Self::Closed => {
                "alerts are not taken: set `alerts.token` or `alerts.hmac_secret`".into()
            }
            Self::Stranger(why) | Self::Unknown(why) | Self::Malformed(why) => why.clone(),
            Self::NotKept(NotKept::Failed) => {
                "the alerts could not be kept; send them again".into()
            }
            Self::NotKept(NotKept::Full) => {
                "too many alerts wait to be written; send them again in a moment".into()
            }
        }
    }
}

/// What comes in from outside, checked, understood and kept. Clones share it.
#[derive(Debug, Clone)]
pub struct Intake {
    sink: Sink,
    calls: Calls,
    settings: watch::Receiver<Arc<AlertSettings>>,
}

impl Intake {
    pub fn new(sink: Sink, calls: Calls, settings: watch::Receiver<Arc<AlertSettings>>) -> Self {
        Self {
            sink,
            calls,
            settings,
        }
    }

    /// Whether whoever sent exactly this body may.
    pub fn admit(&self, credentials: &Credentials<'_>, body: &[u8]) -> Result<(), Refusal> {
        let settings = self.settings.borrow().clone();
        auth::admit(&settings, credentials, body, self.sink.clock.now())
    }

    /// Says how many alerts are kept now. All of them are, or none.
    pub async fn take(
        &self,
        form: Form,
        mapping: Option<&str>,
        route: Option<&str>,
        body: &[u8],
    ) -> Result<usize, Refusal> {
        let settings = self.settings.borrow().clone();
        let at = self.sink.clock.now();
        let mut alerts = match (form, mapping) {
            (Form::Generic, Some(name)) => {
                let known = settings.generic.get(name);
                let mapping = known.ok_or_else(|| no_mapping(name))?;
                mapping::read(body, mapping, at)?
            }
            (Form::Generic, None) => generic::read(body, at)?,
            (Form::Alertmanager | Form::Grafana, _) => labelled::read(body, form.source(), at)?,
        };
        let heard = alerts
            .iter()
            .filter(|alert| alert.state == AlertState::Firing);
        let heard: BTreeSet<String> = heard
            .map(|alert| labelled::alert_name(&alert.what).to_owned())
            .filter(|name| settings.alive.contains_key(name.as_str()))
            .collect();
        for name in heard {
            self.called(&name).await?;
        }
        alerts.retain(|alert| {
            let name = labelled::alert_name(&alert.what);
            name != WATCHDOG && !settings.alive.contains_key(name)
        });
        settle(&mut alerts);
        for alert in &mut alerts {
            alert.route = alert.route.take().or_else(|| route.map(str::to_owned));
        }
        let count = alerts.len();
        let kept = self.sink.accept(&alerts).await;
        kept.map(|()| count).map_err(Refusal::NotKept)
    }

    /// Somebody shows that they are alive.
    pub async fn call(&self, name: &str) -> Result<(), Refusal> {
        if !self.settings.borrow().alive.contains_key(name) {
            return Err(Refusal::Unknown(say!(
                "`{}` is not known; add it under `alerts.alive`",
                Name::new(name)
            )));
        }
        self.called(name).await
    }

    async fn called(&self, name: &str) -> Result<(), Refusal> {
        let kept = self.calls.call(name).await;
        kept.map_err(|_| Refusal::NotKept(NotKept::Failed))
    }

    pub fn refused(&self, source: &'static str, refusal: &Refusal) {
        self.sink.tally.refused(source, refusal.reason());
    }

    pub fn clock(&self) -> Clock {
        self.sink.clock
    }
}

fn no_mapping(name: &str) -> Refusal {
    Refusal::Unknown(say!(
        "`{}` is not known; add it under `alerts.generic`",
        Name::new(name)
    ))
}

/// Two alerts of one request may be the same trouble at two levels: while one of them fires, it is
/// not over.
fn settle(alerts: &mut Vec<Alert>) {
    let firing: BTreeSet<Fingerprint> = alerts
        .iter()
        .filter(|alert| alert.state == AlertState::Firing)
        .map(Alert::fingerprint)
        .collect();
    alerts.retain(|alert| {
        alert.state == AlertState::Firing || !firing.contains(&alert.fingerprint())
    });
}
