//! From the engine's description of a container to ours. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum,
    ContainerSummary, HealthConfig, HealthStatusEnum, HealthcheckResult, HostConfig, MountPoint,
};
use jiff::Timestamp;

use super::ports;
use crate::action::container::{
    Attachment, Container, Health, HealthResult, HealthStatus, HealthTest, Limits, Mount,
    RestartPolicy, Settings, State, Status,
};
use crate::text::Raw;

pub(super) fn container(found: ContainerInspectResponse) -> Container {
    let config = found.config.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let network = found.network_settings.unwrap_or_default();
    Container {
        id: found.id.unwrap_or_default(),
        name: bare_name(found.name.as_deref().unwrap_or_default()),
        image: config.image.clone().unwrap_or_default(),
        image_id: found.image.unwrap_or_default(),
        created: found.created.as_deref().and_then(moment),
        labels: config
            .labels
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        state: state(found.state.unwrap_or_default()),
        restart_count: found.restart_count.map_or(0, not_negative),
        limits: limits(&host),
        restart_policy: restart_policy(&host),
        network_mode: host.network_mode.clone().unwrap_or_default(),
        ports: ports::merged(&config, network.ports.as_ref(), host.port_bindings.as_ref()),
        networks: attachments(network.networks.unwrap_or_default()),
        mounts: mounts(found.mounts.unwrap_or_default()),
        tmpfs: host.tmpfs.clone().unwrap_or_default().into_iter().collect(),
        log_driver: host
            .log_config
            .as_ref()
            .and_then(|log| log.typ.clone())
            .unwrap_or_default(),
        settings: settings(config, host),
    }
}

/// What the list alone says of a container that could not be looked into because of `trouble`.
pub(super) fn from_summary(found: ContainerSummary, trouble: &str) -> Container {
    let names = found.names.unwrap_or_default();
    let state = found.state.map(|state| state.to_string());
    Container {
        id: found.id.unwrap_or_default(),
        name: names
            .iter()
            .min()
            .map_or_else(String::new, |name| bare_name(name)),
        image: found.image.unwrap_or_default(),
        image_id: found.image_id.unwrap_or_default(),
        labels: found.labels.unwrap_or_default().into_iter().collect(),
        state: State {
            status: status(state.and_then(|state| state.parse().ok())),
            error: Raw::new(trouble),
            ..State::default()
        },
        ..Container::default()
    }
}

/// The engine writes year 1 where there is no time.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    (at > Timestamp::UNIX_EPOCH).then_some(at)
}

pub(super) fn not_negative(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn bare_name(name: &str) -> String {
    name.trim_start_matches('/').to_owned()
}

fn state(found: ContainerState) -> State {
    let status = status(found.status);
    State {
        status,
        exit_code: found
            .exit_code
            .filter(|code| tells_of_a_life(status, *code)),
        error: Raw::new(found.error.unwrap_or_default()),
        oom_killed: found.oom_killed.unwrap_or(false),
        pid: found.pid.filter(|pid| *pid > 0),
        started_at: found.started_at.as_deref().and_then(moment),
        finished_at: found.finished_at.as_deref().and_then(moment),
        health: found.health.and_then(health),
    }
}

/// While a container runs its exit code is a zero that means nothing. One that could not be
/// started is still `created`, yet has the code of the failed start.
fn tells_of_a_life(status: Status, code: i64) -> bool {
    match status {
        Status::Running | Status::Paused => false,
        Status::Created => code != 0,
        Status::Restarting | Status::Removing | Status::Exited | Status::Dead => true,
    }
}

fn status(found: Option<ContainerStateStatusEnum>) -> Status {
    use ContainerStateStatusEnum as Theirs;
    match found {
        Some(Theirs::RUNNING | Theirs::STOPPING) => Status::Running,
        Some(Theirs::PAUSED) => Status::Paused,
        Some(Theirs::RESTARTING) => Status::Restarting,
        Some(Theirs::REMOVING) => Status::Removing,
        Some(Theirs::EXITED) => Status::Exited,
        Some(Theirs::DEAD) => Status::Dead,
        Some(Theirs::CREATED | Theirs::EMPTY) | None => Status::Created,
    }
}

fn health(found: bollard::models::Health) -> Option<Health> {
    let status = match found.status? {
        HealthStatusEnum::STARTING => HealthStatus::Starting,
        HealthStatusEnum::HEALTHY => HealthStatus::Healthy,
        HealthStatusEnum::UNHEALTHY => HealthStatus::Unhealthy,
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => return None,
    };
    Some(Health {
        status,
        failing_streak: found.failing_streak.map_or(0, not_negative),
        log: found
            .log
            .unwrap_or_default()
            .into_iter()
            .map(health_result)
            .collect(),
    })
}

fn health_result(found: HealthcheckResult) -> HealthResult {
    HealthResult {
        started_at: found.start.as_deref().and_then(moment),
        ended_at: found.end.as_deref().and_then(moment),
        exit_code: found.exit_code.unwrap_or_default(),
        output: Raw::new(found.output.unwrap_or_default()),
    }
}

fn settings(config: ContainerConfig, host: HostConfig) -> Settings {
    Settings {
        entrypoint: raws(config.entrypoint),
        command: raws(config.cmd),
        environment: environment(config.env.unwrap_or_default()),
        user: config.user.unwrap_or_default(),
        working_dir: config.working_dir.unwrap_or_default(),
        health_test: config.healthcheck.and_then(health_test),
        stop_signal: config.stop_signal.filter(|signal| !signal.is_empty()),
        stop_timeout: config
            .stop_timeout
            .map(|seconds| Duration::from_secs(not_negative(seconds))),
        tty: config.tty.unwrap_or(false),
        read_only_root: host.readonly_rootfs.unwrap_or(false),
        privileged: host.privileged.unwrap_or(false),
        cap_drop: host.cap_drop.unwrap_or_default(),
        security_opt: host.security_opt.unwrap_or_default(),
        cgroup_parent: host.cgroup_parent.unwrap_or_default(),
    }
}

fn raws(words: Option<Vec<String>>) -> Vec<Raw> {
    words
        .unwrap_or_default()
        .into_iter()
        .map(Raw::new)
        .collect()
}

pub(super) fn environment(pairs: Vec<String>) -> BTreeMap<String, Raw> {
    pairs
        .into_iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), Raw::new(value)),
            None => (pair, Raw::default()),
        })
        .collect()
}

/// `None` without a test of its own, and where the test is switched off.
fn health_test(found: HealthConfig) -> Option<HealthTest> {
    let test = found.test.filter(|test| !test.is_empty())?;
    if test.first().is_some_and(|kind| kind == "NONE") {
        return None;
    }
    let span = |nanoseconds: Option<i64>| Duration::from_nanos(nanoseconds.map_or(0, not_negative));
    Some(HealthTest {
        test: raws(Some(test)),
        interval: span(found.interval),
        timeout: span(found.timeout),
        retries: found.retries.map_or(0, not_negative),
        start_period: span(found.start_period),
    })
}

pub(super) fn limits(host: &HostConfig) -> Limits {
    let positive = |number: Option<i64>| number.filter(|number| *number > 0).map(not_negative);
    Limits {
        memory: positive(host.memory),
        memory_swap: host.memory_swap.filter(|swap| *swap != 0),
        cpus: cpus(host),
        pids: positive(host.pids_limit),
    }
}

/// The period that the kernel takes when only a quota is given.
const DEFAULT_PERIOD_US: i64 = 100_000;

#[expect(clippy::cast_precision_loss, reason = "a count of cpus, not of atoms")]
fn cpus(host: &HostConfig) -> Option<f64> {
    let positive = |number: Option<i64>| number.filter(|number| *number > 0);
    if let Some(nano) = positive(host.nano_cpus) {
        return Some(nano as f64 / 1e9);
    }
    let quota = positive(host.cpu_quota)?;
    let period = positive(host.cpu_period).unwrap_or(DEFAULT_PERIOD_US);
    Some(quota as f64 / period as f64)
}

fn restart_policy(host: &HostConfig) -> RestartPolicy {
    let Some(policy) = &host.restart_policy else {
        return RestartPolicy::default();
    };
    let name = policy.name.map(|name| name.to_string()).unwrap_or_default();
    RestartPolicy {
        name: if name.is_empty() {
            "no".to_owned()
        } else {
            name
        },
        maximum: policy.maximum_retry_count.map_or(0, not_negative),
    }
}

fn attachments(
    found: std::collections::HashMap<String, bollard::models::EndpointSettings>,
) -> Vec<Attachment> {
    let sorted: BTreeMap<_, _> = found.into_iter().collect();
    sorted
        .into_iter()
        .map(|(network, endpoint)| {
            let mut aliases = endpoint.aliases.unwrap_or_default();
            aliases.sort();
            aliases.dedup();
            Attachment {
                network,
                network_id: endpoint.network_id.unwrap_or_default(),
                address: endpoint.ip_address.unwrap_or_default(),
                gateway: endpoint.gateway.unwrap_or_default(),
                aliases,
            }
        })
        .collect()
}

fn mounts(found: Vec<MountPoint>) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = found
        .into_iter()
        .map(|mount| Mount {
            kind: mount.typ.unwrap_or_default(),
            name: mount.name.filter(|name| !name.is_empty()),
            source: mount.source.unwrap_or_default(),
            destination: mount.destination.unwrap_or_default(),
            read_only: mount.rw == Some(false),
        })
        .collect();
    mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
    mounts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Container {
        container(serde_json::from_str(json).unwrap())
    }

    fn with_state(json: &str) -> State {
        read(&format!(r#"{{"State": {json}}}"#)).state
    }

    #[test]
    fn year_one_is_no_time() {
        let state = with_state(
            r#"{"Status": "running", "Pid": 7, "ExitCode": 0,
                "StartedAt": "2026-11-20T03:09:41.5Z", "FinishedAt": "0001-01-01T00:00:00Z"}"#,
        );
        assert_eq!(
            state.started_at.unwrap().to_string(),
            "2026-11-20T03:09:41.5Z"
        );
        assert_eq!((state.finished_at, state.pid), (None, Some(7)));
    }

    #[test]
    fn an_exit_code_tells_of_a_life_that_ended() {
        let code = |status: &str, code: i64| {
            with_state(&format!(r#"{{"Status": "{status}", "ExitCode": {code}}}"#)).exit_code
        };
        assert_eq!(code("running", 0), None);
        assert_eq!(code("paused", 0), None);
        assert_eq!(code("created", 0), None);
        assert_eq!(code("created", 127), Some(127));
        assert_eq!(code("restarting", 1), Some(1));
        assert_eq!(code("exited", 0), Some(0));
    }

    #[test]
    fn settings_are_read_as_they_are_meant() {
        let found = read(
            r#"{"Name": "/shop-db-1",
                "Config": {"Image": "redis:7", "Env": ["A=b=c", "EMPTY=", "BARE"], "StopTimeout": 30,
                           "Healthcheck": {"Test": ["CMD", "true"], "Interval": 2000000000, "Retries": 3}},
                "HostConfig": {"RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
                               "LogConfig": {"Type": "json-file", "Config": {}}}}"#,
        );
        let settings = &found.settings;
        let value = |name: &str| settings.environment[name].expose();
        assert_eq!((value("A"), value("EMPTY"), value("BARE")), ("b=c", "", ""));
        assert_eq!(settings.stop_timeout, Some(Duration::from_secs(30)));
        let test = settings.health_test.as_ref().unwrap();
        assert_eq!((test.interval, test.retries), (Duration::from_secs(2), 3));
        assert_eq!(
            (found.name.as_str(), found.image.as_str()),
            ("shop-db-1", "redis:7")
        );
        assert_eq!(
            (
                found.restart_policy.name.as_str(),
                found.log_driver.as_str()
            ),
            ("no", "json-file")
        );
    }

    #[test]
    fn a_health_check_that_is_switched_off_is_none() {
        let off = r#"{"Config": {"Healthcheck": {"Test": ["NONE"]}}, "State": {"Health": {"Status": "none"}}}"#;
        let found = read(off);
        assert!(found.settings.health_test.is_none() && found.state.health.is_none());
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = |json: &str| read(&format!(r#"{{"HostConfig": {json}}}"#)).limits;
        let none =
            r#"{"Memory": 0, "MemorySwap": 0, "NanoCpus": 0, "CpuQuota": 0, "PidsLimit": null}"#;
        assert_eq!(limits(none), Limits::default());
        assert_eq!(
            limits(r#"{"PidsLimit": -1, "CpuQuota": -1}"#),
            Limits::default()
        );
        let some =
            limits(r#"{"Memory": 1024, "MemorySwap": -1, "NanoCpus": 1500000000, "PidsLimit": 9}"#);
        let expected = Limits {
            memory: Some(1024),
            memory_swap: Some(-1),
            cpus: Some(1.5),
            pids: Some(9),
        };
        assert_eq!(some, expected);
    }

    #[test]
    fn an_answer_with_nothing_in_it_is_a_container_with_nothing_in_it() {
        let found = read("{}");
        assert_eq!(
            (found.name.as_str(), found.state.status),
            ("", Status::Created)
        );
    }
}
