//! What the sources of alerts count of themselves, for `/metrics`. Nothing is decided by it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::incident::Alert;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Received {
    source: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    source: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfHost {
    host: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCheck {
    check: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Caller {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

/// Seconds; a check that is later than the last of these has a machine that cannot keep up.
const LATENESS: [f64; 8] = [0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0];
const DURATION: [f64; 8] = [0.002, 0.01, 0.05, 0.25, 1.0, 2.5, 5.0, 10.0];

/// Counted by every source, read at each scrape.
#[derive(Debug)]
pub struct Tally {
    received: Family<Received, Counter>,
    refused: Family<Refused, Counter>,
    not_kept: Counter,
    events: Family<OfHost, Counter>,
    gaps: Family<OfHost, Counter>,
    host_up: Family<OfHost, Gauge>,
    checks: Family<Outcome, Counter>,
    check_up: Family<OfCheck, Gauge>,
    lateness: Histogram,
    duration: Histogram,
    called: Family<Caller, Gauge>,
    pings: Family<Outcome, Counter>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            received: Family::default(),
            refused: Family::default(),
            not_kept: Counter::default(),
            events: Family::default(),
            gaps: Family::default(),
            host_up: Family::default(),
            checks: Family::default(),
            check_up: Family::default(),
            lateness: Histogram::new(LATENESS),
            duration: Histogram::new(DURATION),
            called: Family::default(),
            pings: Family::default(),
        }
    }
}

impl Tally {
    /// Makes everything that is counted here part of what is scraped.
    pub fn register(&self, registry: &mut Registry) {
        let Self {
            received,
            refused,
            not_kept,
            events,
            gaps,
            host_up,
            checks,
            check_up,
            lateness,
            duration,
            called,
            pings,
        } = self;
        registry.register(
            "alerts_received",
            "Alerts that were taken in and kept, by source and state",
            received.clone(),
        );
        registry.register(
            "alerts_refused",
            "Requests with alerts that were refused, by source and reason",
            refused.clone(),
        );
        registry.register(
            "alerts_not_kept",
            "Times that alerts could not be written to the store and were kept back",
            not_kept.clone(),
        );
        registry.register(
            "engine_events",
            "Events read from each engine",
            events.clone(),
        );
        registry.register(
            "engine_event_gaps",
            "Times that an engine's stream of events broke and was resumed",
            gaps.clone(),
        );
        registry.register(
            "host_up",
            "Whether a host's engine can be reached: 1 or 0",
            host_up.clone(),
        );
        registry.register(
            "checks",
            "Checks carried out, by result; `skipped` ones were due while the last one ran",
            checks.clone(),
        );
        registry.register(
            "check_up",
            "Whether a check holds: 1 or 0",
            check_up.clone(),
        );
        registry.register(
            "check_lateness_seconds",
            "How much later than planned checks began",
            lateness.clone(),
        );
        registry.register(
            "check_duration_seconds",
            "How long checks took",
            duration.clone(),
        );
        registry.register(
            "alive_called_timestamp_seconds",
            "When who must call regularly last did, in seconds since 1970",
            called.clone(),
        );
        registry.register(
            "pings_sent",
            "Signs of life sent to somebody else's dead-man's switch, by result",
            pings.clone(),
        );
    }

    pub(super) fn kept(&self, alerts: &[Alert]) {
        for alert in alerts {
            let label = Received {
                source: alert.source.word(),
                state: alert.state.word(),
            };
            self.received.get_or_create(&label).inc();
        }
    }

    pub(super) fn not_kept(&self) {
        self.not_kept.inc();
    }

    pub fn refused(&self, source: &'static str, reason: &'static str) {
        self.refused
            .get_or_create(&Refused { source, reason })
            .inc();
    }

    pub(super) fn event(&self, host: &str) {
        self.events.get_or_create(&of_host(host)).inc();
    }

    pub(super) fn gap(&self, host: &str) {
        self.gaps.get_or_create(&of_host(host)).inc();
    }

    pub(super) fn host_is_up(&self, host: &str, up: bool) {
        self.host_up.get_or_create(&of_host(host)).set(up.into());
    }

    pub(super) fn check_began(&self, late: f64) {
        self.lateness.observe(late);
    }

    pub(super) fn check_ended(&self, check: &str, up: bool, took: f64) {
        self.duration.observe(took);
        let result = if up { "up" } else { "down" };
        self.checks.get_or_create(&Outcome { result }).inc();
        let label = OfCheck {
            check: check.to_owned(),
        };
        self.check_up.get_or_create(&label).set(up.into());
    }

    pub(super) fn check_skipped(&self) {
        let result = "skipped";
        self.checks.get_or_create(&Outcome { result }).inc();
    }

    /// A check that is gone has no state any more.
    pub(super) fn forget_checks(&self) {
        self.check_up.clear();
    }

    pub(super) fn called(&self, name: &str, at_s: i64) {
        let label = Caller {
            name: name.to_owned(),
        };
        self.called.get_or_create(&label).set(at_s);
    }

    pub(super) fn pinged(&self, done: bool) {
        let result = if done { "done" } else { "failed" };
        self.pings.get_or_create(&Outcome { result }).inc();
    }
}

fn of_host(host: &str) -> OfHost {
    OfHost {
        host: host.to_owned(),
    }
}
