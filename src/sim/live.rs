//! A world that runs: shared between requests, advanced by the clock, announcing its news.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::behaviour::{Line, Stream};
use super::moment::{between, later};
use super::spec::ContainerSpec;
use super::world::{Fault, World};
use crate::clock::Clock;

/// How long `fill_memory` takes.
const FILLING: Duration = Duration::from_millis(1500);

/// A handle to the running world; clones share it.
#[derive(Debug, Clone)]
pub struct LiveWorld {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    world: Mutex<World>,
    news: watch::Sender<()>,
}

impl LiveWorld {
    pub(super) fn begin(mut world: World, clock: Clock) -> Self {
        world.begin(clock.now());
        let shared = Shared {
            clock,
            world: Mutex::new(world),
            news: watch::Sender::new(()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What the world was built to suffer begins now.
    pub fn begin_outage(&self) {
        self.change(World::begin_outage);
    }

    /// Says how many containers it hit: none when nobody goes by that name.
    pub fn inflict(&self, fault: &Fault) -> usize {
        self.change(|world, now| world.inflict(fault, now))
    }

    /// Runs into its memory limit within a second or two.
    pub fn fill_memory(&self, name: &str) -> usize {
        let says = "out of memory is near: allocations grow";
        self.inflict(&Fault::FillMemory {
            name: name.to_owned(),
            within: FILLING,
            says: vec![Line::new(0, Stream::Stderr, says)],
        })
    }

    /// Its main process ends by itself, with `code`.
    pub fn crash(&self, name: &str, code: i64) -> usize {
        let name = name.to_owned();
        self.inflict(&Fault::Crash { name, code })
    }

    /// Adds a container while the world runs, and starts it unless it says otherwise.
    pub fn add(&self, spec: ContainerSpec) {
        self.change(|world, now| world.join(spec, now));
    }

    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Reads the world as it is now.
    pub(super) fn look<T>(&self, read: impl FnOnce(&World, Timestamp) -> T) -> T {
        let now = self.now();
        let mut world = self.lock();
        let happened = world.advance(now);
        let answer = read(&world, now);
        drop(world);
        if happened {
            self.shared.news.send_replace(());
        }
        answer
    }

    /// Changes the world as it is now, and tells everybody.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let now = self.now();
        let mut world = self.lock();
        world.advance(now);
        let answer = act(&mut world, now);
        world.advance(now);
        drop(world);
        self.shared.news.send_replace(());
        answer
    }

    /// Changes with whatever happens. Look first, then wait for it.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.shared.news.subscribe()
    }

    /// Waits until the world is as `done` wants it.
    pub(super) async fn until(&self, done: impl Fn(&World) -> bool) {
        let mut news = self.news();
        while !self.look(|world, _| done(world)) {
            if news.changed().await.is_err() {
                return;
            }
        }
    }

    /// Lets things happen when they are due, for as long as it is polled.
    pub(super) async fn tick(self) {
        let mut news = self.news();
        loop {
            // Before the look: what changes after it must wake us.
            news.mark_unchanged();
            let due = self.look(|world, _| world.next_due());
            let Some(due) = due else {
                if news.changed().await.is_err() {
                    return;
                }
                continue;
            };
            tokio::select! {
                () = self.sleep_until(due) => {}
                _ = news.changed() => {}
            }
        }
    }

    /// Sleeps a little past the moment, so that it has come when it wakes.
    pub(super) async fn sleep_until(&self, at: Timestamp) {
        let wake = later(at, Duration::from_millis(1));
        tokio::time::sleep(between(self.now(), wake)).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, World> {
        self.shared
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
