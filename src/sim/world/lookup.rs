//! Finding containers by the names people and clients use, and whether one is well.

use jiff::Timestamp;

use super::{Container, World, between};
use crate::sim::behaviour::Need;
use crate::sim::refusal::Refusal;

/// Chains of needs longer than this, or in a circle, end here.
const DEEPEST_NEED: u8 = 8;

/// Whether the program does its work right now, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wellness {
    Well,
    /// Not up yet, or ailing.
    NotReady,
    /// The need with that number is unmet.
    Lacks(usize),
}

impl World {
    /// By name, full id or unique beginning of an id, as the engine looks it up.
    pub(in crate::sim) fn find(&self, name_or_id: &str) -> Result<usize, Refusal> {
        let name = name_or_id.strip_prefix('/').unwrap_or(name_or_id);
        let exact = |c: &Container| c.id == name_or_id || c.spec.name == name;
        if let Some(index) = self.containers.iter().position(exact) {
            return Ok(index);
        }
        let begins = |c: &Container| !name.is_empty() && c.id.starts_with(name);
        let mut found = (0..self.containers.len())
            .filter(|index| self.containers.get(*index).is_some_and(begins));
        match (found.next(), found.next()) {
            (Some(index), None) => Ok(index),
            (Some(_), Some(_)) => Err(Refusal::Ambiguous(name_or_id.to_owned())),
            (None, _) => Err(Refusal::NoSuchContainer(name_or_id.to_owned())),
        }
    }

    pub(in crate::sim) fn container(&self, name_or_id: &str) -> Result<&Container, Refusal> {
        let index = self.find(name_or_id)?;
        self.containers
            .get(index)
            .ok_or_else(|| Refusal::NoSuchContainer(name_or_id.to_owned()))
    }

    /// Everything that goes by this container name or compose service.
    pub(super) fn known_as(&self, name: &str) -> Vec<usize> {
        let known = |c: &Container| c.spec.name == name || c.spec.service() == Some(name);
        (0..self.containers.len())
            .filter(|index| self.containers.get(*index).is_some_and(known))
            .collect()
    }

    pub(super) fn wellness(&self, container: &Container, now: Timestamp) -> Wellness {
        self.wellness_at_depth(container, now, 0)
    }

    fn wellness_at_depth(&self, container: &Container, now: Timestamp, depth: u8) -> Wellness {
        let behaviour = &container.spec.behaviour;
        let Some(life) = container.life.as_ref().filter(|_| !container.paused) else {
            return Wellness::NotReady;
        };
        let ready = behaviour
            .ready_after
            .is_some_and(|after| between(life.started, now) >= after);
        if !ready || container.ailment.is_some() {
            return Wellness::NotReady;
        }
        let unmet = |need: &Need| depth < DEEPEST_NEED && !self.is_met(need, now, depth);
        behaviour
            .needs
            .iter()
            .position(unmet)
            .map_or(Wellness::Well, Wellness::Lacks)
    }

    fn is_met(&self, need: &Need, now: Timestamp, depth: u8) -> bool {
        need.any_of
            .iter()
            .flat_map(|name| self.known_as(name))
            .filter_map(|index| self.containers.get(index))
            .any(|needed| self.wellness_at_depth(needed, now, depth + 1) == Wellness::Well)
    }
}
