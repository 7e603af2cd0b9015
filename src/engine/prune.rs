//! Taking away what nobody uses. Volumes are never among it.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::ImageDeleteResponseItem;
use bollard::query_parameters::{
    PruneBuildOptionsBuilder, PruneContainersOptionsBuilder, PruneImagesOptionsBuilder,
    PruneNetworksOptions,
};

use super::anew::KEPT;
use super::failure::Subject;
use super::inspect::not_negative;
use super::{Engine, EngineError};
use crate::action::Prunable;
use crate::action::inventory::Pruned;

/// Deleting many layers is slow on a full disk, which is when people prune.
const LIMIT: Duration = Duration::from_mins(5);

impl Engine {
    pub async fn prune(&self, what: Prunable) -> Result<Pruned, EngineError> {
        match what {
            Prunable::StoppedContainers => self.prune_containers().await,
            Prunable::DanglingImages => self.prune_images().await,
            Prunable::UnusedNetworks => self.prune_networks().await,
            Prunable::BuildCache => self.prune_build_cache().await,
        }
    }

    async fn prune_containers(&self) -> Result<Pruned, EngineError> {
        // settings that wait there are all that is left of a container in the middle of a reset
        let filters = HashMap::from([("label!", vec![KEPT])]);
        let options = PruneContainersOptionsBuilder::default()
            .filters(&filters)
            .build();
        let request = self.docker().prune_containers(Some(options));
        let answer = self.ask_within(LIMIT, &Subject::engine(), request).await?;
        Ok(pruned(answer.containers_deleted, answer.space_reclaimed))
    }

    async fn prune_images(&self) -> Result<Pruned, EngineError> {
        let dangling = HashMap::from([("dangling", vec!["true"])]);
        let options = PruneImagesOptionsBuilder::default()
            .filters(&dangling)
            .build();
        let request = self.docker().prune_images(Some(options));
        let answer = self.ask_within(LIMIT, &Subject::engine(), request).await?;
        let name = |item: ImageDeleteResponseItem| item.deleted.or(item.untagged);
        let removed = answer.images_deleted.unwrap_or_default();
        let removed = removed.into_iter().filter_map(name).collect();
        Ok(pruned(Some(removed), answer.space_reclaimed))
    }

    async fn prune_networks(&self) -> Result<Pruned, EngineError> {
        let request = self.docker().prune_networks(None::<PruneNetworksOptions>);
        let answer = self.ask_within(LIMIT, &Subject::engine(), request).await?;
        Ok(pruned(answer.networks_deleted, None))
    }

    async fn prune_build_cache(&self) -> Result<Pruned, EngineError> {
        let options = PruneBuildOptionsBuilder::default().build();
        let request = self.docker().prune_build(Some(options));
        let answer = self.ask_within(LIMIT, &Subject::engine(), request).await?;
        Ok(pruned(answer.caches_deleted, answer.space_reclaimed))
    }
}

fn pruned(removed: Option<Vec<String>>, reclaimed: Option<i64>) -> Pruned {
    let mut removed = removed.unwrap_or_default();
    removed.sort();
    Pruned {
        removed,
        reclaimed: reclaimed.map_or(0, not_negative),
    }
}
