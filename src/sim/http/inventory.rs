//! Networks, volumes and images.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Answer;
use super::inspect::mountpoint;
use super::params::Params;
use crate::sim::live::LiveWorld;
use crate::sim::world::{Image, Network, Volume, World};

pub(super) async fn networks(
    State(world): State<LiveWorld>,
    params: Params,
) -> Answer<Json<Value>> {
    let filters = params.filters()?.only(&["name", "id", "driver", "label"])?;
    Ok(Json(world.look(|world, _| {
        let fits = |network: &&Network| {
            filters.name(&network.name)
                && filters.any("id", |id| network.id.starts_with(id))
                && filters.any("driver", |driver| network.driver == driver)
                && filters.labels(&project_labels(network.project.as_deref()))
        };
        // The list leaves members out; only one network at a time is told with them.
        let found = world.networks.iter().filter(fits);
        found
            .map(|network| network_json(network, &Map::new()))
            .collect()
    })))
}

pub(super) async fn network(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    world.look(|world, _| {
        let network = world.network(&id)?;
        Ok(Json(network_json(network, &members(world, network))))
    })
}

fn members(world: &World, network: &Network) -> Map<String, Value> {
    let alive = world
        .containers
        .iter()
        .filter(|container| container.is_alive());
    alive
        .filter_map(|container| {
            let endpoint = container
                .endpoints
                .iter()
                .find(|e| e.network == network.name)?;
            let address = network.address(endpoint.seat).map(|ip| format!("{ip}/16"));
            let member = json!({
                "Name": container.spec.name,
                "EndpointID": endpoint.id,
                "MacAddress": format!("02:42:ac:00:00:{:02x}", endpoint.seat),
                "IPv4Address": address.unwrap_or_default(),
                "IPv6Address": "",
            });
            Some((container.id.clone(), member))
        })
        .collect()
}

fn network_json(network: &Network, members: &Map<String, Value>) -> Value {
    let ranges: Vec<Value> = network
        .range
        .map(|n| json!({ "Subnet": format!("172.{n}.0.0/16"), "Gateway": format!("172.{n}.0.1") }))
        .into_iter()
        .collect();
    json!({
        "Name": network.name,
        "Id": network.id,
        "Created": network.created.to_string(),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv6": false,
        "IPAM": { "Driver": "default", "Options": {}, "Config": ranges },
        "Internal": false,
        "Attachable": false,
        "Ingress": false,
        "ConfigFrom": { "Network": "" },
        "ConfigOnly": false,
        "Containers": members,
        "Options": {},
        "Labels": project_labels(network.project.as_deref()),
    })
}

pub(super) async fn volumes(State(world): State<LiveWorld>, params: Params) -> Answer<Json<Value>> {
    let filters = params
        .filters()?
        .only(&["name", "label", "dangling", "driver"])?;
    Ok(Json(world.look(|world, _| {
        let fits = |volume: &&Volume| {
            let dangling = world.users_of(&volume.name).next().is_none();
            filters.name(&volume.name)
                && filters.labels(&project_labels(volume.project.as_deref()))
                && filters.any("driver", |driver| driver == "local")
                && filters.any("dangling", |wanted| {
                    matches!(wanted, "1" | "true") == dangling
                })
        };
        let found: Vec<Value> = world.volumes.iter().filter(fits).map(volume_json).collect();
        json!({ "Volumes": found, "Warnings": null })
    })))
}

pub(super) async fn volume(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
) -> Answer<Json<Value>> {
    world.look(|world, _| Ok(Json(volume_json(world.volume(&name)?))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WantedVolume {
    name: String,
    labels: Option<BTreeMap<String, String>>,
}

pub(super) async fn create_volume(
    State(world): State<LiveWorld>,
    Json(wanted): Json<WantedVolume>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut labels = wanted.labels.unwrap_or_default();
    let project = labels.remove("com.docker.compose.project");
    world.change(|world, now| {
        let made = world.create_volume(&wanted.name, project, now)?;
        Ok((StatusCode::CREATED, Json(volume_json(made))))
    })
}

pub(super) async fn remove_volume(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    world.change(|world, now| world.remove_volume(&name, now))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn volume_json(volume: &Volume) -> Value {
    let labels = project_labels(volume.project.as_deref());
    json!({
        "CreatedAt": volume.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "Driver": "local",
        "Labels": if labels.is_empty() { Value::Null } else { json!(labels) },
        "Mountpoint": mountpoint(&volume.name),
        "Name": volume.name,
        "Options": null,
        "Scope": "local",
    })
}

pub(super) async fn images(State(world): State<LiveWorld>, params: Params) -> Answer<Json<Value>> {
    let filters = params
        .filters()?
        .only(&["dangling", "reference", "label"])?;
    Ok(Json(world.look(|world, _| {
        let fits = |image: &&Image| {
            let tag = image.tag.as_deref();
            filters.any("dangling", |wanted| {
                matches!(wanted, "1" | "true") == tag.is_none()
            }) && filters.any("reference", |wanted| tag == Some(wanted))
                && filters.values("label").is_empty()
        };
        let found = world.images.iter().filter(fits);
        // The list does not count containers.
        found.map(|image| image_json(image, -1)).collect()
    })))
}

pub(super) fn image_json(image: &Image, containers: i64) -> Value {
    json!({
        "Containers": containers,
        "Created": image.created.as_second(),
        "Id": image.id,
        "Labels": null,
        "ParentId": "",
        "RepoDigests": null,
        "RepoTags": image.tag.as_ref().map(|tag| vec![tag.clone()]),
        "SharedSize": containers.min(0),
        "Size": image.size,
        "VirtualSize": image.size,
    })
}

fn project_labels(project: Option<&str>) -> std::collections::BTreeMap<String, String> {
    project
        .map(|project| ("com.docker.compose.project".to_owned(), project.to_owned()))
        .into_iter()
        .collect()
}
