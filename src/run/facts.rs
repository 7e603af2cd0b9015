//! What conditions see of a run: the parameters, and what came of the steps before.

use serde_json::{Map, Value as Json, json};

use super::outcome::{StepEnd, StepOutcome};
use crate::runbook::{Condition, Facts, Plan, PlannedStep};
use crate::text::{Clean, Redactor};

/// Whether a condition of `step` holds after `outcomes`; `own` is what the step itself saw.
pub(super) fn holds(
    condition: &str,
    plan: &Plan,
    step: &PlannedStep,
    outcomes: &[StepOutcome],
    own: Option<&Json>,
) -> Result<bool, Clean> {
    let clean = |why: String| Redactor::shapes_only().clean(&why);
    let condition = Condition::compile(condition).map_err(clean)?;
    let mut facts: Facts = plan.scopes.get(step.scope).cloned().unwrap_or_default();
    facts
        .entry("params".to_owned())
        .or_insert_with(|| json!({}));
    facts.insert("outcomes".to_owned(), so_far(step, outcomes));
    if let Some(own) = own {
        facts.insert("outcome".to_owned(), own.clone());
    }
    condition.holds(&facts).map_err(clean)
}

/// Outcomes by the names of their steps: those of the same round first, else the latest. Several
/// containers of one step are one outcome, as bad as the worst of them.
fn so_far(step: &PlannedStep, outcomes: &[StepOutcome]) -> Json {
    let mut named: Map<String, Json> = Map::new();
    for own_round in [false, true] {
        let meant = outcomes
            .iter()
            .filter(|one| !own_round || one.round == step.round);
        let mut latest: Map<String, Json> = Map::new();
        for one in meant {
            let before = latest.get(&one.name);
            let state = worse(before, &one.end);
            let mut data = match &one.data {
                Json::Object(data) => data.clone(),
                _ => Map::new(),
            };
            data.insert("state".to_owned(), json!(state));
            latest.insert(one.name.clone(), Json::Object(data));
        }
        named.extend(latest);
    }
    Json::Object(named)
}

fn worse(before: Option<&Json>, now: &StepEnd) -> &'static str {
    let before = before.and_then(|before| before.get("state")?.as_str());
    match before {
        Some("failed") => "failed",
        Some("unknown") => "unknown",
        _ => now.word(),
    }
}
