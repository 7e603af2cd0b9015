//! What the stages of incidents have counted, as metrics.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge as Level;
use prometheus_client::registry::Registry;

use crate::incident::Counts;
use crate::incident::counts::{Gauge, Stage};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    /// Which way, why, to whom, how it ended: by metric.
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    /// The chat, or `webhook`.
    kind: String,
    reason: &'static str,
}

/// Families that are brought up to date when somebody asks.
pub(super) struct Stages {
    pub(super) counts: Arc<Counts>,
    counters: Vec<(Stage, Family<Label, Counter>)>,
    failed: Family<Failure, Counter>,
    waiting: Level,
    open: Level,
    untold: Family<Label, Level>,
}

const COUNTERS: [(Stage, &str, &str); 5] = [
    (
        Stage::Grouped,
        "alerts_grouped",
        "Alerts that got a place in an incident, by how",
    ),
    (
        Stage::Muted,
        "incidents_muted",
        "Incidents that nobody was told of, by the first word of the reason",
    ),
    (
        Stage::Sent,
        "notices_sent",
        "Messages, edits and lines that a chat or webhook took",
    ),
    (
        Stage::Healed,
        "heals",
        "What was tried without being asked, by how it ended",
    ),
    (
        Stage::Forgotten,
        "records_forgotten",
        "Records that were older than `store.keep` and were removed, by what they were",
    ),
];

impl Stages {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counter = |(stage, name, about): (Stage, &str, &str)| {
            let family = Family::<Label, Counter>::default();
            registry.register(name, about, family.clone());
            (stage, family)
        };
        let counters = COUNTERS.into_iter().map(counter).collect();
        let failed = Family::<Failure, Counter>::default();
        registry.register(
            "notices_failed",
            "Messages, edits and lines that a chat or webhook did not take, by why",
            failed.clone(),
        );
        let (waiting, open) = (Level::default(), Level::default());
        let untold = Family::<Label, Level>::default();
        registry.register(
            "alerts_waiting",
            "Alerts without a place in an incident yet",
            waiting.clone(),
        );
        registry.register("incidents_open", "Incidents that go on", open.clone());
        registry.register(
            "notices_waiting",
            "Messages that a chat does not show yet",
            untold.clone(),
        );
        Self {
            counts: Arc::default(),
            counters,
            failed,
            waiting,
            open,
            untold,
        }
    }

    pub(super) fn refresh(&self) {
        for ((stage, kind), count) in self.counts.counted() {
            let family = self.counters.iter().find(|(known, _)| *known == stage);
            if let Some((_, family)) = family {
                let counter = family.get_or_create(&Label { kind });
                counter.inc_by(count.saturating_sub(counter.get()));
            }
        }
        for ((kind, reason), count) in self.counts.failures() {
            let reason = reason.word();
            let counter = self.failed.get_or_create(&Failure { kind, reason });
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        for ((gauge, kind), value) in self.counts.gauges() {
            match gauge {
                Gauge::Waiting => self.waiting.set(value),
                Gauge::Open => self.open.set(value),
                Gauge::Untold => self.untold.get_or_create(&Label { kind }).set(value),
            };
        }
    }
}
