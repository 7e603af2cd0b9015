//! Samples of what a container uses, in the shape of a cgroup v2 host.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::params::Params;
use super::{Answer, Chunk};
use crate::sim::live::LiveWorld;
use crate::sim::moment::earlier;
use crate::sim::world::{Container, HOST_CPUS, HOST_MEMORY, Usage, World};

const SAMPLE: Duration = Duration::from_secs(1);

pub(super) async fn stats(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
    params: Params,
) -> Answer<Response> {
    let paired = !params.flag("one-shot");
    let first = world.look(|world, now| {
        let container = world.container(&id)?;
        Ok(sample(world, container, now, paired))
    })?;
    if !params.flag_or("stream", true) {
        return Ok(Json(first).into_response());
    }
    let samples = stream::unfold((world, id, Some(first)), next_sample);
    Ok(Body::from_stream(samples).into_response())
}

type Sampling = (LiveWorld, String, Option<Value>);

async fn next_sample((world, id, first): Sampling) -> Option<(Chunk, Sampling)> {
    let value = if let Some(first) = first {
        first
    } else {
        tokio::time::sleep(SAMPLE).await;
        world.look(|world, now| {
            let container = world.container(&id).ok()?;
            Some(sample(world, container, now, true))
        })?
    };
    let line = Bytes::from(format!("{value}\n"));
    Some((Ok(line), (world, id, None)))
}

/// One sample; `paired` with the one a second before it. The dead have an empty one.
fn sample(world: &World, container: &Container, now: Timestamp, paired: bool) -> Value {
    let name = format!("/{}", container.spec.name);
    let Some(usage) = world.usage(container, now) else {
        return empty(&name, &container.id);
    };
    let before = world
        .usage(container, earlier(now, SAMPLE))
        .filter(|_| paired);
    json!({
        "read": now.to_string(),
        "preread": super::inspect::time(before.map(|before| before.at)),
        "name": name,
        "id": container.id,
        "num_procs": 0,
        "storage_stats": {},
        "pids_stats": pids(&usage, container),
        "cpu_stats": cpu(&usage),
        "precpu_stats": before.as_ref().map_or_else(no_cpu, cpu),
        "memory_stats": memory(&usage, container),
        "blkio_stats": disk(&usage),
        "networks": { "eth0": network(&usage) },
    })
}

fn pids(usage: &Usage, container: &Container) -> Value {
    let mut pids = json!({ "current": usage.pids });
    if let Some(limit) = container.spec.pids_limit {
        pids["limit"] = json!(limit);
    }
    pids
}

fn cpu(usage: &Usage) -> Value {
    json!({
        "cpu_usage": {
            "total_usage": usage.cpu_nanos,
            "usage_in_kernelmode": usage.cpu_nanos / 4,
            "usage_in_usermode": usage.cpu_nanos / 4 * 3,
        },
        "system_cpu_usage": usage.system_nanos,
        "online_cpus": HOST_CPUS,
        "throttling_data": {
            "periods": usage.periods,
            "throttled_periods": usage.throttled_periods,
            "throttled_time": usage.throttled_periods * 50_000_000,
        },
    })
}

fn no_cpu() -> Value {
    json!({
        "cpu_usage": { "total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0 },
        "throttling_data": { "periods": 0, "throttled_periods": 0, "throttled_time": 0 },
    })
}

/// A quarter again is page cache that could be given back, as far as the limit allows.
fn memory(usage: &Usage, container: &Container) -> Value {
    let limit = container.spec.memory_limit.unwrap_or(HOST_MEMORY);
    let cache = (usage.memory / 4).min(limit - usage.memory.min(limit));
    json!({
        "usage": usage.memory + cache,
        "stats": {
            "anon": usage.memory,
            "file": cache,
            "inactive_file": cache,
            "active_file": 0,
            "inactive_anon": usage.memory,
            "active_anon": 0,
            "kernel_stack": 16_384,
            "pgfault": 2964,
            "pgmajfault": 1,
        },
        "limit": limit,
    })
}

fn disk(usage: &Usage) -> Value {
    let entry = |op: &str, value: u64| json!({ "major": 8, "minor": 0, "op": op, "value": value });
    json!({
        "io_service_bytes_recursive": [
            entry("read", usage.disk_read),
            entry("write", usage.disk_written),
        ],
        "io_serviced_recursive": null,
        "io_queue_recursive": null,
        "io_service_time_recursive": null,
        "io_wait_time_recursive": null,
        "io_merged_recursive": null,
        "io_time_recursive": null,
        "sectors_recursive": null,
    })
}

fn network(usage: &Usage) -> Value {
    json!({
        "rx_bytes": usage.received,
        "rx_packets": usage.received / 500,
        "rx_errors": 0,
        "rx_dropped": 0,
        "tx_bytes": usage.sent,
        "tx_packets": usage.sent / 500,
        "tx_errors": 0,
        "tx_dropped": 0,
    })
}

fn empty(name: &str, id: &str) -> Value {
    json!({
        "read": super::inspect::time(None),
        "preread": super::inspect::time(None),
        "name": name,
        "id": id,
        "num_procs": 0,
        "storage_stats": {},
        "pids_stats": {},
        "cpu_stats": no_cpu(),
        "precpu_stats": no_cpu(),
        "memory_stats": {},
        "blkio_stats": {},
    })
}
