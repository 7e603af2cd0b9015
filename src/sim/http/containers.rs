//! Reading containers: the list, one in full, its processes.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Answer;
use super::filters::Filters;
use super::human::status_line;
use super::inspect::{full, mounts, networks, published};
use super::params::Params;
use crate::sim::live::LiveWorld;
use crate::sim::refusal::Refusal;
use crate::sim::spec::MountSpec;
use crate::sim::world::{Container, World};

const STATES: &[&str] = &[
    "created",
    "running",
    "paused",
    "restarting",
    "removing",
    "exited",
    "dead",
];
const FILTERS: &[&str] = &[
    "label", "name", "status", "id", "health", "network", "volume", "ancestor", "exited",
];

pub(super) async fn list(State(world): State<LiveWorld>, params: Params) -> Answer<Json<Value>> {
    let filters = params.filters()?.only(FILTERS)?;
    let unknown = |state: &&String| !STATES.contains(&state.as_str());
    if let Some(state) = filters.values("status").iter().find(unknown) {
        let text = format!("Invalid filter 'status={state}'");
        return Err(Refusal::BadParameter(text));
    }
    let limit = params
        .number("limit")?
        .and_then(|n| usize::try_from(n).ok());
    let limit = limit.filter(|limit| *limit > 0);
    // Asking for a state or for the newest ones looks at the dead as well.
    let all = params.flag("all") || limit.is_some() || !filters.values("status").is_empty();
    Ok(Json(world.look(|world, now| {
        let mut found: Vec<&Container> = world
            .containers
            .iter()
            .filter(|container| all || container.is_alive() || container.is_restarting())
            .filter(|container| fits(container, &filters))
            .collect();
        found.sort_by_key(|container| std::cmp::Reverse(container.created));
        found
            .into_iter()
            .take(limit.unwrap_or(usize::MAX))
            .map(|container| summary(world, container, now))
            .collect()
    })))
}

fn fits(container: &Container, filters: &Filters) -> bool {
    let spec = &container.spec;
    let health = container
        .health
        .as_ref()
        .map_or("none", |health| health.verdict.word());
    let on = |network: &str| container.endpoints.iter().any(|e| e.network == network);
    let mounted = |volume: &str| {
        spec.mounts
            .iter()
            .any(|mount| matches!(mount, MountSpec::Volume { name, .. } if name == volume))
    };
    let code = container.exit.map(|exit| exit.code.to_string());
    filters.labels(&spec.labels)
        && filters.name(&spec.name)
        && filters.any("id", |id| container.id.starts_with(id))
        && filters.any("status", |status| container.status() == status)
        && filters.any("health", |wanted| health == wanted)
        && filters.any("ancestor", |image| spec.image == image)
        && filters.any("exited", |wanted| code.as_deref() == Some(wanted))
        && filters.any("network", on)
        && filters.any("volume", mounted)
}

/// One line of the list.
pub(super) fn summary(world: &World, container: &Container, now: Timestamp) -> Value {
    let spec = &container.spec;
    let image_id = world.image(&spec.image).map(|image| image.id.clone());
    let mode = spec
        .networks
        .first()
        .map_or("default", |first| &first.network);
    json!({
        "Id": container.id,
        "Names": [format!("/{}", spec.name)],
        "Image": spec.image,
        "ImageID": image_id.unwrap_or_default(),
        "Command": spec.argv().join(" "),
        "Created": container.created.as_second(),
        "Ports": published(container),
        "Labels": spec.labels,
        "State": container.status(),
        "Status": status_line(container, now),
        "HostConfig": { "NetworkMode": mode },
        "NetworkSettings": { "Networks": networks(world, container) },
        "Mounts": mounts(spec),
    })
}

pub(super) async fn inspect(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    world.look(|world, _| Ok(Json(full(world, world.container(&id)?))))
}

pub(super) async fn top(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    world.change(|world, now| {
        world.note_top(&id, now)?;
        Ok(Json(processes(world.container(&id)?)))
    })
}

fn processes(container: &Container) -> Value {
    let own = [container.spec.argv().join(" ")];
    let commands = match container.spec.behaviour.processes.as_slice() {
        [] => own.as_slice(),
        commands => commands,
    };
    let (pid, started) = container
        .life
        .as_ref()
        .map_or((0, container.created), |life| (life.pid, life.started));
    let stime = started.strftime("%H:%M").to_string();
    let rows: Vec<[String; 8]> = (pid..)
        .zip(commands)
        .map(|(own, command)| {
            let parent = if own == pid { pid - pid.min(20) } else { pid };
            let word = str::to_owned;
            [
                word(if container.spec.user.is_empty() {
                    "root"
                } else {
                    &container.spec.user
                }),
                own.to_string(),
                parent.to_string(),
                word("0"),
                stime.clone(),
                word("?"),
                word("00:00:00"),
                command.clone(),
            ]
        })
        .collect();
    json!({
        "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
        "Processes": rows,
    })
}
