//! What samples mean against the container's own limits, on cgroup v1 and v2. Pure.

use bollard::models::{
    ContainerBlkioStats, ContainerCpuStats, ContainerMemoryStats, ContainerStatsResponse,
    HostConfig,
};

use crate::action::container::Limits;
use crate::action::stats::Stats;
use crate::engine::inspect::{limits, moment};

/// What the container may use, by its settings.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    limits: Limits,
    /// How many cpus it may run on, where that is set.
    cpuset: Option<u32>,
}

impl Allowance {
    pub(super) fn of(host: &HostConfig) -> Self {
        Self {
            limits: limits(host),
            cpuset: host.cpuset_cpus.as_deref().and_then(cpus_in_set),
        }
    }
}

/// Counts the cpus of `0-2,5`.
fn cpus_in_set(set: &str) -> Option<u32> {
    let count = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(last.checked_sub(first)?.saturating_add(1))
    };
    set.split(',').map(count).sum::<Option<u32>>()
}

/// `before` is an earlier sample; without one the engine's own earlier figures are taken.
pub(super) fn measured(
    before: Option<&ContainerStatsResponse>,
    after: &ContainerStatsResponse,
    allowance: &Allowance,
) -> Stats {
    let networks = || after.networks.iter().flat_map(|networks| networks.values());
    let pids = after.pids_stats.clone().unwrap_or_default();
    Stats {
        cpus_used: cpus_used(before, after),
        cpus_allowed: cpus_allowed(after, allowance),
        throttled_share: throttled_share(after),
        memory_used: after.memory_stats.as_ref().map_or(0, memory_used),
        memory_limit: allowance.limits.memory,
        pids: pids.current.unwrap_or_default(),
        pids_limit: allowance
            .limits
            .pids
            .or(pids.limit.filter(|pids| is_a_limit(*pids))),
        network_received: networks().filter_map(|network| network.rx_bytes).sum(),
        network_sent: networks().filter_map(|network| network.tx_bytes).sum(),
        disk_read: transferred(after.blkio_stats.as_ref(), "read"),
        disk_written: transferred(after.blkio_stats.as_ref(), "write"),
    }
}

/// Where there is no limit the engine says 0, or the highest number there is.
fn is_a_limit(pids: u64) -> bool {
    pids > 0 && pids < u64::from(u32::MAX)
}

/// Cpu time over time passed. The engine's own earlier figures are the fallback, and where even
/// their times are missing, the machine's cpu time is the measure of time passed.
fn cpus_used(before: Option<&ContainerStatsResponse>, after: &ContainerStatsResponse) -> f64 {
    let now = cpu_time(after.cpu_stats.as_ref());
    let sampled = before.and_then(|before| {
        let passed = nanoseconds_between(before.read.as_deref(), after.read.as_deref())?;
        share(cpu_time(before.cpu_stats.as_ref()), now, passed)
    });
    let earlier = after.precpu_stats.as_ref();
    let own = || {
        let passed = nanoseconds_between(after.preread.as_deref(), after.read.as_deref())?;
        share(cpu_time(earlier), now, passed)
    };
    let by_machine = || {
        let machine = |stats: Option<&ContainerCpuStats>| stats?.system_cpu_usage;
        let passed = machine(after.cpu_stats.as_ref())?.checked_sub(machine(earlier)?)?;
        Some(share(cpu_time(earlier), now, passed)? * f64::from(online_cpus(after)))
    };
    sampled.or_else(own).or_else(by_machine).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn share(before: Option<u64>, after: Option<u64>, passed: u64) -> Option<f64> {
    // A counter that went back belongs to an earlier life of the container.
    let used = after?.checked_sub(before?)?;
    (passed > 0).then(|| used as f64 / passed as f64)
}

fn cpu_time(stats: Option<&ContainerCpuStats>) -> Option<u64> {
    stats?.cpu_usage.as_ref()?.total_usage
}

fn nanoseconds_between(before: Option<&str>, after: Option<&str>) -> Option<u64> {
    let passed = moment(after?)?.duration_since(moment(before?)?);
    u64::try_from(passed.as_nanos()).ok()
}

fn online_cpus(sample: &ContainerStatsResponse) -> u32 {
    let cpu = sample.cpu_stats.as_ref();
    let told = cpu
        .and_then(|cpu| cpu.online_cpus)
        .filter(|count| *count > 0);
    let listed = || {
        let each = cpu?.cpu_usage.as_ref()?.percpu_usage.as_ref()?;
        u32::try_from(each.len()).ok()
    };
    told.or_else(listed).unwrap_or(1)
}

/// The tightest of quota, cpu set and machine.
fn cpus_allowed(sample: &ContainerStatsResponse, allowance: &Allowance) -> f64 {
    let online = online_cpus(sample);
    let runnable = f64::from(allowance.cpuset.map_or(online, |set| set.min(online)));
    allowance
        .limits
        .cpus
        .map_or(runnable, |quota| quota.min(runnable))
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn throttled_share(sample: &ContainerStatsResponse) -> f64 {
    let throttling = sample
        .cpu_stats
        .as_ref()
        .and_then(|cpu| cpu.throttling_data.clone())
        .unwrap_or_default();
    match (throttling.throttled_periods, throttling.periods) {
        (Some(throttled), Some(periods)) if periods > 0 => throttled as f64 / periods as f64,
        _ => 0.0,
    }
}

/// Page cache that nobody has used lately is given back under pressure: it is not "used".
fn memory_used(memory: &ContainerMemoryStats) -> u64 {
    let stat = |name| memory.stats.as_ref()?.get(name).copied();
    let cache = stat("total_inactive_file").or_else(|| stat("inactive_file"));
    let usage = memory.usage.unwrap_or_default();
    usage.saturating_sub(cache.unwrap_or_default())
}

fn transferred(disk: Option<&ContainerBlkioStats>, direction: &str) -> u64 {
    disk.and_then(|disk| disk.io_service_bytes_recursive.as_ref())
        .into_iter()
        .flatten()
        .filter(|entry| {
            let is_wanted = |op: &String| op.eq_ignore_ascii_case(direction);
            entry.op.as_ref().is_some_and(is_wanted)
        })
        .filter_map(|entry| entry.value)
        .sum()
}
