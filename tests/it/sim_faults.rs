//! Faults at run time, and what they look like from outside.

use std::time::Duration;

use dogwatch::action::container::{HealthStatus, Status};
use dogwatch::action::events::EventQuery;
use dogwatch::sim::{Behaviour, ContainerSpec, Fault, HealthSpec, Restart, World};
use tokio::time::sleep;

use crate::support::sim_fixture::{reach, simulate};

fn web() -> ContainerSpec {
    ContainerSpec::new("shop-web-1", "nginx:1")
        .label("com.docker.compose.service", "web")
        .nano_cpus(500_000_000)
        .health(HealthSpec::shell("true").prints("fine\n", "broken\n"))
        .restart(Restart::UnlessStopped)
        .behaviour(Behaviour::idle().cpus(0.1))
}

#[tokio::test(start_paused = true)]
async fn who_burns_more_than_its_quota_is_throttled() {
    let (simulation, _directory) = simulate(World::new().with(web()));
    let engine = reach(&simulation).await;
    sleep(Duration::from_secs(10)).await;
    let calm = engine.stats("shop-web-1").await.unwrap();
    assert!((calm.cpus_used - 0.1).abs() < 0.01, "{calm:?}");
    let name = "web".to_owned();
    let hit = simulation
        .world()
        .inflict(&Fault::BurnCpu { name, cpus: 3.0 });
    assert_eq!(hit, 1);
    sleep(Duration::from_secs(10)).await;
    let busy = engine.stats("shop-web-1").await.unwrap();
    assert!((busy.cpu_percent() - 100.0).abs() < 1.0, "{busy:?}");
    assert!((busy.throttled_share - 0.5).abs() < 0.1, "{busy:?}");
}

#[tokio::test(start_paused = true)]
async fn an_ailment_comes_and_goes() {
    let (simulation, _directory) = simulate(World::new().with(web()));
    let engine = reach(&simulation).await;
    engine
        .wait_healthy("shop-web-1", Duration::from_secs(5))
        .await
        .unwrap();
    simulation.world().inflict(&Fault::Sicken {
        name: "shop-web-1".to_owned(),
        output: "disk full\n".to_owned(),
    });
    sleep(Duration::from_secs(3)).await;
    let health = engine
        .container("shop-web-1")
        .await
        .unwrap()
        .state
        .health
        .unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert_eq!(health.log.last().unwrap().output.expose(), "disk full\n");
    let name = "web".to_owned();
    simulation.world().inflict(&Fault::Heal { name });
    engine
        .wait_healthy("shop-web-1", Duration::from_secs(5))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_followed_by_what_the_policy_says() {
    let (simulation, _directory) = simulate(World::new().with(web()));
    let engine = reach(&simulation).await;
    assert_eq!(simulation.world().crash("web", 7), 1);
    sleep(Duration::from_secs(1)).await;
    let back = engine.container("shop-web-1").await.unwrap();
    assert_eq!(
        (back.state.status, back.restart_count),
        (Status::Running, 1)
    );
    let events = engine.events(&EventQuery::default()).await.unwrap();
    let death = events.iter().find(|event| event.action == "die").unwrap();
    assert_eq!(death.attributes["exitCode"], "7");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_hit_by_a_name_nobody_has() {
    let (simulation, _directory) = simulate(World::new().with(web()));
    assert_eq!(simulation.world().crash("nobody", 1), 0);
    // Without a limit there is nothing to run into.
    assert_eq!(simulation.world().fill_memory("web"), 1);
    sleep(Duration::from_mins(1)).await;
    let engine = reach(&simulation).await;
    let web = engine.container("shop-web-1").await.unwrap();
    assert_eq!((web.state.status, web.restart_count), (Status::Running, 0));
}
