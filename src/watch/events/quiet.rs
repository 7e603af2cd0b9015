//! Whether what was seen is the doing of a run of ours: then the run tells of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::sign::{Course, Sign};
use crate::store::{RunFilter, RunRecord, RunState, Store, StoreError};

/// Runs of one stack that are looked at: more do not end within a moment.
const LOOKED_AT: u32 = 20;

/// What a plan says of whom it touches.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Touched {
    services: Vec<String>,
    witnesses: Vec<Witness>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Witness {
    id: String,
}

/// Leaves out what a run did. A store that does not answer hides nothing.
pub(super) async fn without_runs(store: &Store, host: &str, signs: Vec<Sign>) -> Vec<Sign> {
    let began = |sign: &&Sign| matches!(sign.course, Course::Began { .. });
    let places: BTreeSet<String> = signs
        .iter()
        .filter(began)
        .map(|sign| place(host, sign))
        .collect();
    let mut runs = Vec::new();
    for place in places {
        match runs_of(store, &place).await {
            Ok(found) => runs.extend(found),
            Err(error) => tracing::warn!(%error, "runs could not be looked at"),
        }
    }
    let told_elsewhere = |sign: &Sign| {
        matches!(sign.course, Course::Began { .. })
            && runs.iter().any(|run| did(run, &place(host, sign), sign))
    };
    signs
        .into_iter()
        .filter(|sign| !told_elsewhere(sign))
        .collect()
}

/// As runs name it.
fn place(host: &str, sign: &Sign) -> String {
    let stack = sign.key.stack.as_ref().map_or("", |stack| stack.as_str());
    format!("{host}/{stack}")
}

async fn runs_of(store: &Store, place: &str) -> Result<Vec<RunRecord>, StoreError> {
    let filter = RunFilter {
        stack_key: Some(place.to_owned()),
        limit: Some(LOOKED_AT),
        ..RunFilter::default()
    };
    store.runs(&filter).await
}

fn did(run: &RunRecord, place: &str, sign: &Sign) -> bool {
    run.stack_key == place && was_running(run, sign.at) && touches(run, sign)
}

/// Not a moment longer: what dies right after its run ended well has nobody else to tell of it.
fn was_running(run: &RunRecord, at: Timestamp) -> bool {
    let at = at.as_millisecond();
    let over = run.finished_ms.is_some_and(|end| end < at);
    run.started_ms.is_some_and(|start| start <= at) && !over && run.state != RunState::Unknown
}

/// What is made anew has another id, so the service's name counts too.
fn touches(run: &RunRecord, sign: &Sign) -> bool {
    let touched: Touched = serde_json::from_str(&run.plan_json).unwrap_or_default();
    let service = sign.key.to_string();
    touched.services.contains(&service) || touched.witnesses.iter().any(|one| one.id == sign.id)
}
