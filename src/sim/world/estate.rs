//! What a host holds besides containers: networks with seats, volumes, images.

use std::time::Duration;

use jiff::Timestamp;

use super::container::Endpoint;
use super::{Container, World, earlier};
use crate::sim::identity::{id_of, image_id_of};
use crate::sim::refusal::Refusal;
use crate::sim::spec::{Attach, ContainerSpec, MountSpec};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Network {
    pub(in crate::sim) id: String,
    pub(in crate::sim) name: String,
    pub(in crate::sim) driver: &'static str,
    pub(in crate::sim) created: Timestamp,
    /// The third-class number of its addresses, `172.N.0.0/16`; `None`: it has no addresses.
    pub(in crate::sim) range: Option<u8>,
    pub(in crate::sim) project: Option<String>,
}

impl Network {
    pub(in crate::sim) fn address(&self, seat: u8) -> Option<String> {
        Some(format!("172.{}.0.{seat}", self.range?))
    }

    pub(in crate::sim) fn is_built_in(&self) -> bool {
        matches!(self.name.as_str(), "bridge" | "host" | "none")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Volume {
    pub(in crate::sim) name: String,
    pub(in crate::sim) created: Timestamp,
    pub(in crate::sim) project: Option<String>,
    pub(in crate::sim) size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Image {
    pub(in crate::sim) id: String,
    /// `None`: dangling.
    pub(in crate::sim) tag: Option<String>,
    pub(in crate::sim) size: u64,
    pub(in crate::sim) created: Timestamp,
}

const MIB: u64 = 1024 * 1024;
/// Until somebody says otherwise.
const IMAGE_SIZE: u64 = 96 * MIB;
const VOLUME_SIZE: u64 = 41 * MIB;
const IMAGE_AGE: Duration = Duration::from_hours(30 * 24);
const FIRST_RANGE: u8 = 17;

impl World {
    pub(super) fn lay_default_networks(&mut self, now: Timestamp) {
        for (name, driver) in [("bridge", "bridge"), ("host", "host"), ("none", "null")] {
            let range = (name == "bridge").then_some(FIRST_RANGE);
            self.lay_network(name, driver, range, None, now);
        }
    }

    fn lay_network(
        &mut self,
        name: &str,
        driver: &'static str,
        range: Option<u8>,
        project: Option<String>,
        now: Timestamp,
    ) {
        self.networks.push(Network {
            id: id_of("network", name, 0),
            name: name.to_owned(),
            driver,
            created: now,
            range,
            project,
        });
    }

    pub(super) fn lay_image(&mut self, tag: &str, now: Timestamp) {
        if self.image(tag).is_ok() {
            return;
        }
        self.stock_image(Some(tag.to_owned()), IMAGE_SIZE, now);
    }

    pub(super) fn stock_image(&mut self, tag: Option<String>, size: u64, now: Timestamp) {
        let dangling = format!("dangling/{}", self.images.len());
        self.images.push(Image {
            id: image_id_of(tag.as_deref().unwrap_or(&dangling)),
            tag,
            size,
            created: earlier(now, IMAGE_AGE),
        });
    }

    /// By tag, with or without `:latest`, or by id.
    pub(in crate::sim) fn image(&self, reference: &str) -> Result<&Image, Refusal> {
        let latest = format!("{reference}:latest");
        self.images
            .iter()
            .find(|image| {
                let tag = image.tag.as_deref();
                image.id == reference || tag == Some(reference) || tag == Some(&latest)
            })
            .ok_or_else(|| Refusal::NoSuchImage(reference.to_owned()))
    }

    /// Makes the networks and volumes a container names, and gives it its seats.
    pub(super) fn lay_estate(&mut self, spec: &ContainerSpec, now: Timestamp) -> Vec<Endpoint> {
        let project = spec.labels.get("com.docker.compose.project").cloned();
        for mount in &spec.mounts {
            if let MountSpec::Volume { name, .. } = mount {
                self.lay_volume(name, project.clone(), now);
            }
        }
        let default = [Attach {
            network: "bridge".to_owned(),
            aliases: Vec::new(),
        }];
        let attachments = if spec.networks.is_empty() {
            &default
        } else {
            spec.networks.as_slice()
        };
        attachments
            .iter()
            .map(|attach| self.seat(attach, project.clone(), now))
            .collect()
    }

    /// Somebody asks for a volume; one that is there already is as good.
    pub(in crate::sim) fn create_volume(
        &mut self,
        name: &str,
        project: Option<String>,
        now: Timestamp,
    ) -> Result<&Volume, Refusal> {
        self.lay_volume(name, project, now);
        self.volume(name)
    }

    fn lay_volume(&mut self, name: &str, project: Option<String>, now: Timestamp) {
        if self.volumes.iter().any(|volume| volume.name == name) {
            return;
        }
        self.volumes.push(Volume {
            name: name.to_owned(),
            created: now,
            project,
            size: VOLUME_SIZE,
        });
        let driver = [("driver", "local")];
        self.journal.thing(now, "volume", name, "create", &driver);
    }

    fn seat(&mut self, attach: &Attach, project: Option<String>, now: Timestamp) -> Endpoint {
        let name = &attach.network;
        if !self.networks.iter().any(|network| network.name == *name) {
            let made = self.networks.iter().filter(|n| n.range.is_some()).count();
            let range = FIRST_RANGE.saturating_add(u8::try_from(made).unwrap_or(u8::MAX));
            self.lay_network(name, "bridge", Some(range), project, now);
            let id = id_of("network", name, 0);
            let extra = [("name", name.as_str()), ("type", "bridge")];
            self.journal.thing(now, "network", &id, "create", &extra);
        }
        let taken: Vec<u8> = self.seats(name).collect();
        let seat = (2..=250)
            .find(|seat| !taken.contains(seat))
            .unwrap_or(u8::MAX);
        let serial = self.next_serial();
        Endpoint {
            network: name.clone(),
            id: id_of("endpoint", name, serial),
            aliases: attach.aliases.clone(),
            seat,
        }
    }

    fn seats<'a>(&'a self, network: &'a str) -> impl Iterator<Item = u8> + 'a {
        self.containers
            .iter()
            .flat_map(|container| &container.endpoints)
            .filter(move |endpoint| endpoint.network == network)
            .map(|endpoint| endpoint.seat)
    }

    pub(in crate::sim) fn network(&self, name_or_id: &str) -> Result<&Network, Refusal> {
        self.networks
            .iter()
            .find(|network| {
                network.name == name_or_id
                    || (name_or_id.len() >= 4 && network.id.starts_with(name_or_id))
            })
            .ok_or_else(|| Refusal::NoSuchNetwork(name_or_id.to_owned()))
    }

    pub(in crate::sim) fn volume(&self, name: &str) -> Result<&Volume, Refusal> {
        self.volumes
            .iter()
            .find(|volume| volume.name == name)
            .ok_or_else(|| Refusal::NoSuchVolume(name.to_owned()))
    }

    /// The containers that mount a volume, running or not.
    pub(in crate::sim) fn users_of<'a>(
        &'a self,
        volume: &'a str,
    ) -> impl Iterator<Item = &'a Container> + 'a {
        self.containers.iter().filter(move |container| {
            container
                .spec
                .mounts
                .iter()
                .any(|mount| matches!(mount, MountSpec::Volume { name, .. } if name == volume))
        })
    }

    pub(in crate::sim) fn remove_volume(
        &mut self,
        name: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.volume(name)?;
        let users: Vec<String> = self.users_of(name).map(|user| user.id.clone()).collect();
        if !users.is_empty() {
            let name = name.to_owned();
            return Err(Refusal::VolumeInUse { name, users });
        }
        self.volumes.retain(|volume| volume.name != name);
        let driver = [("driver", "local")];
        self.journal.thing(now, "volume", name, "destroy", &driver);
        Ok(())
    }

    /// Removes networks nobody is on; returns their names.
    pub(in crate::sim) fn prune_networks(&mut self, now: Timestamp) -> Vec<String> {
        let mut gone: Vec<Network> = Vec::new();
        for network in std::mem::take(&mut self.networks) {
            let used = self.seats(&network.name).next().is_some();
            if used || network.is_built_in() {
                self.networks.push(network);
            } else {
                gone.push(network);
            }
        }
        for network in &gone {
            let extra = [("name", network.name.as_str()), ("type", network.driver)];
            self.journal
                .thing(now, "network", &network.id, "destroy", &extra);
        }
        gone.into_iter().map(|network| network.name).collect()
    }

    /// Removes images without a tag that no container is made from; returns ids and bytes.
    pub(in crate::sim) fn prune_images(&mut self, now: Timestamp) -> (Vec<String>, u64) {
        let (gone, kept): (Vec<Image>, Vec<Image>) = std::mem::take(&mut self.images)
            .into_iter()
            .partition(|image| image.tag.is_none());
        self.images = kept;
        for image in &gone {
            self.journal.thing(now, "image", &image.id, "delete", &[]);
        }
        let size = gone.iter().map(|image| image.size).sum();
        (gone.into_iter().map(|image| image.id).collect(), size)
    }
}
