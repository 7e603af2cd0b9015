//! What a container uses at a moment, worked out from its script rather than recorded.

use jiff::Timestamp;

use super::{Container, World, between};
use crate::sim::spec::ContainerSpec;

/// The simulated machine.
pub(in crate::sim) const HOST_CPUS: u32 = 4;
pub(in crate::sim) const HOST_MEMORY: u64 = 8 * 1024 * 1024 * 1024;
/// The scheduler hands out quota a hundred milliseconds at a time.
const PERIOD_MILLIS: u64 = 100;
const NANOS_PER_CPU: f64 = 1e9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Usage {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) cpu_nanos: u64,
    pub(in crate::sim) system_nanos: u64,
    pub(in crate::sim) periods: u64,
    pub(in crate::sim) throttled_periods: u64,
    pub(in crate::sim) memory: u64,
    pub(in crate::sim) pids: u64,
    pub(in crate::sim) received: u64,
    pub(in crate::sim) sent: u64,
    pub(in crate::sim) disk_read: u64,
    pub(in crate::sim) disk_written: u64,
}

impl ContainerSpec {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a few cpus in billionths fit well"
    )]
    pub(super) fn allowed_cpus(&self) -> f64 {
        if self.nano_cpus == 0 {
            f64::from(HOST_CPUS)
        } else {
            self.nano_cpus as f64 / NANOS_PER_CPU
        }
    }
}

impl World {
    /// `None` when it does not run.
    pub(in crate::sim) fn usage(&self, container: &Container, at: Timestamp) -> Option<Usage> {
        let life = container.life.as_ref()?;
        let spec = &container.spec;
        let lived = between(life.started, at);
        let millis = u64::try_from(lived.as_millis()).unwrap_or(u64::MAX);
        let quota = spec.nano_cpus > 0;
        let periods = if quota { millis / PERIOD_MILLIS } else { 0 };
        let burning = between(life.cpu.since, at).min(lived).as_millis();
        let burnt = u64::try_from(burning).unwrap_or(u64::MAX) / PERIOD_MILLIS;
        let starved = quota && life.cpu.demand > spec.allowed_cpus();
        let uptime = between(self.began, at).as_nanos() + lived.as_nanos();
        Some(Usage {
            at,
            cpu_nanos: life.cpu.nanos_at(at, spec.allowed_cpus()),
            system_nanos: u64::try_from(uptime).unwrap_or(u64::MAX) * u64::from(HOST_CPUS),
            periods,
            throttled_periods: if starved { burnt.min(periods) } else { 0 },
            memory: life
                .memory
                .at(at)
                .min(spec.memory_limit.unwrap_or(u64::MAX)),
            pids: u64::try_from(spec.behaviour.processes.len().max(1)).unwrap_or(1),
            received: millis * 2,
            sent: millis,
            disk_read: 4096 * 32,
            disk_written: millis / 2,
        })
    }
}
