//! The engine about itself: that it is there, its version, its machine, its disk.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::containers::summary;
use super::inventory::{image_json, volume_json};
use super::{API_VERSION, ENGINE_VERSION};
use crate::sim::live::LiveWorld;
use crate::sim::world::{HOST_CPUS, HOST_MEMORY, World};

const OLDEST_API: &str = "1.12";
const KERNEL: &str = "6.1.0-simulated";
/// What a container writes outside its volumes.
const WRITTEN: u64 = 64 * 1024;

pub(super) async fn ping() -> &'static str {
    "OK"
}

pub(super) async fn version() -> Json<Value> {
    Json(json!({
        "Platform": { "Name": "Dogwatch simulation" },
        "Components": [{
            "Name": "Engine",
            "Version": ENGINE_VERSION,
            "Details": {
                "ApiVersion": API_VERSION,
                "MinAPIVersion": OLDEST_API,
                "Os": "linux",
                "Arch": "amd64",
                "KernelVersion": KERNEL,
                "Experimental": "false",
            },
        }],
        "Version": ENGINE_VERSION,
        "ApiVersion": API_VERSION,
        "MinAPIVersion": OLDEST_API,
        "GitCommit": "simulated",
        "GoVersion": "none",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": KERNEL,
        "BuildTime": "2023-04-04T18:16:09.000000000+00:00",
    }))
}

pub(super) async fn info(State(world): State<LiveWorld>) -> Json<Value> {
    Json(world.look(|world, now| {
        let count = |state: &str| {
            world
                .containers
                .iter()
                .filter(|container| container.status() == state)
                .count()
        };
        let all = world.containers.len();
        let (running, paused) = (count("running") + count("restarting"), count("paused"));
        json!({
            "ID": "SIMU:LATE:DENG:INE0",
            "Containers": all,
            "ContainersRunning": running,
            "ContainersPaused": paused,
            "ContainersStopped": all - running - paused,
            "Images": world.images.len(),
            "Driver": "overlay2",
            "MemoryLimit": true,
            "SwapLimit": true,
            "PidsLimit": true,
            "CpuCfsPeriod": true,
            "CpuCfsQuota": true,
            "OomKillDisable": false,
            "SystemTime": now.to_string(),
            "LoggingDriver": "json-file",
            "CgroupDriver": "systemd",
            "CgroupVersion": "2",
            "KernelVersion": KERNEL,
            "OperatingSystem": "Dogwatch simulation",
            "OSType": "linux",
            "Architecture": "x86_64",
            "NCPU": HOST_CPUS,
            "MemTotal": HOST_MEMORY,
            "DockerRootDir": "/var/lib/docker",
            "Name": "simulated",
            "Labels": [],
            "ServerVersion": ENGINE_VERSION,
            "DefaultRuntime": "runc",
            "Swarm": { "LocalNodeState": "inactive" },
            "Warnings": null,
        })
    }))
}

pub(super) async fn disk_usage(State(world): State<LiveWorld>) -> Json<Value> {
    Json(world.look(|world, now| {
        let containers: Vec<Value> = world
            .containers
            .iter()
            .map(|container| {
                let mut entry = summary(world, container, now);
                let image = world
                    .image(&container.spec.image)
                    .map_or(0, |image| image.size);
                entry["SizeRw"] = json!(WRITTEN);
                entry["SizeRootFs"] = json!(image + WRITTEN);
                entry
            })
            .collect();
        json!({
            "LayersSize": world.images.iter().map(|image| image.size).sum::<u64>(),
            "Images": images(world),
            "Containers": containers,
            "Volumes": volumes(world),
            "BuildCache": build_cache(world),
            "BuilderSize": world.build_cache,
        })
    }))
}

fn images(world: &World) -> Vec<Value> {
    let users = |tag: Option<&str>| {
        let used = world
            .containers
            .iter()
            .filter(|c| Some(c.spec.image.as_str()) == tag);
        i64::try_from(used.count()).unwrap_or(i64::MAX)
    };
    let images = world.images.iter();
    images
        .map(|image| image_json(image, users(image.tag.as_deref())))
        .collect()
}

fn volumes(world: &World) -> Vec<Value> {
    let volumes = world.volumes.iter();
    volumes
        .map(|volume| {
            let users = world.users_of(&volume.name).count();
            let mut entry = volume_json(volume);
            entry["UsageData"] = json!({ "RefCount": users, "Size": volume.size });
            entry
        })
        .collect()
}

fn build_cache(world: &World) -> Value {
    if world.build_cache == 0 {
        return Value::Null;
    }
    json!([{
        "ID": "simulatedcache",
        "Type": "regular",
        "Description": "layers of earlier builds",
        "InUse": false,
        "Shared": false,
        "Size": world.build_cache,
    }])
}
