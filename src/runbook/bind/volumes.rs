//! Named volumes in a plan: which ones a step means, and which of them may go.

use std::collections::BTreeSet;

use super::single::Doings;
use super::steps::Doing;
use super::{BindError, Binder, Bound, Values};
use crate::action::container::Container;
use crate::action::inventory::COMPOSE_PROJECT;
use crate::action::{Action, Risk};
use crate::runbook::steps::VolumesArgs;
use crate::runbook::template::Text;
use crate::say;
use crate::text::Name;

impl Binder<'_> {
    /// The named volumes of services; refused where a container outside mounts one too.
    pub(super) fn volumes(&mut self, args: &VolumesArgs, scope: &Values) -> Doings {
        let containers = self.containers(&args.services, scope, Risk::Destructive)?;
        let own: BTreeSet<&str> = containers.iter().map(|one| one.name.as_str()).collect();
        let volumes = meant_volumes(&containers, args.volume.as_ref(), scope)?;
        let mut doings = Vec::new();
        for volume in volumes {
            let known = self.world.volumes.iter().find(|one| one.name == volume);
            let others: Vec<&str> = self
                .world
                .inventory
                .containers()
                .filter(|one| !own.contains(one.name.as_str()))
                .filter(|one| volumes_of(one).contains(&volume))
                .map(|one| one.name.as_str())
                .collect();
            if !others.is_empty() {
                return Err(BindError::one(format!(
                    "the volume `{volume}` is also used by {}; name all its services",
                    others.join(", ")
                )));
            }
            if let Some(device) = known.and_then(|known| known.device.as_ref()) {
                return Err(BindError::one(format!(
                    "the volume `{volume}` stands for `{device}`: removing it would leave what is \
                     in there; empty that by hand"
                )));
            }
            let size = known.and_then(|known| known.size);
            let name = Name::new(&volume);
            let says = match size {
                Some(size) => say!(
                    "remove the volume {} ({})",
                    name,
                    crate::evidence::stats::bytes(size)
                ),
                None => say!("remove the volume {}", name),
            };
            doings.push(Doing {
                action: Action::RemoveVolume { volume },
                says,
            });
        }
        Ok(doings)
    }
}

/// The named volumes of containers; of all only the one that is named, where one is.
pub(super) fn meant_volumes(
    containers: &[&Container],
    only: Option<&Text>,
    scope: &Values,
) -> Bound<BTreeSet<String>> {
    let all: BTreeSet<String> = containers.iter().flat_map(|one| volumes_of(one)).collect();
    let only = only.map(|text| text.fill(&scope.texts)).unwrap_or_default();
    if only.is_empty() {
        return Ok(all);
    }
    let is_meant = |volume: &&String| {
        let within = |one: &Container| {
            let project = one.labels.get(COMPOSE_PROJECT);
            project.is_some_and(|project| **volume == format!("{project}_{only}"))
        };
        **volume == only || containers.iter().any(|one| within(one))
    };
    let meant: BTreeSet<String> = all.iter().filter(is_meant).cloned().collect();
    if meant.is_empty() {
        let known: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(BindError::one(format!(
            "no volume `{only}` is mounted there; mounted are: {known}"
        )));
    }
    Ok(meant)
}

pub(super) fn volumes_of(container: &Container) -> BTreeSet<String> {
    let volumes = container
        .mounts
        .iter()
        .filter(|mount| mount.kind == "volume");
    volumes.filter_map(|mount| mount.name.clone()).collect()
}
