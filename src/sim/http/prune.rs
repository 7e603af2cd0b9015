//! Taking away what nobody uses.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Answer;
use super::params::Params;
use crate::sim::live::LiveWorld;
use crate::sim::world::{Container, World};

/// Which containers are meant. Of the engine's own, `until` is not spoken here.
const FILTERS: &[&str] = &["label", "label!"];

pub(super) async fn containers(
    State(world): State<LiveWorld>,
    params: Params,
) -> Answer<Json<Value>> {
    let filters = params.filters()?.only(FILTERS)?;
    let is_meant = |container: &Container| filters.labels(&container.spec.labels);
    let gone = world.change(|world, now| world.prune_containers(is_meant, now));
    Ok(Json(
        json!({ "ContainersDeleted": gone, "SpaceReclaimed": 0 }),
    ))
}

pub(super) async fn networks(State(world): State<LiveWorld>) -> Json<Value> {
    let gone = world.change(World::prune_networks);
    Json(json!({ "NetworksDeleted": gone }))
}

pub(super) async fn images(State(world): State<LiveWorld>) -> Json<Value> {
    let (gone, size) = world.change(World::prune_images);
    let gone: Vec<Value> = gone.iter().map(|id| json!({ "Deleted": id })).collect();
    Json(json!({ "ImagesDeleted": gone, "SpaceReclaimed": size }))
}

pub(super) async fn build_cache(State(world): State<LiveWorld>) -> Json<Value> {
    let size = world.change(|world, _| std::mem::take(&mut world.build_cache));
    Json(json!({ "CachesDeleted": [], "SpaceReclaimed": size }))
}
