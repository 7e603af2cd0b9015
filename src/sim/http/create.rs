//! Creating a container from a client's request. What its program does is not known: it idles.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use super::actions::Policy;
use super::params::Params;
use crate::sim::live::LiveWorld;
use crate::sim::spec::{Begins, ContainerSpec};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Wanted {
    image: String,
    cmd: Option<Argv>,
    entrypoint: Option<Argv>,
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    user: String,
    working_dir: String,
    tty: bool,
    exposed_ports: Option<BTreeMap<String, Value>>,
    host_config: Host,
    networking_config: Networking,
}

/// A list, or one string that stands for a list of one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Argv {
    List(Vec<String>),
    One(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Host {
    memory: u64,
    nano_cpus: u64,
    pids_limit: Option<u64>,
    binds: Option<Vec<String>>,
    mounts: Option<Vec<Mounted>>,
    network_mode: String,
    restart_policy: Option<Policy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Mounted {
    #[serde(rename = "Type")]
    kind: String,
    source: String,
    target: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Networking {
    endpoints_config: Option<BTreeMap<String, Place>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Place {
    aliases: Option<Vec<String>>,
}

pub(super) async fn create(
    State(world): State<LiveWorld>,
    params: Params,
    Json(wanted): Json<Wanted>,
) -> Answer<(StatusCode, Json<Value>)> {
    let spec = wanted.into_spec(params.text("name").unwrap_or_default());
    let id = world.change(|world, now| world.create(spec, now))?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "Id": id, "Warnings": [] })),
    ))
}

impl Argv {
    fn words(self) -> Vec<String> {
        match self {
            Self::List(words) => words,
            Self::One(word) => vec![word],
        }
    }
}

impl Wanted {
    fn into_spec(self, name: &str) -> ContainerSpec {
        let mut spec = ContainerSpec::new(name, &self.image).begins(Begins::Created);
        spec.command = self.cmd.map(Argv::words).unwrap_or_default();
        spec.entrypoint = self.entrypoint.map(Argv::words).unwrap_or_default();
        spec.labels = self.labels.unwrap_or_default();
        spec.user = self.user;
        spec.working_dir = self.working_dir;
        spec.tty = self.tty;
        let env = self.env.unwrap_or_default();
        spec.env = env.iter().filter_map(|pair| split(pair, '=')).collect();
        for port in self.exposed_ports.unwrap_or_default().keys() {
            let number = port
                .split('/')
                .next()
                .and_then(|number| number.parse().ok());
            spec = number
                .into_iter()
                .fold(spec, |spec, inside| spec.port(inside, None));
        }
        self.host_config.onto(self.networking_config.onto(spec))
    }
}

impl Host {
    fn onto(self, mut spec: ContainerSpec) -> ContainerSpec {
        spec.memory_limit = (self.memory > 0).then_some(self.memory);
        spec.nano_cpus = self.nano_cpus;
        spec.pids_limit = self.pids_limit;
        spec.restart = self
            .restart_policy
            .as_ref()
            .map(Policy::restart)
            .unwrap_or_default();
        let built_in = matches!(self.network_mode.as_str(), "" | "default" | "bridge");
        if spec.networks.is_empty() && !built_in {
            spec = spec.network(&self.network_mode, &[]);
        }
        for mount in self.mounts.unwrap_or_default() {
            if mount.kind == "volume" {
                spec = spec.volume(&mount.source, &mount.target);
            }
        }
        for bind in self.binds.unwrap_or_default() {
            let Some((source, at)) = split(&bind, ':') else {
                continue;
            };
            spec = if source.starts_with('/') {
                spec.bind(&source, &at)
            } else {
                spec.volume(&source, &at)
            };
        }
        spec
    }
}

impl Networking {
    fn onto(self, spec: ContainerSpec) -> ContainerSpec {
        let places = self.endpoints_config.unwrap_or_default();
        places.into_iter().fold(spec, |spec, (network, place)| {
            let aliases = place.aliases.unwrap_or_default();
            let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
            // Clients say `default` when nobody chose a network.
            let name = if network == "default" {
                "bridge"
            } else {
                &network
            };
            spec.network(name, &aliases)
        })
    }
}

fn split(pair: &str, at: char) -> Option<(String, String)> {
    let (left, right) = pair.split_once(at)?;
    Some((left.to_owned(), right.to_owned()))
}
