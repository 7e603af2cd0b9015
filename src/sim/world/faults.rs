//! What can be made to go wrong while the world runs.

use std::time::Duration;

use jiff::Timestamp;

use super::life::{Meter, Ramp, Saying};
use super::{World, between, later};
use crate::sim::behaviour::{Line, MemoryUse};

/// Each names a container or a compose service; all of its containers are hit.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Memory grows until its limit is reached after `within`; meanwhile it says `says`.
    FillMemory {
        name: String,
        within: Duration,
        says: Vec<Line>,
    },
    /// Its main process ends by itself.
    Crash { name: String, code: i64 },
    /// Its health check fails with this output from now on.
    Sicken { name: String, output: String },
    /// Takes a `Sicken` back.
    Heal { name: String },
    /// It wants so many cpus' worth of time from now on.
    BurnCpu { name: String, cpus: f64 },
}

impl World {
    pub(in crate::sim) fn begin_outage(&mut self, now: Timestamp) {
        for fault in self.outage.clone() {
            self.inflict(&fault, now);
        }
    }

    /// Says how many containers it hit: none when nobody goes by that name.
    pub(in crate::sim) fn inflict(&mut self, fault: &Fault, now: Timestamp) -> usize {
        let (Fault::FillMemory { name, .. }
        | Fault::Crash { name, .. }
        | Fault::Sicken { name, .. }
        | Fault::Heal { name }
        | Fault::BurnCpu { name, .. }) = fault;
        let hit = self.known_as(name);
        for index in &hit {
            self.inflict_on(*index, fault, now);
        }
        hit.len()
    }

    fn inflict_on(&mut self, index: usize, fault: &Fault, now: Timestamp) {
        match fault {
            Fault::FillMemory { within, says, .. } => self.fill_memory(index, *within, says, now),
            Fault::Crash { code, .. } => self.end(index, *code, now),
            Fault::Sicken { output, .. } => {
                self.containers[index].ailment = Some(output.clone());
            }
            Fault::Heal { .. } => self.containers[index].ailment = None,
            Fault::BurnCpu { cpus, .. } => self.burn_cpu(index, *cpus, now),
        }
    }

    /// Without a limit there is nothing to run into.
    fn fill_memory(&mut self, index: usize, within: Duration, says: &[Line], now: Timestamp) {
        let limit = self.containers[index].spec.memory_limit;
        let (Some(limit), Some(life)) = (limit, self.life(index)) else {
            return;
        };
        let resting = life.memory.at(now).min(limit);
        let millis = within.as_millis().max(1);
        let rate = u128::from(limit - resting) * 1000 / millis;
        life.memory = Ramp {
            since: now,
            use_: MemoryUse {
                resting,
                per_second: u64::try_from(rate).unwrap_or(u64::MAX).max(1),
            },
        };
        life.will_say(says.iter().map(|line| Saying {
            at: later(now, line.after),
            stream: line.stream,
            text: line.text.clone(),
        }));
    }

    fn burn_cpu(&mut self, index: usize, cpus: f64, now: Timestamp) {
        let allowed = self.containers[index].spec.allowed_cpus();
        if let Some(life) = self.life(index) {
            life.cpu = Meter {
                since: now,
                nanos_before: life.cpu.nanos_at(now, allowed),
                demand: cpus,
            };
        }
    }
}

impl Meter {
    /// Cpu time used until `now`, when no more than `allowed` cpus may be used.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a made-up figure: years of cpu time fit well"
    )]
    pub(super) fn nanos_at(&self, now: Timestamp, allowed: f64) -> u64 {
        let passed = between(self.since, now).as_nanos() as f64;
        self.nanos_before + (passed * self.demand.min(allowed).max(0.0)) as u64
    }
}
