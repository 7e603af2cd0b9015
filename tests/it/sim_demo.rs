//! The demo's outage, seen through the product's own eyes: the shop falls over and recovers.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch::action::container::{Container, HealthStatus, Status};
use dogwatch::action::logs::LogQuery;
use dogwatch::engine::Engine;
use dogwatch::sim::demo_world;
use tokio::time::sleep;

use crate::support::sim_fixture::{reach, simulate};

/// How every container stands, in a word.
async fn standing(engine: &Engine) -> BTreeMap<String, &'static str> {
    let containers = engine.containers().await.unwrap();
    containers
        .into_iter()
        .map(|c| (c.name.clone(), word(&c)))
        .collect()
}

fn word(container: &Container) -> &'static str {
    match (container.state.status, &container.state.health) {
        (Status::Running, Some(health)) => health.status.word(),
        (status, _) => status.word(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_shop_is_well_until_somebody_begins_the_outage() {
    let (simulation, _directory) = simulate(demo_world());
    let engine = reach(&simulation).await;
    sleep(Duration::from_mins(5)).await;
    insta::assert_debug_snapshot!(standing(&engine).await, @r#"
    {
        "shop-api-1": "healthy",
        "shop-api-2": "healthy",
        "shop-cache-1": "healthy",
        "shop-db-1": "healthy",
        "shop-gateway-1": "healthy",
        "shop-migrate-1": "exited",
        "shop-queue-1": "healthy",
        "shop-web-1": "healthy",
        "shop-worker-1": "running",
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_outage_spreads_within_four_seconds_and_ends_within_six() {
    let (simulation, _directory) = simulate(demo_world());
    let engine = reach(&simulation).await;
    simulation.world().begin_outage();
    sleep(Duration::from_secs(4)).await;
    insta::assert_debug_snapshot!(standing(&engine).await, @r#"
    {
        "shop-api-1": "unhealthy",
        "shop-api-2": "unhealthy",
        "shop-cache-1": "healthy",
        "shop-db-1": "exited",
        "shop-gateway-1": "unhealthy",
        "shop-migrate-1": "exited",
        "shop-queue-1": "healthy",
        "shop-web-1": "healthy",
        "shop-worker-1": "running",
    }
    "#);
    let db = engine.container("shop-db-1").await.unwrap();
    assert!(db.state.oom_killed && db.state.exit_code == Some(137));
    assert_eq!(db.restart_policy.name, "no");

    engine.start("shop-db-1").await.unwrap();
    sleep(Duration::from_secs(6)).await;
    let well = standing(&engine).await;
    let ill: Vec<_> = well
        .iter()
        .filter(|(_, word)| **word == "unhealthy")
        .collect();
    assert_eq!(ill, []);
    assert_eq!(well["shop-db-1"], HealthStatus::Healthy.word());
}

#[tokio::test(start_paused = true)]
async fn every_victim_says_what_it_misses() {
    let (simulation, _directory) = simulate(demo_world());
    let engine = reach(&simulation).await;
    simulation.world().begin_outage();
    sleep(Duration::from_secs(6)).await;
    let says = [
        ("shop-db-1", "temporary file"),
        ("shop-api-1", "getaddrinfo ENOTFOUND db"),
        ("shop-api-2", "ECONNREFUSED"),
        ("shop-worker-1", "could not translate host name \"db\""),
        ("shop-gateway-1", " 502 "),
    ];
    for (name, words) in says {
        let lines = engine.logs(name, &LogQuery::default()).await.unwrap();
        let said = lines.iter().any(|line| line.text.expose().contains(words));
        assert!(said, "{name} never says `{words}`");
    }
}
