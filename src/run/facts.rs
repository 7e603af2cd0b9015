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
    seen_from(condition, plan, (step.scope, &step.round), outcomes, own)
}

/// Whether everything holds that decides if `step` is done: what stands at the calls around it,
/// then its own condition.
pub(super) fn is_wanted(
    plan: &Plan,
    step: &PlannedStep,
    outcomes: &[StepOutcome],
) -> Result<bool, Clean> {
    for guard in &step.guards {
        if !seen_from(
            &guard.when,
            plan,
            (guard.scope, &guard.round),
            outcomes,
            None,
        )? {
            return Ok(false);
        }
    }
    match step.when.as_deref() {
        Some(when) => holds(when, plan, step, outcomes, None),
        None => Ok(true),
    }
}

fn seen_from(
    condition: &str,
    plan: &Plan,
    (scope, round): (usize, &str),
    outcomes: &[StepOutcome],
    own: Option<&Json>,
) -> Result<bool, Clean> {
    let clean = |why: String| Redactor::shapes_only().clean(&why);
    let condition = Condition::compile(condition).map_err(clean)?;
    let mut facts: Facts = plan.scopes.get(scope).cloned().unwrap_or_default();
    facts
        .entry("params".to_owned())
        .or_insert_with(|| json!({}));
    facts.insert("outcomes".to_owned(), so_far(round, outcomes));
    if let Some(own) = own {
        facts.insert("outcome".to_owned(), own.clone());
    }
    condition.holds(&facts).map_err(clean)
}

/// Outcomes by the names of their steps: those of the same round first, else the latest. Several
/// containers of one step are one outcome, as bad as the worst of them.
fn so_far(round: &str, outcomes: &[StepOutcome]) -> Json {
    let mut named: Map<String, Json> = Map::new();
    for own_round in [false, true] {
        let meant = outcomes
            .iter()
            .filter(|one| !own_round || one.round == round);
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
