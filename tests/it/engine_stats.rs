//! What real containers use, and what a real engine holds.

use dogwatch::action::events::EventQuery;
use dogwatch::engine::EngineError;

use crate::support::real_engine::{IMAGE, Sandbox, docker, real_engine};

#[tokio::test]
async fn a_busy_container_is_measured_against_its_own_limits() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let limits = ["--cpus", "0.25", "--memory", "32m", "--pids-limit", "20"];
    let script = "dd if=/dev/zero of=/tmp/f bs=1M count=10 2>/dev/null; while :; do :; done";
    let id = sandbox.run(&limits, &["sh", "-c", script]);
    let stats = engine.stats(&id).await.unwrap();
    assert!((stats.cpus_allowed - 0.25).abs() < 0.001, "{stats:?}");
    assert!(stats.cpus_used > 0.02 && stats.cpus_used < 0.5, "{stats:?}");
    assert_eq!(stats.memory_limit, Some(32 * 1024 * 1024));
    assert!(
        stats.memory_used < 9 * 1024 * 1024,
        "page cache is not used memory: {stats:?}"
    );
    assert!(stats.pids >= 1 && stats.pids_limit == Some(20), "{stats:?}");
}

#[tokio::test]
async fn a_container_without_limits_has_none() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(&[], &["sleep", "60"]);
    let (stats, about) = (
        engine.stats(&id).await.unwrap(),
        engine.about().await.unwrap(),
    );
    assert_eq!((stats.memory_limit, stats.memory_percent()), (None, None));
    #[expect(clippy::cast_precision_loss, reason = "a handful of cpus")]
    let cpus = about.cpus as f64;
    assert!((stats.cpus_allowed - cpus).abs() < 0.001, "{stats:?}");
    assert!(stats.cpus_used < 0.5, "{stats:?}");
}

#[tokio::test]
async fn what_does_not_run_cannot_be_measured() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.create(&[], &["true"]);
    let error = engine.stats(&id).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Refused { status: 409, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn events_tell_of_a_life_and_its_end() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(&[], &["sh", "-c", "exit 3"]);
    docker(&["wait", &id]);
    let query = EventQuery {
        since: engine.container(&id).await.unwrap().created,
        until: None,
        container: Some(id.clone()),
    };
    let events = engine.events(&query).await.unwrap();
    let of_container = events.iter().filter(|event| event.kind == "container");
    let actions: Vec<&str> = of_container.map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "start", "die"]);
    let died = events.iter().find(|event| event.action == "die").unwrap();
    assert_eq!(
        (died.actor.as_str(), died.attributes["exitCode"].as_str()),
        (id.as_str(), "3")
    );
    assert!(events.is_sorted_by_key(|event| event.at));
}

#[tokio::test]
async fn images_networks_and_disk_are_those_of_the_engine() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.run(&[], &["sleep", "60"]);
    let images = engine.images().await.unwrap();
    let ours = images
        .iter()
        .find(|image| image.tags.iter().any(|tag| tag == IMAGE))
        .unwrap();
    assert!(ours.size > 100_000 && ours.containers >= 1 && ours.created.is_some());
    let networks = engine.networks().await.unwrap();
    assert!(networks.is_sorted_by_key(|network| network.name.clone()));
    assert!(networks.iter().any(|network| network.name == "none"));
    let disk = engine.disk_usage().await.unwrap();
    assert!(disk.images.count >= 1 && disk.images.size >= ours.size);
    assert!(disk.containers.count >= 1);
}
