//! Which incidents have which trouble: among thousands it is looked up, not searched for.

use std::collections::{BTreeSet, HashMap};

use super::alert::Fingerprint;
use super::model::Incident;

/// Places in a list of incidents, by what is in them. What was in one once stays.
#[derive(Debug, Default)]
pub(super) struct Index {
    troubles: HashMap<Fingerprint, BTreeSet<usize>>,
    services: HashMap<String, BTreeSet<usize>>,
}

impl Index {
    pub(super) fn of(incidents: &[Incident]) -> Self {
        let mut index = Self::default();
        for (place, incident) in incidents.iter().enumerate() {
            index.note_all(place, incident);
        }
        index
    }

    pub(super) fn note_all(&mut self, place: usize, incident: &Incident) {
        for member in &incident.members {
            self.note(place, &member.print);
        }
    }

    pub(super) fn note(&mut self, place: usize, print: &Fingerprint) {
        if !self.serves(place, &print.service) {
            let places = self.services.entry(print.service.clone());
            places.or_default().insert(place);
        }
        let places = self.troubles.entry(print.clone());
        places.or_default().insert(place);
    }

    /// The incidents that have this trouble, the latest first.
    pub(super) fn with(&self, print: &Fingerprint) -> impl Iterator<Item = usize> {
        self.troubles
            .get(print)
            .into_iter()
            .flatten()
            .rev()
            .copied()
    }

    /// Whether the incident has any trouble of this service.
    pub(super) fn serves(&self, place: usize, service: &str) -> bool {
        let places = self.services.get(service);
        places.is_some_and(|places| places.contains(&place))
    }
}
