//! What runs of a stack, as far as its files can be compared with it. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::container::Container;
use crate::action::inventory::Image;
use crate::engine::{Engine, EngineError};
use crate::stack::Inventory;
use crate::text::Raw;

/// Variables by name.
pub type Variables = BTreeMap<String, Raw>;

/// A stack on its host at one moment, with what its images bring with them.
#[derive(Debug, Clone, Default)]
pub struct Running {
    pub inventory: Inventory,
    pub images: Vec<Image>,
    /// By the id of the image; of one that is gone nothing is known.
    brought: BTreeMap<String, Variables>,
}

impl Running {
    pub async fn look(engine: &Engine, project: &str) -> Result<Self, EngineError> {
        let inventory = Inventory::new(engine.containers().await?);
        let images = engine.images().await?;
        let replicas = inventory.in_stack(project).flat_map(|one| &one.replicas);
        let ids: BTreeSet<&str> = replicas.map(|one| one.image_id.as_str()).collect();
        let mut brought = BTreeMap::new();
        for id in ids {
            if let Some(variables) = engine.image_environment(id).await? {
                brought.insert(id.to_owned(), variables);
            }
        }
        Ok(Self {
            inventory,
            images,
            brought,
        })
    }

    /// The variables that a container has from its image; `None` where nobody can tell any more.
    pub fn brought(&self, container: &Container) -> Option<&Variables> {
        self.brought.get(&container.image_id)
    }
}
