//! `/metrics`: what Prometheus may know.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::Web;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reloaded {
    result: &'static str,
}

pub struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter>,
    reloads: Family<Reloaded, Counter>,
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
        Self {
            registry,
            answers,
            reloads,
        }
    }
}

impl Metrics {
    pub(super) fn answered(&self, code: u16) {
        self.answers.get_or_create(&Answer { code }).inc();
    }

    pub fn reloaded(&self, taken: bool) {
        let result = if taken { "taken" } else { "rejected" };
        self.reloads.get_or_create(&Reloaded { result }).inc();
    }
}

pub(super) async fn show(State(web): State<Web>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &web.metrics.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
