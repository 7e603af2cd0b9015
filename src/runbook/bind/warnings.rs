//! What whoever decides should know beside the steps: who suffers while they are taken.

use std::collections::BTreeSet;

use super::Binder;
use crate::action::Action;
use crate::runbook::plan::PlannedStep;
use crate::say;
use crate::stack::Key;
use crate::stack::graph::Why;
use crate::text::Clean;

impl Binder<'_> {
    /// Who needs what stops for a while, and is not stopped itself.
    pub(super) fn left_without(&self) -> Vec<Clean> {
        let stops = |step: &PlannedStep| {
            matches!(
                step.action,
                Action::Stop { .. }
                    | Action::Restart { .. }
                    | Action::Kill { .. }
                    | Action::Remove { .. }
            )
        };
        let stopped: BTreeSet<&str> = self
            .plan
            .steps()
            .filter(|step| stops(step))
            .flat_map(|step| step.action.subjects())
            .map(|subject| subject.name.as_str())
            .collect();
        let is_stopped = |key: &&Key| {
            let service = self.world.inventory.get(key);
            service.is_some_and(|one| {
                one.replicas
                    .iter()
                    .any(|one| stopped.contains(one.name.as_str()))
            })
        };
        let mut lines = Vec::new();
        for key in self.changed.iter().filter(is_stopped) {
            let needed_by = self.world.graph.needed_by(key).into_iter();
            // what a log speaks of may be another thing a moment later
            let others = needed_by
                .filter(|(other, why)| **why != Why::Log && !self.changed.contains(*other));
            let names: Vec<Clean> = others
                .map(|(other, _)| other.service.clone().into())
                .collect();
            if !names.is_empty() {
                lines.push(say!(
                    "{} is missing meanwhile to those that need it: {}",
                    key.service,
                    Clean::join(&names, ", ")
                ));
            }
        }
        lines
    }
}
