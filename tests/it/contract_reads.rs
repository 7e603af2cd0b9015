//! The contract: what is read from an engine. `contract` holds the list.

use std::time::Duration;

use dogwatch::action::container::{Container, HealthStatus, Status};
use dogwatch::action::events::EventQuery;
use dogwatch::action::logs::{LogLine, LogQuery, LogStream};
use dogwatch::engine::EngineError;
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::support::sim_fixture::Fixture;
use crate::support::sim_programs::{MIB, Program};

const SOON: Duration = Duration::from_secs(20);

pub(crate) async fn the_engine_says_what_it_is(fixture: &Fixture) {
    let about = fixture.engine.about().await.unwrap();
    assert!(about.cpus > 0 && about.memory > 0 && about.containers >= 5);
    assert!(about.running >= 3 && about.stopped >= 2 && about.images > 0);
    assert!(matches!(about.cgroup_version, Some(1 | 2)));
    assert!(!about.name.is_empty() && !about.version.is_empty() && !about.kernel.is_empty());
    assert!(about.api_version.starts_with("1."));
}

pub(crate) async fn containers_are_listed_by_name(fixture: &Fixture) {
    let all = fixture.engine.containers().await.unwrap();
    let ours = all
        .iter()
        .filter(|c| c.labels.get("com.docker.compose.project") == Some(&fixture.prefix));
    let names: Vec<&str> = ours.map(|c| c.name.as_str()).collect();
    let expected = ["crash", "db", "idle", "sick", "web"].map(|short| fixture.name(short));
    assert_eq!(names, expected);
}

pub(crate) async fn a_container_is_described_in_full(fixture: &Fixture) {
    let web = fixture.container("web").await;
    assert_eq!((web.name.clone(), web.id.len()), (fixture.name("web"), 64));
    assert_eq!(web.image, fixture.image);
    assert!(web.image_id.starts_with("sha256:") && web.created < web.state.started_at);
    assert_eq!(web.labels["tier"], "front");
    assert_eq!(web.state.status, Status::Running);
    assert_eq!((web.state.exit_code, web.state.finished_at), (None, None));
    assert!(web.state.pid.is_some() && !web.state.oom_killed && web.state.error.is_empty());
    assert_eq!(web.log_driver, "json-file");
    assert_eq!(web.restart_policy.name, "no");
    assert_eq!(web.limits.memory, Some(64 * MIB));
    assert_eq!((web.limits.cpus, web.limits.pids), (Some(0.5), Some(50)));
    let url = web.settings.environment["DATABASE_URL"].expose();
    assert_eq!(url, "postgres://u:p@db:5432/x");
    assert_eq!(web.settings.command[0].expose(), "sh");
    assert!(!web.settings.tty && !web.settings.privileged);
    assert_is_placed(&web, &fixture.prefix);
}

fn assert_is_placed(web: &Container, prefix: &str) {
    let [network] = web.networks.as_slice() else {
        panic!("one network, not {:?}", web.networks);
    };
    assert_eq!(network.network, format!("{prefix}-net"));
    assert_eq!(web.network_mode, network.network);
    assert_eq!(network.address.split('.').count(), 4, "{network:?}");
    assert!(network.gateway.ends_with(".1"), "{network:?}");
    assert!(network.aliases.contains(&"web".to_owned()));
    let [port] = web.ports.as_slice() else {
        panic!("one port, not {:?}", web.ports);
    };
    assert_eq!((port.inside, port.protocol.as_str()), (8080, "tcp"));
    assert_eq!(port.published, None);
    let [mount] = web.mounts.as_slice() else {
        panic!("one mount, not {:?}", web.mounts);
    };
    assert_eq!((mount.kind.as_str(), mount.read_only), ("volume", false));
    assert_eq!(mount.name, Some(format!("{prefix}-vol")));
    assert_eq!(mount.destination, "/data");
}

pub(crate) async fn the_beginning_of_an_id_is_enough(fixture: &Fixture) {
    let id = fixture.container("web").await.id;
    let short: String = id.chars().take(12).collect();
    assert_eq!(fixture.engine.container(&short).await.unwrap().id, id);
    assert_eq!(fixture.engine.container(&id).await.unwrap().id, id);
}

pub(crate) async fn a_passing_check_is_seen(fixture: &Fixture) {
    let web = fixture.container("web").await;
    let health = web.state.health.unwrap();
    assert_eq!(health.status, HealthStatus::Healthy);
    assert_eq!(health.failing_streak, 0);
    let last = health.log.last().unwrap();
    assert_eq!((last.exit_code, last.output.expose()), (0, "fine\n"));
    assert!(last.started_at < last.ended_at);
    let test = web.settings.health_test.unwrap();
    assert_eq!(test.test[0].expose(), "CMD-SHELL");
    assert_eq!((test.interval, test.retries), (Duration::from_secs(1), 2));
}

pub(crate) async fn a_failing_check_is_seen_with_its_output(fixture: &Fixture) {
    let failed_thrice = |c: &Container| {
        let health = c.state.health.as_ref();
        health.is_some_and(|health| health.failing_streak >= 3)
    };
    let sick = fixture.until("sick", failed_thrice).await;
    let health = sick.state.health.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert!(health.log.len() >= 3 && health.log.len() <= 5);
    assert!(health.log.iter().all(|result| result.exit_code == 1));
    assert_eq!(health.log[0].output.expose(), "not today\n");
}

pub(crate) async fn restarts_are_counted_until_the_policy_gives_up(fixture: &Fixture) {
    let crash = fixture.container("crash").await;
    assert_eq!(crash.state.status, Status::Exited);
    assert_eq!((crash.state.exit_code, crash.restart_count), (Some(3), 2));
    assert_eq!(crash.restart_policy.name, "on-failure");
    assert_eq!(crash.restart_policy.maximum, 2);
    assert!(!crash.state.oom_killed && crash.state.pid.is_none());
    assert!(crash.state.finished_at.is_some());
    let lines = read(fixture, "crash", &LogQuery::default()).await;
    assert_eq!(texts(&lines), ["boom"; 3]);
}

pub(crate) async fn what_ended_well_is_told_from_what_crashed(fixture: &Fixture) {
    let idle = fixture.container("idle").await;
    assert_eq!(idle.state.status, Status::Exited);
    assert_eq!((idle.state.exit_code, idle.restart_count), (Some(0), 0));
    assert!(idle.state.health.is_none());
    assert_eq!(idle.networks[0].address, "");
}

pub(crate) async fn lines_come_from_both_streams_in_order(fixture: &Fixture) {
    let lines = read(fixture, "web", &LogQuery::default()).await;
    let of = |stream: LogStream| {
        let chosen = lines.iter().filter(move |line| line.stream == stream);
        chosen.map(|line| line.text.expose()).collect::<Vec<_>>()
    };
    assert_eq!(of(LogStream::Stdout), ["one", "two", "three"]);
    assert_eq!(of(LogStream::Stderr), ["oops"]);
    // Not since its start: the engine notes the start after the program has begun to speak.
    let created = fixture.container("web").await.created;
    assert!(lines.iter().all(|line| line.at > created && !line.cut));
}

pub(crate) async fn the_tail_is_the_newest_lines(fixture: &Fixture) {
    let all = read(fixture, "web", &LogQuery::default()).await;
    for count in [0, 1, 3, 100] {
        let tail = LogQuery {
            tail: Some(count),
            ..LogQuery::default()
        };
        let lines = read(fixture, "web", &tail).await;
        assert_eq!(
            lines,
            all[all.len().saturating_sub(count)..],
            "tail {count}"
        );
    }
}

pub(crate) async fn lines_are_chosen_by_time(fixture: &Fixture) {
    let all = read(fixture, "crash", &LogQuery::default()).await;
    let (first, second, last) = (all[0].at, all[1].at, all[2].at);
    let between = |since, until| LogQuery {
        since,
        until,
        ..LogQuery::default()
    };
    let from_second = read(fixture, "crash", &between(second, None)).await;
    assert_eq!(from_second, all[1..]);
    let until_second = read(fixture, "crash", &between(None, second)).await;
    assert_eq!(until_second, all[..2]);
    let moment = Duration::from_micros(1);
    let after = read(fixture, "crash", &between(last.map(|at| at + moment), None)).await;
    assert_eq!(after, []);
    let before = read(
        fixture,
        "crash",
        &between(None, first.map(|at| at - moment)),
    )
    .await;
    assert_eq!(before, []);
    let newest = LogQuery {
        tail: Some(1),
        ..between(second, None)
    };
    assert_eq!(read(fixture, "crash", &newest).await, all[2..]);
}

pub(crate) async fn a_follower_hears_on_until_the_end(fixture: &Fixture) {
    let job = fixture.job("followed", Program::Patient).await;
    let query = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = fixture.engine.follow(&job, &query);
    let first = timeout(SOON, lines.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first.text.expose(), "ready");
    fixture.engine.restart(&job, None).await.unwrap();
    // The stream ends with the life it began in, or goes on with the next one; but it ends.
    fixture.engine.stop(&job, None).await.unwrap();
    let rest: Vec<_> = timeout(SOON, lines.collect()).await.unwrap();
    assert!(
        rest.into_iter()
            .all(|line| line.unwrap().text.expose() == "ready")
    );
}

pub(crate) async fn use_is_measured_against_the_limits(fixture: &Fixture) {
    let stats = fixture.engine.stats(&fixture.name("web")).await.unwrap();
    assert!((stats.cpus_allowed - 0.5).abs() < 1e-9);
    assert!(stats.cpus_used >= 0.0 && stats.cpus_used < 0.6);
    assert_eq!(stats.memory_limit, Some(64 * MIB));
    assert!(stats.memory_used > 0 && stats.memory_used < 64 * MIB);
    assert!(stats.pids >= 1 && stats.pids_limit == Some(50));
    assert!((0.0..=1.0).contains(&stats.throttled_share));
}

pub(crate) async fn without_limits_the_machine_is_the_measure(fixture: &Fixture) {
    let stats = fixture.engine.stats(&fixture.name("db")).await.unwrap();
    let about = fixture.engine.about().await.unwrap();
    let cpus = u32::try_from(about.cpus).unwrap();
    assert!((stats.cpus_allowed - f64::from(cpus)).abs() < 1e-9);
    assert_eq!((stats.memory_limit, stats.pids_limit), (None, None));
    assert!(stats.throttled_share.abs() < 1e-9);
}

pub(crate) async fn what_does_not_run_is_not_measured(fixture: &Fixture) {
    let idle = fixture.name("idle");
    assert_refused(&fixture.engine.stats(&idle).await, 409);
    assert_refused(&fixture.engine.top(&idle).await, 409);
}

pub(crate) async fn processes_are_listed(fixture: &Fixture) {
    let top = fixture.engine.top(&fixture.name("web")).await.unwrap();
    assert!(top.titles.iter().any(|title| title == "PID"));
    assert!(top.rows.iter().all(|row| row.len() == top.titles.len()));
    let shown =
        |row: &Vec<dogwatch::text::Raw>| row.iter().any(|cell| cell.expose().contains("sh -c"));
    assert!(top.rows.iter().any(shown), "{top:?}");
}

pub(crate) async fn networks_know_their_members(fixture: &Fixture) {
    let networks = fixture.engine.networks().await.unwrap();
    let named = |name: &str| {
        networks
            .iter()
            .find(|network| network.name == name)
            .unwrap()
    };
    let ours = named(&format!("{}-net", fixture.prefix));
    assert_eq!((ours.driver.as_str(), ours.internal), ("bridge", false));
    // which pool and size depends on what else the engine serves
    assert!(
        ours.subnets.len() == 1 && ours.subnets[0].contains('/'),
        "{ours:?}"
    );
    let members: Vec<&str> = ours.members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        members,
        ["db", "sick", "web"].map(|short| fixture.name(short))
    );
    let web = fixture.container("web").await;
    assert!(ours.members[2].1.starts_with(&web.networks[0].address));
    assert_eq!(
        (named("host").driver.as_str(), named("none").driver.as_str()),
        ("host", "null")
    );
    assert!(!named("bridge").subnets.is_empty());
}

pub(crate) async fn volumes_know_their_users(fixture: &Fixture) {
    let volumes = fixture.engine.volumes().await.unwrap();
    let name = format!("{}-vol", fixture.prefix);
    let ours = volumes.iter().find(|volume| volume.name == name).unwrap();
    assert_eq!(ours.users, [fixture.name("web")]);
    assert_eq!(ours.driver, "local");
    assert!(ours.mountpoint.ends_with("/_data") && ours.size.is_some());
}

pub(crate) async fn images_are_listed_with_their_containers(fixture: &Fixture) {
    let images = fixture.engine.images().await.unwrap();
    let tagged = |tags: &[String]| tags.iter().any(|tag| tag == fixture.image);
    let ours = images.iter().find(|image| tagged(&image.tags)).unwrap();
    assert!(ours.containers >= 5 && ours.size > 0 && ours.created.is_some());
    assert_eq!(ours.id, fixture.container("web").await.image_id);
}

pub(crate) async fn disk_use_is_summed_up(fixture: &Fixture) {
    let disk = fixture.engine.disk_usage().await.unwrap();
    assert!(disk.images.count >= 1 && disk.images.size > 0);
    assert!(disk.containers.count >= 5);
    assert!(disk.volumes.count >= 1);
    assert!(disk.volumes.reclaimable <= disk.volumes.size);
}

pub(crate) async fn a_watcher_hears_of_health(fixture: &Fixture) {
    let name = fixture.job("checked", Program::Checked).await;
    let id = fixture.engine.container(&name).await.unwrap().id;
    let query = EventQuery {
        since: fixture.container("checked").await.created,
        until: None,
        container: Some(id.clone()),
    };
    let mut events = fixture.engine.watch(&query);
    let heard = timeout(SOON, async {
        loop {
            let event = events.next().await.unwrap().unwrap();
            if event.action.starts_with("health_status") {
                return event;
            }
        }
    });
    let event = heard.await.unwrap();
    assert_eq!(event.action, "health_status: healthy");
    assert_eq!((event.kind.as_str(), event.actor), ("container", id));
    assert_eq!(event.attributes["name"], name);
    assert_eq!(event.attributes["image"], fixture.image);
}

pub(crate) async fn what_is_not_there_is_said_to_be_missing(fixture: &Fixture) {
    let engine = &fixture.engine;
    let nobody = fixture.name("nobody");
    assert_missing(&engine.container(&nobody).await);
    assert_missing(&engine.logs(&nobody, &LogQuery::default()).await);
    assert_missing(&engine.stats(&nobody).await);
    assert_missing(&engine.top(&nobody).await);
    assert_missing(&engine.start(&nobody).await);
    assert_missing(&engine.stop(&nobody, None).await);
    assert_missing(&engine.restart(&nobody, None).await);
    assert_missing(&engine.kill(&nobody, "TERM").await);
    assert_missing(&engine.remove(&nobody, true).await);
    assert_missing(&engine.remove_volume(&nobody).await);
    let argv = ["true".to_owned()];
    assert_missing(&engine.exec(&nobody, &argv, SOON).await);
    assert_missing(&engine.wait_healthy(&nobody, SOON).await);
}

async fn read(fixture: &Fixture, short: &str, query: &LogQuery) -> Vec<LogLine> {
    let name = fixture.name(short);
    fixture.engine.logs(&name, query).await.unwrap()
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.expose()).collect()
}

pub(crate) fn assert_missing<T: std::fmt::Debug>(outcome: &Result<T, EngineError>) {
    let missing = matches!(outcome, Err(EngineError::NotFound { .. }));
    assert!(missing, "not missing: {outcome:?}");
}

pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: &Result<T, EngineError>, with: u16) {
    let refused = matches!(outcome, Err(EngineError::Refused { status, .. }) if *status == with);
    assert!(refused, "not refused with {with}: {outcome:?}");
}
