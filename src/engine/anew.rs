//! Making a container again that has to go for a while, because a volume of it is to be emptied.
//! Its settings wait in a container that never runs: they hold secrets, so they stay where they
//! are anyway, in the engine, and survive us.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerConfig, ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HostConfig,
    Mount, MountType, NetworkConnectRequest, NetworkingConfig, VolumeCreateRequest,
};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use serde::{Deserialize, Serialize};

use super::containers::{gone_is_none, segment};
use super::failure::{self, Subject};
use super::{Engine, EngineError};
use crate::action::inventory::ASIDE_LABEL;

/// What the waiting container is called.
pub const ASIDE: &str = ".aside";
/// What is taken off a container while it waits.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// The id of the container it was: another one of that name has other settings.
    #[serde(default)]
    source: String,
    /// Compose would take it for a replica.
    labels: HashMap<String, String>,
    volumes: Vec<KeptVolume>,
    /// Beside the one it is made on: an engine before version 25 takes no more at once.
    #[serde(default)]
    networks: Networks,
}

type Networks = BTreeMap<String, EndpointSettings>;

#[derive(Debug, Serialize, Deserialize)]
struct KeptVolume {
    name: String,
    at: String,
    writable: bool,
    driver: String,
    #[serde(default)]
    options: HashMap<String, String>,
    labels: HashMap<String, String>,
}

impl Engine {
    /// Keeps the settings of `id` in `NAME.aside`, without the volumes that are to go. Done
    /// already is done; what was kept of an earlier container of that name is out of date.
    pub async fn set_aside(&self, id: &str, volumes: &[String]) -> Result<(), EngineError> {
        let found = self.inspected(id).await?;
        let name = name_of(&found);
        let aside = format!("{name}{ASIDE}");
        if let Some(waiting) = gone_is_none(self.inspected(&aside).await)? {
            if found.id.is_some() && note(&waiting).map(|kept| kept.source).ok() == found.id {
                return Ok(());
            }
            self.remove(&aside, false).await?;
        }
        let kept = Kept {
            source: found.id.clone().unwrap_or_default(),
            labels: labels_of(&found),
            volumes: self.kept_volumes(&found, volumes).await?,
            networks: networks_of(&found).1,
        };
        let mut body = settings(found)?;
        if let Some(host) = &mut body.host_config {
            without(host, volumes);
            host.auto_remove = Some(false);
        }
        let note = serde_json::to_string(&kept).map_err(|error| unreadable(&error))?;
        body.labels = Some(HashMap::from([(ASIDE_LABEL.to_owned(), note)]));
        self.create(&aside, body).await
    }

    /// Makes `name` from what was set aside, with its volumes new and empty, and takes the
    /// waiting container away.
    pub async fn make_anew(&self, name: &str) -> Result<(), EngineError> {
        let aside = format!("{name}{ASIDE}");
        let waiting = gone_is_none(self.inspected(&aside).await)?;
        let there = gone_is_none(self.inspected(name).await)?.is_some();
        match (waiting, there) {
            (Some(waiting), is_there) => {
                let networks = note(&waiting)?.networks;
                if !is_there {
                    Box::pin(self.create_from(name, waiting)).await?;
                }
                Box::pin(self.attach(name, networks)).await?;
                self.remove(&aside, false).await
            }
            (None, true) => Ok(()),
            (None, false) => Err(Subject::container(&aside).missing()),
        }
    }

    async fn create_from(
        &self,
        name: &str,
        waiting: ContainerInspectResponse,
    ) -> Result<(), EngineError> {
        let kept = note(&waiting)?;
        let mut body = settings(waiting)?;
        body.labels = Some(kept.labels);
        for volume in &kept.volumes {
            self.create_volume(volume).await?;
        }
        if let Some(host) = &mut body.host_config {
            let mounts = kept.volumes.into_iter().map(|volume| Mount {
                typ: Some(MountType::VOLUME),
                source: Some(volume.name),
                target: Some(volume.at),
                read_only: Some(!volume.writable),
                ..Mount::default()
            });
            host.mounts.get_or_insert_default().extend(mounts);
        }
        self.create(name, body).await
    }

    /// To those networks that it is not on yet.
    async fn attach(&self, name: &str, networks: Networks) -> Result<(), EngineError> {
        let found = self.inspected(name).await?;
        let there = found.network_settings.and_then(|found| found.networks);
        let there = there.unwrap_or_default();
        for (network, endpoint) in networks {
            if there.contains_key(&network) {
                continue;
            }
            let about = Subject::new("network", &network);
            let wanted = NetworkConnectRequest {
                container: name.to_owned(),
                endpoint_config: Some(endpoint),
            };
            let path = segment(&about, &network)?;
            let request = self.docker().connect_network(path, wanted);
            self.ask(&about, request).await?;
        }
        Ok(())
    }

    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<(), EngineError> {
        let about = Subject::container(name);
        let options = CreateContainerOptionsBuilder::default()
            .name(segment(&about, name)?)
            .build();
        let request = self.docker().create_container(Some(options), body);
        self.ask(&about, request).await.map(drop)
    }

    async fn create_volume(&self, volume: &KeptVolume) -> Result<(), EngineError> {
        let about = Subject::new("volume", &volume.name);
        let wanted = VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: Some(volume.driver.clone()),
            driver_opts: Some(volume.options.clone()),
            labels: Some(volume.labels.clone()),
            ..VolumeCreateRequest::default()
        };
        let request = self.docker().create_volume(wanted);
        self.ask(&about, request).await.map(drop)
    }

    async fn kept_volumes(
        &self,
        found: &ContainerInspectResponse,
        volumes: &[String],
    ) -> Result<Vec<KeptVolume>, EngineError> {
        let mut kept = Vec::new();
        for mount in found.mounts.iter().flatten() {
            let name = mount.name.clone().unwrap_or_default();
            if !volumes.contains(&name) {
                continue;
            }
            let about = Subject::new("volume", &name);
            let request = self.docker().inspect_volume(segment(&about, &name)?);
            let volume = self.ask(&about, request).await?;
            kept.push(KeptVolume {
                at: mount.destination.clone().unwrap_or_default(),
                writable: mount.rw.unwrap_or(true),
                driver: volume.driver,
                options: volume.options,
                labels: volume.labels,
                name,
            });
        }
        Ok(kept)
    }
}

fn name_of(found: &ContainerInspectResponse) -> String {
    let name = found.name.as_deref().unwrap_or_default();
    name.trim_start_matches('/').to_owned()
}

fn labels_of(found: &ContainerInspectResponse) -> HashMap<String, String> {
    let config = found.config.as_ref();
    config
        .and_then(|config| config.labels.clone())
        .unwrap_or_default()
}

fn note(waiting: &ContainerInspectResponse) -> Result<Kept, EngineError> {
    let note = labels_of(waiting).remove(ASIDE_LABEL).unwrap_or_default();
    serde_json::from_str(&note).map_err(|error| unreadable(&error))
}

/// What a container was created with, ready to create another one.
fn settings(found: ContainerInspectResponse) -> Result<ContainerCreateBody, EngineError> {
    let (first, _) = networks_of(&found);
    let short = short_id(&found);
    let config: ContainerConfig = found.config.unwrap_or_default();
    let config = serde_json::to_value(config).map_err(|error| unreadable(&error))?;
    let mut body: ContainerCreateBody =
        serde_json::from_value(config).map_err(|error| unreadable(&error))?;
    // the engine's own choice follows the id, and the id will be another
    if body.hostname.as_ref() == Some(&short) {
        body.hostname = None;
    }
    body.host_config = found.host_config;
    body.networking_config = Some(NetworkingConfig {
        endpoints_config: Some(first.into_iter().collect()),
    });
    Ok(body)
}

/// The network that it is made on, and those it is connected to after that.
fn networks_of(found: &ContainerInspectResponse) -> (Option<(String, EndpointSettings)>, Networks) {
    let settings = found.network_settings.as_ref();
    let networks = settings.and_then(|settings| settings.networks.clone());
    let short = short_id(found);
    let networks = networks.unwrap_or_default().into_iter();
    let mut networks: Networks = networks
        .map(|(name, endpoint)| (name, wanted(endpoint, &short)))
        .collect();
    let mode = found.host_config.as_ref();
    let mode = mode.and_then(|host| host.network_mode.as_deref());
    let first = mode.and_then(|mode| networks.remove_entry(mode));
    let first = first.or_else(|| networks.pop_first());
    (first, networks)
}

fn short_id(found: &ContainerInspectResponse) -> String {
    let id = found.id.as_deref().unwrap_or_default();
    id.chars().take(12).collect()
}

/// What was asked for, without what the engine gave it.
fn wanted(endpoint: EndpointSettings, short: &str) -> EndpointSettings {
    let aliases = endpoint.aliases.map(|mut aliases| {
        aliases.retain(|alias| alias != short);
        aliases
    });
    EndpointSettings {
        ipam_config: endpoint.ipam_config,
        links: endpoint.links,
        aliases,
        driver_opts: endpoint.driver_opts,
        ..EndpointSettings::default()
    }
}

fn without(host: &mut HostConfig, volumes: &[String]) {
    let is_meant = |name: &str| volumes.iter().any(|volume| volume == name);
    if let Some(binds) = &mut host.binds {
        binds.retain(|bind| !is_meant(bind.split(':').next().unwrap_or_default()));
    }
    if let Some(mounts) = &mut host.mounts {
        mounts.retain(|mount| !is_meant(mount.source.as_deref().unwrap_or_default()));
    }
}

fn unreadable(error: &serde_json::Error) -> EngineError {
    failure::broken(&format!("the container's settings cannot be read: {error}"))
}
