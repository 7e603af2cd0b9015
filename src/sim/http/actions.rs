//! What can be done to a container, and waiting for it to be done.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use super::params::Params;
use crate::sim::live::LiveWorld;
use crate::sim::refusal::Refusal;
use crate::sim::spec::Restart;
use crate::sim::world::{Change, Grace, World};

const DONE: StatusCode = StatusCode::NO_CONTENT;

pub(super) async fn start(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    world.change(|world, now| world.start(&name, now))?;
    Ok(DONE)
}

pub(super) async fn stop(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    params: Params,
) -> Answer<StatusCode> {
    let grace = grace(&params)?;
    let id = full_id(&world, &name)?;
    world.change(|world, now| world.stop(&id, grace, now))?;
    settled(&world, &id).await;
    Ok(DONE)
}

pub(super) async fn restart(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    params: Params,
) -> Answer<StatusCode> {
    let grace = grace(&params)?;
    let id = full_id(&world, &name)?;
    world.change(|world, now| world.restart(&id, grace, now))?;
    settled(&world, &id).await;
    Ok(DONE)
}

pub(super) async fn kill(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    params: Params,
) -> Answer<StatusCode> {
    let signal = params.text("signal").unwrap_or("KILL");
    world.change(|world, now| world.kill(&name, signal, now))?;
    Ok(DONE)
}

pub(super) async fn pause(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    world.change(|world, now| world.pause(&name, now))?;
    Ok(DONE)
}

pub(super) async fn unpause(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    world.change(|world, now| world.unpause(&name, now))?;
    Ok(DONE)
}

pub(super) async fn remove(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    params: Params,
) -> Answer<StatusCode> {
    let force = params.flag("force");
    world.change(|world, now| world.remove(&name, force, now))?;
    Ok(DONE)
}

/// Answers when it does not run, when its next life has ended, or when it is gone.
pub(super) async fn wait(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    params: Params,
) -> Answer<Json<Value>> {
    let id = full_id(&world, &name)?;
    let before = last_exit(&world, &id);
    let condition = params.text("condition").unwrap_or("not-running").to_owned();
    world
        .until(|world| {
            let Ok(container) = world.container(&id) else {
                return true;
            };
            match condition.as_str() {
                "removed" => false,
                "next-exit" => container.exit.map(|exit| exit.at) != before,
                _ => !container.is_alive() && !container.is_restarting(),
            }
        })
        .await;
    let code = world.look(|world, _| {
        let exit = world
            .container(&id)
            .ok()
            .and_then(|container| container.exit);
        exit.map_or(0, |exit| exit.code)
    });
    Ok(Json(json!({ "Error": null, "StatusCode": code })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Update {
    memory: Option<u64>,
    nano_cpus: Option<u64>,
    restart_policy: Option<Policy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Policy {
    name: String,
    maximum_retry_count: u64,
}

impl Policy {
    pub(super) fn restart(&self) -> Restart {
        match self.name.as_str() {
            "always" => Restart::Always,
            "unless-stopped" => Restart::UnlessStopped,
            "on-failure" => Restart::OnFailure(self.maximum_retry_count),
            _ => Restart::No,
        }
    }
}

pub(super) async fn update(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    Json(update): Json<Update>,
) -> Answer<Json<Value>> {
    let change = Change {
        memory_limit: update.memory.filter(|bytes| *bytes > 0),
        nano_cpus: update.nano_cpus.filter(|nanos| *nanos > 0),
        restart: update.restart_policy.as_ref().map(Policy::restart),
    };
    world.change(|world, now| world.update(&name, change, now))?;
    Ok(Json(json!({ "Warnings": null })))
}

fn full_id(world: &LiveWorld, name: &str) -> Result<String, Refusal> {
    world.look(|world, _| world.container(name).map(|container| container.id.clone()))
}

fn last_exit(world: &LiveWorld, id: &str) -> Option<jiff::Timestamp> {
    world.look(|world, _| world.container(id).ok()?.exit.map(|exit| exit.at))
}

async fn settled(world: &LiveWorld, id: &str) {
    let done = |world: &World| world.container(id).is_ok_and(|c| !c.is_stopping());
    let gone = |world: &World| world.container(id).is_err();
    world.until(|world| done(world) || gone(world)).await;
}

fn grace(params: &Params) -> Result<Grace, Refusal> {
    Ok(match params.number("t")? {
        None => Grace::Default,
        Some(seconds) => u64::try_from(seconds).map_or(Grace::Forever, Grace::Seconds),
    })
}
