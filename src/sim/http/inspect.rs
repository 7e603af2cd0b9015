//! A container in full, as `inspect` gives it. The shape is the engine's.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::sim::identity::short;
use crate::sim::spec::{ContainerSpec, HealthSpec, MountSpec};
use crate::sim::world::{Container, Health, World};

/// What the engine writes for a time that never came.
const NEVER: &str = "0001-01-01T00:00:00Z";

pub(super) fn full(world: &World, container: &Container) -> Value {
    let spec = &container.spec;
    let argv = spec.argv();
    let image_id = world.image(&spec.image).map(|image| image.id.clone());
    json!({
        "Id": container.id,
        "Created": container.created.to_string(),
        "Path": argv.first().cloned().unwrap_or_default(),
        "Args": argv.get(1..).unwrap_or_default(),
        "State": state(container),
        "Image": image_id.unwrap_or_default(),
        "Name": format!("/{}", spec.name),
        "RestartCount": container.restart_count,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": null,
        "LogPath": format!("/var/lib/docker/containers/{0}/{0}-json.log", container.id),
        "HostConfig": host_config(spec),
        "GraphDriver": { "Name": "overlay2", "Data": null },
        "Mounts": mounts(spec),
        "Config": config(container),
        "NetworkSettings": {
            "Ports": port_map(container),
            "Networks": networks(world, container),
        },
    })
}

fn state(container: &Container) -> Value {
    let exit = container.exit;
    let alive = container.is_alive();
    let last = exit.filter(|_| !alive);
    let mut state = json!({
        "Status": container.status(),
        "Running": alive || container.is_restarting(),
        "Paused": container.paused,
        "Restarting": container.is_restarting(),
        "OOMKilled": last.is_some_and(|exit| exit.out_of_memory),
        "Dead": false,
        "Pid": container.life.as_ref().map_or(0, |life| life.pid),
        "ExitCode": last.map_or(0, |exit| exit.code),
        "Error": "",
        "StartedAt": time(container.started_at),
        "FinishedAt": time(exit.map(|exit| exit.at)),
    });
    if let Some(health) = &container.health {
        state["Health"] = health_state(health);
    }
    state
}

fn health_state(health: &Health) -> Value {
    let log: Vec<Value> = health
        .results
        .iter()
        .map(|result| {
            json!({
                "Start": result.start.to_string(),
                "End": result.end.to_string(),
                "ExitCode": result.code,
                "Output": result.output,
            })
        })
        .collect();
    json!({ "Status": health.verdict.word(), "FailingStreak": health.streak, "Log": log })
}

fn host_config(spec: &ContainerSpec) -> Value {
    let mode = spec
        .networks
        .first()
        .map_or("default", |first| &first.network);
    let memory = spec.memory_limit.unwrap_or(0);
    json!({
        "Binds": binds(spec),
        "LogConfig": { "Type": "json-file", "Config": {} },
        "NetworkMode": mode,
        "PortBindings": bindings(spec),
        "RestartPolicy": { "Name": spec.restart.word(), "MaximumRetryCount": spec.restart.maximum() },
        "AutoRemove": false,
        "CapAdd": null,
        "CapDrop": null,
        "CgroupnsMode": "private",
        "IpcMode": "private",
        "OomScoreAdj": 0,
        "Privileged": false,
        "PublishAllPorts": false,
        "ReadonlyRootfs": false,
        "SecurityOpt": null,
        "ShmSize": 67_108_864,
        "Runtime": "runc",
        "CpuShares": 0,
        "Memory": memory,
        "MemoryReservation": 0,
        // Unless told otherwise the engine allows as much swap again.
        "MemorySwap": memory * 2,
        "NanoCpus": spec.nano_cpus,
        "CpuPeriod": 0,
        "CpuQuota": 0,
        "CpusetCpus": "",
        "OomKillDisable": false,
        "PidsLimit": spec.pids_limit,
        "Ulimits": [],
    })
}

fn config(container: &Container) -> Value {
    let spec = &container.spec;
    let env: Vec<String> = spec
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let exposed: Map<String, Value> = spec
        .ports
        .iter()
        .map(|port| (format!("{}/tcp", port.inside), json!({})))
        .collect();
    let mut config = json!({
        "Hostname": short(&container.id),
        "Domainname": "",
        "User": spec.user,
        "AttachStdin": false,
        "AttachStdout": false,
        "AttachStderr": false,
        "ExposedPorts": exposed,
        "Tty": spec.tty,
        "OpenStdin": false,
        "StdinOnce": false,
        "Env": env,
        "Cmd": spec.command,
        "Image": spec.image,
        "Volumes": null,
        "WorkingDir": spec.working_dir,
        "Entrypoint": list_or_null(&spec.entrypoint),
        "OnBuild": null,
        "Labels": spec.labels,
    });
    if let Some(health) = &spec.health {
        config["Healthcheck"] = health_test(health);
    }
    if let Some(signal) = &spec.stop_signal {
        config["StopSignal"] = json!(signal);
    }
    if let Some(seconds) = spec.stop_timeout {
        config["StopTimeout"] = json!(seconds);
    }
    config
}

fn health_test(health: &HealthSpec) -> Value {
    let nanos = |span: std::time::Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "Test": health.test,
        "Interval": nanos(health.interval),
        "Timeout": nanos(health.timeout),
        "StartPeriod": nanos(health.start_period),
        "Retries": health.retries,
    })
}

/// Addresses are there only while it runs.
pub(super) fn networks(world: &World, container: &Container) -> Value {
    let entries: Map<String, Value> = container
        .endpoints
        .iter()
        .filter_map(|endpoint| {
            let network = world.network(&endpoint.network).ok()?;
            let alive = container.is_alive();
            let when_alive = |text: String| if alive { text } else { String::new() };
            let mut aliases = endpoint.aliases.clone();
            aliases.push(short(&container.id));
            let entry = json!({
                "IPAMConfig": null,
                "Links": null,
                "Aliases": aliases,
                "NetworkID": network.id,
                "EndpointID": when_alive(endpoint.id.clone()),
                "Gateway": when_alive(network.address(1).unwrap_or_default()),
                "IPAddress": when_alive(network.address(endpoint.seat).unwrap_or_default()),
                "IPPrefixLen": if alive { 16 } else { 0 },
                "IPv6Gateway": "",
                "GlobalIPv6Address": "",
                "GlobalIPv6PrefixLen": 0,
                "MacAddress": when_alive(format!("02:42:ac:00:00:{:02x}", endpoint.seat)),
                "DriverOpts": null,
            });
            Some((network.name.clone(), entry))
        })
        .collect();
    Value::Object(entries)
}

pub(super) fn mounts(spec: &ContainerSpec) -> Vec<Value> {
    spec.mounts
        .iter()
        .map(|mount| match mount {
            MountSpec::Volume { name, at } => json!({
                "Type": "volume",
                "Name": name,
                "Source": mountpoint(name),
                "Destination": at,
                "Driver": "local",
                "Mode": "z",
                "RW": true,
                "Propagation": "",
            }),
            MountSpec::Bind {
                source,
                at,
                read_only,
            } => json!({
                "Type": "bind",
                "Source": source,
                "Destination": at,
                "Mode": if *read_only { "ro" } else { "" },
                "RW": !read_only,
                "Propagation": "rprivate",
            }),
        })
        .collect()
}

pub(super) fn mountpoint(volume: &str) -> String {
    format!("/var/lib/docker/volumes/{volume}/_data")
}

fn binds(spec: &ContainerSpec) -> Vec<String> {
    spec.mounts
        .iter()
        .map(|mount| match mount {
            MountSpec::Volume { name, at } => format!("{name}:{at}"),
            MountSpec::Bind {
                source,
                at,
                read_only,
            } => {
                format!("{source}:{at}{}", if *read_only { ":ro" } else { "" })
            }
        })
        .collect()
}

fn bindings(spec: &ContainerSpec) -> Value {
    let entries: Map<String, Value> = spec
        .ports
        .iter()
        .filter_map(|port| {
            let host = port.published?.to_string();
            Some((
                format!("{}/tcp", port.inside),
                json!([{ "HostIp": "", "HostPort": host }]),
            ))
        })
        .collect();
    Value::Object(entries)
}

/// Nothing is published while it does not run.
fn port_map(container: &Container) -> Value {
    let entries: Map<String, Value> = container
        .spec
        .ports
        .iter()
        .filter(|_| container.is_alive())
        .map(|port| {
            let bound = port.published.map(|host| {
                json!([
                    { "HostIp": "0.0.0.0", "HostPort": host.to_string() },
                    { "HostIp": "::", "HostPort": host.to_string() },
                ])
            });
            (format!("{}/tcp", port.inside), json!(bound))
        })
        .collect();
    Value::Object(entries)
}

/// The ports as the list shows them.
pub(super) fn published(container: &Container) -> Vec<Value> {
    let ports = container.spec.ports.iter().filter(|_| container.is_alive());
    ports
        .flat_map(|port| match port.published {
            None => vec![json!({ "PrivatePort": port.inside, "Type": "tcp" })],
            Some(host) => ["0.0.0.0", "::"]
                .map(|ip| {
                    json!({ "IP": ip, "PrivatePort": port.inside, "PublicPort": host, "Type": "tcp" })
                })
                .to_vec(),
        })
        .collect()
}

pub(super) fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

fn list_or_null(list: &[String]) -> Value {
    if list.is_empty() {
        Value::Null
    } else {
        json!(list)
    }
}
