//! Whatever is done to a world, in whatever order, it stays a world.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::commands::Grace;
use super::{Fault, World, later};
use crate::sim::behaviour::{Behaviour, Need, OnTerm, Stream};
use crate::sim::spec::{Begins, ContainerSpec, HealthSpec, Restart};

const NAMES: [&str; 4] = ["db", "api", "loop", "nobody"];

fn world() -> World {
    let db = ContainerSpec::new("db", "postgres:16")
        .memory_limit(1000)
        .behaviour(Behaviour::idle().memory(10).on_term(OnTerm::Ignores))
        .begins(Begins::Running(Duration::from_hours(9)));
    let api = ContainerSpec::new("api", "api:1")
        .health(HealthSpec::shell("true"))
        .restart(Restart::UnlessStopped)
        .behaviour(
            Behaviour::idle()
                .says(5, "up")
                .chats(300, Stream::Stdout, &["ok {n}"])
                .needs(Need::of(&["db"], "no db").complains(200, Stream::Stderr, &["no db"])),
        );
    let looping = ContainerSpec::new("loop", "api:1")
        .restart(Restart::OnFailure(3))
        .behaviour(Behaviour::idle().exits(50, 1));
    [db, api, looping]
        .into_iter()
        .fold(World::new(), World::with)
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Wait(u64),
    Start(&'static str),
    Stop(&'static str, u64),
    Restart(&'static str),
    Kill(&'static str, &'static str),
    Pause(&'static str),
    Unpause(&'static str),
    Remove(&'static str, bool),
    Fill(&'static str, u64),
    Crash(&'static str),
}

fn deed() -> impl Strategy<Value = Deed> {
    let name = || prop::sample::select(&NAMES[..]);
    let signal = prop::sample::select(&["KILL", "TERM", "HUP", "odd"][..]);
    prop_oneof![
        3 => (0..20_000_u64).prop_map(Deed::Wait),
        1 => name().prop_map(Deed::Start),
        1 => (name(), 0..3_u64).prop_map(|(name, grace)| Deed::Stop(name, grace)),
        1 => name().prop_map(Deed::Restart),
        1 => (name(), signal).prop_map(|(name, signal)| Deed::Kill(name, signal)),
        1 => name().prop_map(Deed::Pause),
        1 => name().prop_map(Deed::Unpause),
        1 => (name(), any::<bool>()).prop_map(|(name, force)| Deed::Remove(name, force)),
        1 => (name(), 0..3000_u64).prop_map(|(name, within)| Deed::Fill(name, within)),
        1 => name().prop_map(Deed::Crash),
    ]
}

/// A refusal is as good an answer as any.
fn attempt(world: &mut World, deed: Deed, now: Timestamp) {
    let named = str::to_owned;
    drop(match deed {
        Deed::Wait(_) => Ok(()),
        Deed::Start(name) => world.start(name, now),
        Deed::Stop(name, grace) => world.stop(name, Grace::Seconds(grace), now),
        Deed::Restart(name) => world.restart(name, Grace::Seconds(1), now),
        Deed::Kill(name, signal) => world.kill(name, signal, now),
        Deed::Pause(name) => world.pause(name, now),
        Deed::Unpause(name) => world.unpause(name, now),
        Deed::Remove(name, force) => world.remove(name, force, now),
        Deed::Fill(name, within) => {
            let fault = Fault::FillMemory {
                name: named(name),
                within: Duration::from_millis(within),
                says: Vec::new(),
            };
            world.inflict(&fault, now);
            Ok(())
        }
        Deed::Crash(name) => {
            let fault = Fault::Crash {
                name: named(name),
                code: 9,
            };
            world.inflict(&fault, now);
            Ok(())
        }
    });
    world.advance(now);
}

fn assert_sound(world: &World, now: Timestamp) {
    assert!(
        world.next_due().is_none_or(|due| due > now),
        "time stands still"
    );
    for container in &world.containers {
        let name = &container.spec.name;
        assert!(
            !(container.is_alive() && container.is_restarting()),
            "{name}"
        );
        assert!(container.is_alive() || !container.paused, "{name}");
        assert!(
            container.log.iter().map(|entry| entry.at).is_sorted(),
            "{name}"
        );
        assert!(container.log.iter().all(|entry| entry.at <= now), "{name}");
        let own = world
            .journal
            .events()
            .iter()
            .filter(|e| e.actor == container.id);
        let lives: Vec<&str> = own
            .map(|event| event.action.as_str())
            .filter(|action| matches!(*action, "start" | "die"))
            .collect();
        let alternate = lives
            .chunks(2)
            .all(|pair| matches!(pair, ["start"] | ["start", "die"]));
        assert!(alternate, "{name}: {lives:?}");
        assert_eq!(
            lives.len() % 2 == 1,
            container.is_alive(),
            "{name}: {lives:?}"
        );
    }
}

proptest! {
    #[test]
    fn a_world_stays_sound(deeds in prop::collection::vec(deed(), 0..40)) {
        let mut now: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let mut world = world();
        world.begin(now);
        assert_sound(&world, now);
        for deed in deeds {
            if let Deed::Wait(millis) = deed {
                now = later(now, Duration::from_millis(millis));
                world.advance(now);
            }
            attempt(&mut world, deed, now);
            assert_sound(&world, now);
        }
    }
}
