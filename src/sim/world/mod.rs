//! The model of a container host, without HTTP: containers that behave in time, their networks,
//! volumes and images, and the engine's record of events. Every operation is handed the time.

mod commands;
mod container;
mod estate;
mod exec;
mod faults;
mod health;
mod journal;
mod life;
mod lookup;
mod play;
mod ring;
mod usage;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

pub(super) use super::moment::{between, earlier, later};
use super::spec::{Begins, ContainerSpec};
pub(super) use commands::{Change, Grace};
pub(super) use container::{Container, LogEntry};
pub(super) use estate::{Image, Network, Volume};
pub(super) use exec::Exec;
pub use faults::Fault;
pub(super) use health::Health;
pub(super) use journal::{Event, Journal};
pub(super) use usage::{HOST_CPUS, HOST_MEMORY, Usage};

/// How far back chatter and checks reach for what ran already when the simulation began.
const HISTORY: Duration = Duration::from_mins(2);

/// What an engine takes between making a container and starting it.
const SETTING_UP: Duration = Duration::from_millis(300);

/// A host with an engine on it. Plain data until a `Simulation` sets it going.
#[derive(Debug)]
#[must_use]
pub struct World {
    /// Containers that come to be when the simulation begins.
    plans: Vec<ContainerSpec>,
    /// Images that are there whether a container uses them or not: tag, or none, and size.
    stock: Vec<(Option<String>, u64)>,
    /// What `begin_outage` does.
    outage: Vec<Fault>,
    pub(super) containers: Vec<Container>,
    pub(super) networks: Vec<Network>,
    pub(super) volumes: Vec<Volume>,
    pub(super) images: Vec<Image>,
    /// Bytes left over from builds.
    pub(super) build_cache: u64,
    pub(super) journal: Journal,
    execs: BTreeMap<String, Exec>,
    /// Counts everything that gets an id or a pid.
    serial: u64,
    began: Timestamp,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            plans: Vec::new(),
            stock: Vec::new(),
            outage: Vec::new(),
            containers: Vec::new(),
            networks: Vec::new(),
            volumes: Vec::new(),
            images: Vec::new(),
            build_cache: 0,
            journal: Journal::new(),
            execs: BTreeMap::new(),
            serial: 0,
            began: Timestamp::UNIX_EPOCH,
        }
    }

    /// Adds a container that is there from the beginning.
    pub fn with(mut self, spec: ContainerSpec) -> Self {
        self.plans.push(spec);
        self
    }

    /// Says what goes wrong when the outage begins.
    pub fn with_outage(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.outage.extend(faults);
        self
    }

    /// An image of that size; without a tag it is dangling.
    pub fn with_image(mut self, tag: Option<&str>, size: u64) -> Self {
        self.stock.push((tag.map(str::to_owned), size));
        self
    }

    /// Bytes that builds left behind.
    pub fn with_build_cache(mut self, bytes: u64) -> Self {
        self.build_cache = bytes;
        self
    }

    /// Sets the world going at `now`, with the past its containers claim.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.began = now;
        self.lay_default_networks(now);
        for (tag, size) in std::mem::take(&mut self.stock) {
            self.stock_image(tag, size, now);
        }
        let mut plans = std::mem::take(&mut self.plans);
        // Oldest first, so that the record of events is in order.
        plans.sort_by_key(|spec| std::cmp::Reverse(spec.begins.age()));
        let created: Vec<(usize, Begins)> = plans
            .into_iter()
            .map(|spec| self.create_long_ago(spec, now))
            .collect();
        for (index, begins) in created {
            self.set_off(index, begins, now);
        }
        self.advance(now);
    }

    /// A container comes in while the world runs already.
    pub(super) fn join(&mut self, spec: ContainerSpec, now: Timestamp) {
        let (index, begins) = self.create_long_ago(spec, now);
        self.set_off(index, begins, now);
    }

    fn set_off(&mut self, index: usize, begins: Begins, now: Timestamp) {
        match begins {
            Begins::Created => {}
            Begins::Starting => self.begin_life(index, now, now),
            Begins::Running(age) => {
                self.settle(index, earlier(now, age), earlier(now, HISTORY));
            }
        }
    }

    fn create_long_ago(&mut self, spec: ContainerSpec, now: Timestamp) -> (usize, Begins) {
        let begins = spec.begins;
        self.lay_image(&spec.image, now);
        let created = match begins {
            Begins::Created => now,
            Begins::Starting | Begins::Running(_) => earlier(now, begins.age() + SETTING_UP),
        };
        (self.add(spec, created), begins)
    }

    /// Lets everything happen that is due until `now`, in order. Says whether anything was.
    pub(super) fn advance(&mut self, now: Timestamp) -> bool {
        let mut happened = false;
        while let Some((at, index, due)) = self.next() {
            if at > now {
                break;
            }
            self.play(index, at, due);
            happened = true;
        }
        happened
    }

    /// When something happens next by itself.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.next().map(|(at, _, _)| at)
    }

    fn next(&self) -> Option<(Timestamp, usize, life::Due)> {
        self.containers
            .iter()
            .enumerate()
            .filter_map(|(index, container)| container.next_due().map(|(at, due)| (at, index, due)))
            .min()
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}
