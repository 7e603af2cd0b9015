//! Taking away what nobody uses. Volumes are never among it.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::ImageDeleteResponseItem;
use bollard::query_parameters::{
    PruneBuildOptionsBuilder, PruneImagesOptionsBuilder, PruneNetworksOptions,
};

use super::failure;
use super::inspect::not_negative;
use super::{Engine, EngineError};
use crate::action::inventory::Pruned;
use crate::action::{Prunable, Subject};

/// Deleting many layers is slow on a full disk, which is when people prune.
const LIMIT: Duration = Duration::from_mins(5);

impl Engine {
    pub async fn prune(
        &self,
        what: Prunable,
        containers: &[Subject],
    ) -> Result<Pruned, EngineError> {
        match what {
            Prunable::StoppedContainers => self.prune_containers(containers).await,
            Prunable::DanglingImages => self.prune_images().await,
            Prunable::UnusedNetworks => self.prune_networks().await,
            Prunable::BuildCache => self.prune_build_cache().await,
        }
    }

    /// These, unless they are gone or run by now: the engine's own way takes whatever is stopped
    /// at that moment.
    async fn prune_containers(&self, containers: &[Subject]) -> Result<Pruned, EngineError> {
        let mut removed = Vec::new();
        for container in containers {
            match self.remove(&container.id, false).await {
                Ok(()) => removed.push(container.name.clone()),
                Err(EngineError::NotFound { .. } | EngineError::Refused { status: 409, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(pruned(Some(removed), None))
    }

    async fn prune_images(&self) -> Result<Pruned, EngineError> {
        let dangling = HashMap::from([("dangling", vec!["true"])]);
        let options = PruneImagesOptionsBuilder::default()
            .filters(&dangling)
            .build();
        let request = self.docker().prune_images(Some(options));
        let answer = self
            .ask_within(LIMIT, &failure::Subject::engine(), request)
            .await?;
        let name = |item: ImageDeleteResponseItem| item.deleted.or(item.untagged);
        let removed = answer.images_deleted.unwrap_or_default();
        let removed = removed.into_iter().filter_map(name).collect();
        Ok(pruned(Some(removed), answer.space_reclaimed))
    }

    async fn prune_networks(&self) -> Result<Pruned, EngineError> {
        let request = self.docker().prune_networks(None::<PruneNetworksOptions>);
        let answer = self
            .ask_within(LIMIT, &failure::Subject::engine(), request)
            .await?;
        Ok(pruned(answer.networks_deleted, None))
    }

    async fn prune_build_cache(&self) -> Result<Pruned, EngineError> {
        let options = PruneBuildOptionsBuilder::default().build();
        let request = self.docker().prune_build(Some(options));
        let answer = self
            .ask_within(LIMIT, &failure::Subject::engine(), request)
            .await?;
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
