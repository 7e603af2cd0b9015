//! What the engine recorded: one event for each thing that happened to a container or its parts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::container::Container;
use super::ring::Ring;

/// More than the real engine keeps, so that an outage is still there after a coffee.
const EVENTS_KEPT: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Event {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) kind: &'static str,
    pub(in crate::sim) action: String,
    pub(in crate::sim) actor: String,
    /// The image, for container events.
    pub(in crate::sim) from: Option<String>,
    pub(in crate::sim) attributes: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(in crate::sim) struct Journal {
    events: Ring<Event>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            events: Ring::new(EVENTS_KEPT),
        }
    }

    pub(in crate::sim) fn events(&self) -> &Ring<Event> {
        &self.events
    }

    /// Records what happened to a container; its labels go with it, as the engine does it.
    pub(super) fn container(
        &mut self,
        at: Timestamp,
        container: &Container,
        action: &str,
        extra: &[(&str, &str)],
    ) {
        let spec = &container.spec;
        let mut attributes = spec.labels.clone();
        attributes.insert("image".to_owned(), spec.image.clone());
        attributes.insert("name".to_owned(), spec.name.clone());
        attributes.extend(owned(extra));
        self.push(Event {
            at,
            kind: "container",
            action: action.to_owned(),
            actor: container.id.clone(),
            from: Some(spec.image.clone()),
            attributes,
        });
    }

    /// Records what happened to a network, volume or image.
    pub(super) fn thing(
        &mut self,
        at: Timestamp,
        kind: &'static str,
        actor: &str,
        action: &str,
        extra: &[(&str, &str)],
    ) {
        self.push(Event {
            at,
            kind,
            action: action.to_owned(),
            actor: actor.to_owned(),
            from: None,
            attributes: owned(extra).collect(),
        });
    }

    /// Health checks run every second and leave three events each: they are the first to go.
    fn push(&mut self, event: Event) {
        self.events
            .push(event, |event| event.action.starts_with("exec_"));
    }
}

fn owned<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (String, String)> + 'a {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
}
