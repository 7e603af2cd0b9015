//! Steps in order: loops unrolled, calls followed, each with its conditions and limits.

use std::time::Duration;

use serde_json::json;

use super::{BindError, Binder, Bound, Values, push};
use crate::action::{Action, Risk};
use crate::command::parse::duration;
use crate::runbook::language::RunbookFile;
use crate::runbook::plan::{Guard, PlannedStep, Retry, Stage};
use crate::runbook::steps::StepSpec;
use crate::text::Clean;

/// Before the first time that a step is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// One thing to do, before it has a place in the plan.
pub(super) struct Doing {
    pub(super) action: Action,
    pub(super) says: Clean,
}

impl Binder<'_> {
    /// The three parts of a runbook, into the plan.
    pub(super) fn whole(&mut self, file: &RunbookFile, scope: &Values) -> Bound<()> {
        let stages = self.stages(&file.steps, scope)?;
        self.plan.stages.extend(stages);
        let rollback = self.stages(&file.rollback, scope)?;
        let verify = self.stages(&file.verify, scope)?;
        // what was called last is undone first
        self.plan.rollback.splice(0..0, flat(rollback));
        self.plan.verify.extend(flat(verify));
        Ok(())
    }

    fn stages(&mut self, steps: &[StepSpec], scope: &Values) -> Bound<Vec<Stage>> {
        let mut stages = Vec::new();
        for step in steps {
            if let Some(over) = &step.for_each {
                let rounds = match over.0.as_slice() {
                    [one] => scope.texts.get(&one.0).cloned(),
                    _ => None,
                };
                let rounds = rounds.unwrap_or_else(|| over.fill(&scope.texts));
                self.rounds(step, rounds, scope, &mut stages)?;
            } else if let Some(name) = &step.call {
                self.call(step, name, scope, &mut stages)?;
            } else {
                for planned in self.planned(step, scope)? {
                    push(&mut stages, planned);
                }
            }
        }
        Ok(stages)
    }

    fn rounds(
        &mut self,
        step: &StepSpec,
        rounds: Vec<String>,
        scope: &Values,
        stages: &mut Vec<Stage>,
    ) -> Bound<()> {
        let name = step.each.as_deref().unwrap_or("each");
        let at_once = usize::try_from(step.parallel.unwrap_or(1).clamp(1, 20)).unwrap_or(1);
        let mut lanes = Vec::new();
        for value in rounds {
            let mut facts = self.plan.scopes[scope.facts].clone();
            facts.insert(name.to_owned(), json!(value));
            self.plan.scopes.push(facts);
            let mut inner = scope.clone();
            inner.facts = self.plan.scopes.len() - 1;
            inner.round = format!("{}{value} ", scope.round);
            inner.texts.insert(name.to_owned(), vec![value]);
            let mut lane = flat(self.stages(&step.steps, &inner)?);
            if let Some(when) = &step.when {
                for planned in &mut lane {
                    planned.when = Some(match planned.when.take() {
                        Some(own) => format!("({when}) && ({own})"),
                        None => when.clone(),
                    });
                }
            }
            lanes.push(lane);
        }
        if at_once == 1 {
            for planned in lanes.into_iter().flatten() {
                push(stages, planned);
            }
        } else if !lanes.is_empty() {
            stages.push(Stage { at_once, lanes });
        }
        Ok(())
    }

    fn call(
        &mut self,
        step: &StepSpec,
        name: &str,
        scope: &Values,
        stages: &mut Vec<Stage>,
    ) -> Bound<()> {
        let Some(called) = self.shelf.get(name).cloned() else {
            return Err(BindError::one(format!(
                "there is no runbook `{name}` to call"
            )));
        };
        let given = step
            .with
            .iter()
            .map(|(param, value)| (param.clone(), value.fill(&scope.texts)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        let mut inner = self
            .params(&called.file, &given)
            .map_err(|error| BindError {
                problems: error
                    .problems
                    .into_iter()
                    .map(|why| format!("in the call of `{name}`: {why}"))
                    .collect(),
            })?;
        inner.stack = inner.stack.or_else(|| scope.stack.clone());
        inner.round = format!("{}{name} ", scope.round);
        let before = (
            self.plan.stages.len(),
            self.plan.rollback.len(),
            self.plan.verify.len(),
        );
        self.whole(&called.file, &inner)?;
        if let Some(when) = &step.when {
            let guard = Guard {
                when: when.clone(),
                scope: scope.facts,
                round: scope.round.clone(),
            };
            self.guard(&guard, before);
        }
        let called: Vec<Stage> = self.plan.stages.drain(before.0..).collect();
        for stage in called {
            if stage.at_once == 1 {
                for planned in stage.lanes.into_iter().flatten() {
                    push(stages, planned);
                }
            } else {
                stages.push(stage);
            }
        }
        Ok(())
    }

    /// Puts a condition in front of everything that was added since.
    fn guard(&mut self, guard: &Guard, (stages, rollback, verify): (usize, usize, usize)) {
        let lanes = self.plan.stages.iter_mut().skip(stages);
        let steps = lanes.flat_map(|stage| &mut stage.lanes).flatten();
        // what is undone first stands first
        let added = self.plan.rollback.len() - rollback;
        let rollback = self.plan.rollback.iter_mut().take(added);
        let verify = self.plan.verify.iter_mut().skip(verify);
        for step in steps.chain(rollback).chain(verify) {
            step.guards.insert(0, guard.clone());
        }
    }

    /// One step of the file: as many steps of the plan as it has containers.
    fn planned(&mut self, step: &StepSpec, scope: &Values) -> Bound<Vec<PlannedStep>> {
        let limit = match &step.timeout {
            Some(text) => Some(time(&text.fill(&scope.texts))?),
            None => None,
        };
        let name = step.name();
        let doings = self.doings(step, limit, scope)?;
        let planned = doings.into_iter().map(|doing| {
            let id = self.unique(&format!("{}{name}", scope.round));
            let mut planned = PlannedStep::new(&name, id, doing.action, doing.says);
            if let Some(limit) = limit {
                // a wait ends by itself, and says what it waited for
                let ends_itself = matches!(
                    planned.action,
                    Action::WaitHealthy { .. } | Action::StackWell { .. } | Action::Call(_)
                );
                planned.limit = limit + Duration::from_secs(if ends_itself { 5 } else { 0 });
            }
            planned.round.clone_from(&scope.round);
            planned.when.clone_from(&step.when);
            planned.expect.clone_from(&step.expect);
            planned.on_failure = step.on_failure.unwrap_or_default();
            planned.scope = scope.facts;
            planned.retry = step.retry.as_ref().map(|retry| Retry {
                times: retry.times.clamp(1, 10),
                pause: retry.pause.map_or(PAUSE, |pause| pause.0),
            });
            planned
        });
        Ok(planned.collect())
    }

    fn unique(&mut self, id: &str) -> String {
        let count = self.ids.entry(id.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            id.to_owned()
        } else {
            format!("{id} #{count}")
        }
    }

    /// Notes whom a step changes.
    pub(super) fn note(&mut self, key: &crate::stack::Key, risk: Risk) {
        if risk > Risk::Read {
            self.changed.insert(key.clone());
        }
    }
}

pub(super) fn time(text: &str) -> Bound<Duration> {
    duration(text).map_err(|why| BindError::one(format!("`{text}` is no time: {why}")))
}

fn flat(stages: Vec<Stage>) -> Vec<PlannedStep> {
    let lanes = stages.into_iter().flat_map(|stage| stage.lanes);
    lanes.flatten().collect()
}
