//! `/metrics`: what Prometheus may know.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::stages::Stages;
use super::{Web, exposition};
use crate::chat::health::ChatHealth;
use crate::incident::Counts;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reloaded {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Chat {
    chat: &'static str,
}

pub struct Metrics {
    registry: Registry,
    chats: Family<Chat, Gauge>,
    taken: Family<Chat, Counter>,
    repeated: Family<Chat, Counter>,
    misread: Family<Chat, Counter>,
    answers: Family<Answer, Counter>,
    reloads: Family<Reloaded, Counter>,
    stages: Stages,
}

impl Default for Metrics {
    fn default() -> Self {
        let (answers, reloads) = (
            Family::<Answer, Counter>::default(),
            Family::<Reloaded, Counter>::default(),
        );
        let mut registry = Registry::with_prefix("dogwatch");
        registry.register(
            "build",
            "The version that runs",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "http_responses",
            "HTTP responses by status code",
            answers.clone(),
        );
        registry.register(
            "config_reloads",
            "Changes of the configuration file, by whether they were taken",
            reloads.clone(),
        );
        let chats = Family::<Chat, Gauge>::default();
        let (taken, repeated) = (
            Family::<Chat, Counter>::default(),
            Family::<Chat, Counter>::default(),
        );
        registry.register(
            "chat_up",
            "Whether a configured chat can be heard: 1 or 0",
            chats.clone(),
        );
        registry.register(
            "chat_taken",
            "Lines, presses and events taken from a chat",
            taken.clone(),
        );
        registry.register(
            "chat_repeated",
            "What a chat delivered again and was left alone",
            repeated.clone(),
        );
        let stages = Stages::register(&mut registry);
        let misread = Family::<Chat, Counter>::default();
        registry.register(
            "chat_misread",
            "What a chat sent in a shape that is not known here",
            misread.clone(),
        );
        Self {
            registry,
            chats,
            taken,
            repeated,
            misread,
            answers,
            reloads,
            stages,
        }
    }
}

impl Metrics {
    /// What the stages of incidents count into.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.stages.counts)
    }

    /// With what others count, too.
    pub fn with(add: impl FnOnce(&mut Registry)) -> Self {
        let mut metrics = Self::default();
        add(&mut metrics.registry);
        metrics
    }

    pub(super) fn answered(&self, code: u16) {
        self.answers.get_or_create(&Answer { code }).inc();
    }

    /// What a chat says of itself, at the moment somebody asks.
    fn chat(&self, health: &ChatHealth) {
        let label = Chat {
            chat: health.name(),
        };
        let up = i64::from(health.trouble().is_none());
        self.chats.get_or_create(&label).set(up);
        let raise = |counter: &Family<Chat, Counter>, to: u64| {
            let counter = counter.get_or_create(&label);
            counter.inc_by(to.saturating_sub(counter.get()));
        };
        raise(&self.taken, health.taken());
        raise(&self.repeated, health.repeated());
        raise(&self.misread, health.misreadings());
    }

    pub fn reloaded(&self, taken: bool) {
        let result = if taken { "taken" } else { "rejected" };
        self.reloads.get_or_create(&Reloaded { result }).inc();
    }
}

/// In the form that is asked for; who does not say gets the older one, which everybody reads.
pub(super) async fn show(State(web): State<Web>, headers: HeaderMap) -> Response {
    let mut text = String::new();
    web.metrics.stages.refresh();
    for chat in &web.doors.chats.health {
        web.metrics.chat(chat);
    }
    if encode(&mut text, &web.metrics.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accepted.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        return ([(header::CONTENT_TYPE, kind)], text).into_response();
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], exposition::older(&text)).into_response()
}
