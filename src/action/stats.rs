//! What a container uses, measured against what it may use.

use crate::text::Raw;

/// One sample. Percentages are of the container's own share, not of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// Cpus' worth of time used over the sample (1.5 = one and a half cpus).
    pub cpus_used: f64,
    /// Cpus' worth of time it may use: its quota, or the cpus it may run on.
    pub cpus_allowed: f64,
    /// Share of periods in which the quota stopped it, since the container started; 0 without quota.
    pub throttled_share: f64,
    /// Without page cache that can be given back.
    pub memory_used: u64,
    /// `None`: no limit of its own.
    pub memory_limit: Option<u64>,
    pub pids: u64,
    pub pids_limit: Option<u64>,
    pub network_received: u64,
    pub network_sent: u64,
    pub disk_read: u64,
    pub disk_written: u64,
}

impl Stats {
    /// Of the quota, 100 being all of it.
    pub fn cpu_percent(&self) -> f64 {
        if self.cpus_allowed > 0.0 {
            self.cpus_used / self.cpus_allowed * 100.0
        } else {
            0.0
        }
    }

    /// Nine of ten of those it may start are there.
    pub fn has_few_processes_left(&self) -> bool {
        let limit = self.pids_limit.filter(|limit| *limit > 0);
        limit.is_some_and(|limit| self.pids.saturating_mul(10) >= limit.saturating_mul(9))
    }

    /// Of the limit, where there is one.
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    pub fn memory_percent(&self) -> Option<f64> {
        let limit = self.memory_limit.filter(|limit| *limit > 0)?;
        Some(self.memory_used as f64 / limit as f64 * 100.0)
    }
}

/// The process table of a container, as the engine gives it.
#[derive(Debug, Clone, Default)]
pub struct Top {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<Raw>>,
}
