//! What an engine holds besides containers, and the engine itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bollard::models::{
    ContainerSummary, ImageSummary, NetworkInspect, SystemInfo, SystemInfoCgroupVersionEnum,
    SystemVersion,
};
use bollard::query_parameters::{
    InspectNetworkOptions, ListImagesOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
};
use futures_util::future::{try_join, try_join3};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::containers::{gone_is_none, segment};
use super::failure::Subject;
use super::inspect::{bare_name, environment, moment, not_negative};
use super::{Engine, EngineError, IN_FLIGHT};
use crate::action::inventory::{About, COMPOSE_PROJECT, Image, Network, Volume};
use crate::text::Raw;

/// The engine walks every volume to know their sizes. Without them the list is still a list.
const SIZES_LIMIT: Duration = Duration::from_secs(3);

impl Engine {
    pub async fn about(&self) -> Result<About, EngineError> {
        let subject = Subject::engine();
        let (version, info) = try_join(
            self.ask(&subject, self.docker().version()),
            self.ask(&subject, self.docker().info()),
        )
        .await?;
        Ok(about(version, info))
    }

    /// Sorted by name, each with its members.
    pub async fn networks(&self) -> Result<Vec<Network>, EngineError> {
        let listed = self
            .ask(
                &Subject::engine(),
                self.docker().list_networks(None::<ListNetworksOptions>),
            )
            .await?;
        let ids = listed.into_iter().filter_map(|network| network.id);
        let mut networks: Vec<Network> = stream::iter(ids)
            .map(|id| async move { gone_is_none(self.network(&id).await) })
            .buffer_unordered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        networks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(networks)
    }

    async fn network(&self, id: &str) -> Result<Network, EngineError> {
        let about = Subject::new("network", id);
        let request = self
            .docker()
            .inspect_network(segment(&about, id)?, None::<InspectNetworkOptions>);
        Ok(network(self.ask(&about, request).await?))
    }

    /// Sorted by name. Sizes are there when the engine finds them quickly.
    pub async fn volumes(&self) -> Result<Vec<Volume>, EngineError> {
        let listed = async {
            let request = self.docker().list_volumes(None::<ListVolumesOptions>);
            self.ask(&Subject::engine(), request).await
        };
        let sizes = async {
            let sizes = tokio::time::timeout(SIZES_LIMIT, self.volume_sizes()).await;
            Ok(sizes.ok().and_then(Result::ok).unwrap_or_default())
        };
        let (listed, containers, sizes) = try_join3(listed, self.summaries(), sizes).await?;
        let users = users_of_volumes(&containers);
        let volume = |found: bollard::models::Volume| Volume {
            size: sizes.get(&found.name).copied(),
            users: users
                .get(&found.name)
                .map(|names| names.iter().cloned().collect())
                .unwrap_or_default(),
            created: found.created_at.as_deref().and_then(moment),
            project: found.labels.get(COMPOSE_PROJECT).cloned(),
            device: device(&found),
            driver: found.driver,
            mountpoint: found.mountpoint,
            name: found.name,
        };
        let listed = listed.volumes.unwrap_or_default();
        let mut volumes: Vec<Volume> = listed.into_iter().map(volume).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    /// When a volume was made, or something at its top was made or removed last: engines know no
    /// better.
    pub async fn volume_touched(&self, name: &str) -> Result<Option<Timestamp>, EngineError> {
        let about = Subject::new("volume", name);
        let request = self.docker().inspect_volume(segment(&about, name)?);
        let found = self.ask(&about, request).await?;
        Ok(found.created_at.as_deref().and_then(moment))
    }

    /// Sorted by first tag; those without one come first.
    pub async fn images(&self) -> Result<Vec<Image>, EngineError> {
        let options = ListImagesOptionsBuilder::default().build();
        let subject = Subject::engine();
        let listed = self.ask(&subject, self.docker().list_images(Some(options)));
        let (listed, containers) = try_join(listed, self.summaries()).await?;
        let mut images: Vec<Image> = listed
            .into_iter()
            .map(|found| image(found, &containers))
            .collect();
        images.sort_by(|a, b| (&a.tags, &a.id).cmp(&(&b.tags, &b.id)));
        Ok(images)
    }
}

impl Engine {
    /// The variables that an image brings with it; `None` where the image is gone.
    pub async fn image_environment(
        &self,
        id: &str,
    ) -> Result<Option<BTreeMap<String, Raw>>, EngineError> {
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        let about = Subject::new("image", id);
        let Ok(id) = segment(&about, id) else {
            return Ok(None);
        };
        let found = self.ask(&about, self.docker().inspect_image(id)).await;
        let found = gone_is_none(found)?;
        Ok(
            found
                .map(|image| environment(image.config.and_then(|one| one.env).unwrap_or_default())),
        )
    }
}

fn about(version: SystemVersion, info: SystemInfo) -> About {
    let count = |number: Option<i64>| number.map_or(0, not_negative);
    About {
        name: info.name.unwrap_or_default(),
        version: version.version.unwrap_or_default(),
        api_version: version.api_version.unwrap_or_default(),
        os: info.operating_system.unwrap_or_default(),
        kernel: info.kernel_version.unwrap_or_default(),
        architecture: info.architecture.unwrap_or_default(),
        cpus: count(info.ncpu),
        memory: count(info.mem_total),
        cgroup_version: match info.cgroup_version {
            Some(SystemInfoCgroupVersionEnum::_1) => Some(1),
            Some(SystemInfoCgroupVersionEnum::_2) => Some(2),
            Some(SystemInfoCgroupVersionEnum::EMPTY) | None => None,
        },
        containers: count(info.containers),
        running: count(info.containers_running),
        stopped: count(info.containers_stopped),
        paused: count(info.containers_paused),
        images: count(info.images),
    }
}

fn network(found: NetworkInspect) -> Network {
    let subnets = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
    let mut members: Vec<(String, String)> = found
        .containers
        .unwrap_or_default()
        .into_values()
        .map(|member| {
            let address = member
                .ipv4_address
                .filter(|address| !address.is_empty())
                .or(member.ipv6_address);
            (
                member.name.unwrap_or_default(),
                without_prefix(&address.unwrap_or_default()),
            )
        })
        .collect();
    members.sort();
    Network {
        id: found.id.unwrap_or_default(),
        name: found.name.unwrap_or_default(),
        driver: found.driver.unwrap_or_default(),
        internal: found.internal.unwrap_or(false),
        subnets: subnets
            .into_iter()
            .filter_map(|range| range.subnet)
            .collect(),
        members,
    }
}

/// `172.18.0.2/16` is the address `172.18.0.2`.
fn without_prefix(address: &str) -> String {
    address
        .split_once('/')
        .map_or(address, |(address, _)| address)
        .to_owned()
}

/// A directory, a share or a disk that the volume only stands for.
fn device(volume: &bollard::models::Volume) -> Option<String> {
    let option = |name: &str| volume.options.get(name).map(String::as_str);
    let is_memory = option("type") == Some("tmpfs");
    option("device").filter(|_| !is_memory).map(str::to_owned)
}

fn users_of_volumes(containers: &[ContainerSummary]) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for container in containers {
        let Some(name) = container.names.iter().flatten().min() else {
            continue;
        };
        let volumes = container
            .mounts
            .iter()
            .flatten()
            .filter_map(|mount| mount.name.clone());
        for volume in volumes.filter(|volume| !volume.is_empty()) {
            users.entry(volume).or_default().insert(bare_name(name));
        }
    }
    users
}

fn image(found: ImageSummary, containers: &[ContainerSummary]) -> Image {
    let made_from = |container: &&ContainerSummary| container.image_id.as_ref() == Some(&found.id);
    let containers = containers.iter().filter(made_from).count() as u64;
    let mut tags = found.repo_tags;
    tags.retain(|tag| tag != "<none>:<none>");
    tags.sort();
    Image {
        id: found.id,
        tags,
        size: not_negative(found.size),
        created: Timestamp::from_second(found.created)
            .ok()
            .filter(|at| *at > Timestamp::UNIX_EPOCH),
        containers,
    }
}
