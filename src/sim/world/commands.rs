//! What somebody can do to a container. The words of the refusals are the engine's.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::life::{Afterwards, Stopping};
use super::{Container, World, later};
use crate::sim::identity::id_of;
use crate::sim::refusal::Refusal;
use crate::sim::spec::{ContainerSpec, Restart};

const SIGKILL: u8 = 9;
const KILLED: i64 = 137;
/// Seconds the engine waits for a program that was asked to stop.
const DEFAULT_GRACE: u64 = 10;

/// How long a program has before it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Grace {
    /// What the container says, or ten seconds.
    Default,
    Seconds(u64),
    Forever,
}

/// Settings that can be changed while a container lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sim) struct Change {
    pub(in crate::sim) memory_limit: Option<u64>,
    pub(in crate::sim) nano_cpus: Option<u64>,
    pub(in crate::sim) restart: Option<Restart>,
}

impl World {
    /// Somebody looked at its processes, which the engine records.
    pub(in crate::sim) fn note_top(&mut self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &self.containers[index];
        if container.is_restarting() {
            return Err(Refusal::Restarting(container.id.clone()));
        }
        if !container.is_alive() {
            return Err(Refusal::NotRunning(container.id.clone()));
        }
        self.note(index, now, "top", &[]);
        Ok(())
    }

    /// Adds a container that does not run yet.
    pub(super) fn add(&mut self, spec: ContainerSpec, now: Timestamp) -> usize {
        let serial = self.next_serial();
        let endpoints = self.lay_estate(&spec, now);
        let id = id_of("container", &spec.name, serial);
        let mut container = Container::new(id, spec, now);
        container.endpoints = endpoints;
        self.containers.push(container);
        let index = self.containers.len() - 1;
        self.note(index, now, "create", &[]);
        index
    }

    pub(in crate::sim) fn create(
        &mut self,
        mut spec: ContainerSpec,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.image(&spec.image)?;
        if spec.name.is_empty() {
            spec.name = format!("unnamed_{}", self.serial);
        }
        let same = |c: &&Container| c.spec.name == spec.name;
        if let Some(holder) = self.containers.iter().find(same) {
            let (name, id) = (spec.name, holder.id.clone());
            return Err(Refusal::NameTaken { name, id });
        }
        for attach in &spec.networks {
            self.network(&attach.network)?;
        }
        let index = self.add(spec, now);
        Ok(self.containers[index].id.clone())
    }

    pub(in crate::sim) fn start(&mut self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &mut self.containers[index];
        if container.paused {
            return Err(Refusal::StartOfPaused);
        }
        if container.is_alive() || container.is_restarting() {
            return Err(Refusal::AlreadySo);
        }
        container.forget_restarts();
        self.begin_life(index, now, now);
        Ok(())
    }

    /// Begins to stop it; it is over when `is_stopping` says so.
    pub(in crate::sim) fn stop(
        &mut self,
        name: &str,
        grace: Grace,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &mut self.containers[index];
        if container.restart_at.take().is_some() {
            container.stopped_by_hand = true;
            self.note(index, now, "stop", &[]);
            return Ok(());
        }
        if !container.is_alive() {
            return Err(Refusal::AlreadySo);
        }
        container.stopped_by_hand = true;
        self.ask_to_leave(index, grace, Afterwards::Stopped, now);
        Ok(())
    }

    /// Begins to restart it; it is over when `is_stopping` says so.
    pub(in crate::sim) fn restart(
        &mut self,
        name: &str,
        grace: Grace,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let index = self.find(name)?;
        if self.containers[index].is_alive() {
            self.ask_to_leave(index, grace, Afterwards::Restarted, now);
        } else {
            self.restart_now(index, now);
        }
        Ok(())
    }

    fn ask_to_leave(&mut self, index: usize, grace: Grace, then: Afterwards, now: Timestamp) {
        let own = self.containers[index].spec.stop_timeout;
        let seconds = match grace {
            Grace::Default => Some(own.unwrap_or(DEFAULT_GRACE)),
            Grace::Seconds(seconds) => Some(seconds),
            Grace::Forever => None,
        };
        let kill_at = seconds.map(|seconds| later(now, Duration::from_secs(seconds)));
        self.note(index, now, "kill", &[("signal", "15")]);
        self.terminate(index, now, Stopping { kill_at, then });
    }

    pub(in crate::sim) fn kill(
        &mut self,
        name: &str,
        signal: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let number = signal_number(signal)?;
        let index = self.find(name)?;
        let container = &mut self.containers[index];
        if container.is_restarting() {
            container.stopped_by_hand = true;
            return Ok(());
        }
        if !container.is_alive() {
            let (name, id) = (name.to_owned(), container.id.clone());
            return Err(Refusal::CannotKill { name, id });
        }
        container.stopped_by_hand = true;
        self.note(index, now, "kill", &[("signal", &number.to_string())]);
        match number {
            SIGKILL => self.die(index, now, KILLED, false),
            // INT, QUIT and TERM ask a program to leave; the others mean something else to it.
            2 | 3 | 15 => {
                let then = Afterwards::Nothing;
                self.terminate(
                    index,
                    now,
                    Stopping {
                        kill_at: None,
                        then,
                    },
                );
            }
            _ => {}
        }
        Ok(())
    }

    pub(in crate::sim) fn pause(&mut self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &mut self.containers[index];
        if container.is_restarting() {
            return Err(Refusal::Restarting(container.id.clone()));
        }
        if !container.is_alive() {
            return Err(Refusal::NotRunning(container.id.clone()));
        }
        if container.paused {
            return Err(Refusal::AlreadyPaused(container.id.clone()));
        }
        container.freeze();
        self.note(index, now, "pause", &[]);
        Ok(())
    }

    pub(in crate::sim) fn unpause(&mut self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &mut self.containers[index];
        if !container.paused {
            return Err(Refusal::NotPaused(container.id.clone()));
        }
        container.thaw(now);
        self.note(index, now, "unpause", &[]);
        Ok(())
    }

    pub(in crate::sim) fn update(
        &mut self,
        name: &str,
        change: Change,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let spec = Arc::make_mut(&mut self.containers[index].spec);
        spec.memory_limit = change.memory_limit.or(spec.memory_limit);
        spec.nano_cpus = change.nano_cpus.unwrap_or(spec.nano_cpus);
        spec.restart = change.restart.unwrap_or(spec.restart);
        self.note(index, now, "update", &[]);
        Ok(())
    }

    pub(in crate::sim) fn remove(
        &mut self,
        name: &str,
        force: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let index = self.find(name)?;
        let container = &self.containers[index];
        let busy = container.is_alive() || container.is_restarting();
        if busy && !force {
            let first = if container.paused {
                "Unpause and then stop the container"
            } else {
                "Stop the container"
            };
            return Err(Refusal::CannotRemove {
                state: container.status(),
                id: container.id.clone(),
                first,
            });
        }
        if container.is_alive() {
            self.kill(name, "KILL", now)?;
        }
        self.note(index, now, "destroy", &[]);
        let gone = self.containers.remove(index);
        self.forget_execs_of(&gone.id);
        Ok(())
    }

    /// Removes what is meant and does not run; returns the ids.
    pub(in crate::sim) fn prune_containers(
        &mut self,
        is_meant: impl Fn(&Container) -> bool,
        now: Timestamp,
    ) -> Vec<String> {
        let dead: Vec<String> = self
            .containers
            .iter()
            .filter(|container| !container.is_alive() && !container.is_restarting())
            .filter(|container| is_meant(container))
            .map(|container| container.id.clone())
            .collect();
        dead.into_iter()
            .filter(|id| self.remove(id, false, now).is_ok())
            .collect()
    }

    /// The program ends at once, by itself.
    pub(super) fn end(&mut self, index: usize, code: i64, now: Timestamp) {
        if let Some(life) = self.life(index) {
            life.ends = Some((now, code));
        }
    }
}

impl Container {
    pub(super) fn forget_restarts(&mut self) {
        self.stopped_by_hand = false;
        self.restart_count = 0;
        self.pause = super::container::FIRST_PAUSE;
    }
}

/// By number or name, with or without `SIG`.
fn signal_number(signal: &str) -> Result<u8, Refusal> {
    const NAMES: &[(&str, u8)] = &[
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("KILL", SIGKILL),
        ("USR1", 10),
        ("USR2", 12),
        ("TERM", 15),
        ("CONT", 18),
        ("STOP", 19),
        ("WINCH", 28),
    ];
    if signal.is_empty() {
        return Ok(SIGKILL);
    }
    let name = signal.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    NAMES
        .iter()
        .find(|(known, number)| *known == name || number.to_string() == name)
        .map(|(_, number)| *number)
        .ok_or_else(|| Refusal::BadParameter(format!("Invalid signal: {signal}")))
}
