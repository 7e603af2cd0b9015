//! Which service a host name, an address or a container's id stands for.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::{Inventory, Key};

/// Which service a host name or address means, seen from a given service.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) named: BTreeMap<String, BTreeSet<Key>>,
    /// On which network somebody has this address.
    pub(super) addressed: BTreeMap<String, BTreeSet<(String, Key)>>,
    pub(super) identified: BTreeMap<String, Key>,
}

impl Names {
    pub(super) fn new(inventory: &Inventory) -> Self {
        let mut names = Self::default();
        for service in &inventory.services {
            names.add(service.name().as_str(), &service.key);
            for replica in &service.replicas {
                names.add(&replica.name, &service.key);
                names
                    .identified
                    .insert(replica.id.clone(), service.key.clone());
                names
                    .identified
                    .insert(replica.name.clone(), service.key.clone());
                for attachment in &replica.networks {
                    for alias in &attachment.aliases {
                        names.add(alias, &service.key);
                    }
                    let place = (attachment.network.clone(), service.key.clone());
                    names
                        .addressed
                        .entry(attachment.address.clone())
                        .or_default()
                        .insert(place);
                }
            }
        }
        names.addressed.remove("");
        names
    }

    fn add(&mut self, name: &str, key: &Key) {
        self.named
            .entry(name.to_lowercase())
            .or_default()
            .insert(key.clone());
    }
}
