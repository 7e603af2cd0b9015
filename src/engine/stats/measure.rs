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

#[cfg(test)]
mod tests {
    use super::*;

    /// From a container with half a cpu and 64 MiB that spins, on cgroup v1.
    fn v1(read: &str, total: u64) -> ContainerStatsResponse {
        let json = r#"{
            "read": "READ", "preread": "0001-01-01T00:00:00Z",
            "pids_stats": {"current": 3, "limit": 18446744073709551615},
            "blkio_stats": {"io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "Read", "value": 4096},
                {"major": 8, "minor": 16, "op": "Read", "value": 4},
                {"major": 8, "minor": 0, "op": "Write", "value": 512},
                {"major": 8, "minor": 0, "op": "Total", "value": 4612}]},
            "cpu_stats": {"cpu_usage": {"total_usage": TOTAL, "percpu_usage": [2030087914, 33634808]},
                "system_cpu_usage": 3896210000000, "online_cpus": 2,
                "throttling_data": {"periods": 40, "throttled_periods": 30, "throttled_time": 1978420006}},
            "precpu_stats": {"cpu_usage": {"total_usage": 0}, "throttling_data": {"periods": 0}},
            "memory_stats": {"usage": 24154112, "limit": 67108864,
                "stats": {"cache": 22765568, "inactive_file": 11, "total_inactive_file": 22708224}}
        }"#;
        let json = json
            .replace("READ", read)
            .replace("TOTAL", &total.to_string());
        serde_json::from_str(&json).unwrap()
    }

    /// From an engine that takes both samples itself, on cgroup v2.
    fn v2() -> ContainerStatsResponse {
        serde_json::from_str(
            r#"{
            "read": "2026-11-20T08:00:01Z", "preread": "2026-11-20T08:00:00Z",
            "pids_stats": {"current": 5, "limit": 4613},
            "blkio_stats": {"io_service_bytes_recursive": [
                {"major": 259, "minor": 0, "op": "read", "value": 100},
                {"major": 259, "minor": 0, "op": "write", "value": 7}], "io_serviced_recursive": null},
            "cpu_stats": {"cpu_usage": {"total_usage": 5000000000}, "system_cpu_usage": 90000000000, "online_cpus": 4,
                "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}},
            "precpu_stats": {"cpu_usage": {"total_usage": 3500000000}, "system_cpu_usage": 86000000000, "online_cpus": 4},
            "memory_stats": {"usage": 1000, "limit": 8000000000, "stats": {"anon": 1, "inactive_file": 300}},
            "networks": {"eth0": {"rx_bytes": 10, "tx_bytes": 1}, "eth1": {"rx_bytes": 20, "tx_bytes": 2}}
        }"#,
        )
        .unwrap()
    }

    fn host(json: &str) -> Allowance {
        Allowance::of(&serde_json::from_str(json).unwrap())
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.001
    }

    #[test]
    fn two_samples_on_cgroup_v1_are_held_against_the_quota() {
        let allowance = host(r#"{"NanoCpus": 500000000, "Memory": 67108864}"#);
        let before = v1("2026-11-20T08:37:13Z", 1_000_000_000);
        let after = v1("2026-11-20T08:37:14Z", 1_500_000_000);
        let stats = measured(Some(&before), &after, &allowance);
        assert!(close(stats.cpus_used, 0.5) && close(stats.cpu_percent(), 100.0));
        assert!(close(stats.throttled_share, 0.75));
        assert_eq!(stats.memory_used, 24_154_112 - 22_708_224);
        assert_eq!(stats.memory_limit, Some(67_108_864));
        assert_eq!((stats.pids, stats.pids_limit), (3, None));
        assert_eq!((stats.disk_read, stats.disk_written), (4100, 512));
    }

    #[test]
    fn one_double_sample_on_cgroup_v2_without_limits() {
        let stats = measured(None, &v2(), &host("{}"));
        assert!(close(stats.cpus_used, 1.5) && close(stats.cpus_allowed, 4.0));
        assert_eq!((stats.memory_used, stats.memory_limit), (700, None));
        assert_eq!((stats.pids, stats.pids_limit), (5, Some(4613)));
        assert_eq!((stats.network_received, stats.network_sent), (30, 3));
        assert_eq!((stats.disk_read, stats.disk_written), (100, 7));
    }

    #[test]
    fn without_times_the_machines_cpu_time_is_the_measure() {
        let mut sample = v2();
        sample.preread = None;
        // 1.5 s of the 4 s that four cpus had together.
        assert!(close(measured(None, &sample, &host("{}")).cpus_used, 1.5));
    }

    #[test]
    fn samples_of_the_same_moment_or_of_two_lives_do_not_count() {
        let sample = v1("2026-11-20T08:37:13Z", 1_000_000_000);
        let same = measured(Some(&sample), &sample, &host("{}"));
        assert!(close(same.cpus_used, 0.0));
        let restarted = v1("2026-11-20T08:37:14Z", 7);
        let stats = measured(Some(&sample), &restarted, &host("{}"));
        assert!(close(stats.cpus_used, 0.0));
    }

    #[test]
    fn the_tightest_of_quota_cpu_set_and_machine_counts() {
        let sample = v2();
        let allowed = |json| cpus_allowed(&sample, &host(json));
        assert!(close(
            allowed(r#"{"CpuQuota": 150000, "CpuPeriod": 100000}"#),
            1.5
        ));
        assert!(close(allowed(r#"{"CpuQuota": 50000}"#), 0.5));
        assert!(close(allowed(r#"{"CpusetCpus": "0-1,3"}"#), 3.0));
        assert!(close(
            allowed(r#"{"CpusetCpus": "2", "NanoCpus": 2000000000}"#),
            1.0
        ));
        assert!(close(allowed(r#"{"NanoCpus": 64000000000}"#), 4.0));
        assert!(close(allowed(r#"{"CpusetCpus": "", "CpuQuota": -1}"#), 4.0));
    }
}
