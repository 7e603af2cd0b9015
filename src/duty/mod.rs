//! What is done without being asked: alerts get their place, incidents are diagnosed, verified,
//! escalated, summed up and, when they are old, forgotten. Level-triggered: every turn looks at
//! what the store says, so it can stop at any moment and go on later. What people ask for is for
//! `bot`.

pub mod desk;
pub mod examine;
mod forget;
mod outbound;
mod summary;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::bot::Bot;
use crate::incident::{Counts, FileError, Shelf};
use crate::store::{Seat, StoreError};

/// What incidents do, in the log. Where somebody sits at the prompt it is told there instead.
pub const NEWS: &str = "dogwatch::news";

/// Without a reason to look, a look is taken after so long.
const TURN: Duration = Duration::from_secs(1);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(2);

pub struct Duty {
    pub bots: watch::Receiver<Arc<Bot>>,
    pub counts: Arc<Counts>,
    /// Incidents that are being looked at, by what for.
    busy: Arc<Mutex<BTreeSet<(i64, Work)>>>,
}

/// What takes longer than a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Diagnose,
    Verify,
    Heal,
}

/// One turn's means.
#[derive(Clone)]
pub struct Turn {
    pub bot: Arc<Bot>,
    pub counts: Arc<Counts>,
}

impl Duty {
    pub fn new(bots: watch::Receiver<Arc<Bot>>, counts: Arc<Counts>) -> Self {
        Self {
            bots,
            counts,
            busy: Arc::default(),
        }
    }

    /// Goes on until the program stops. Nothing is lost when it is dropped in the middle.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.work() => {}
        }
    }

    /// As soon as no other program on the same store does it.
    async fn work(&self) {
        let _seat = self.seat().await;
        let mut work = JoinSet::new();
        let outbound = outbound::Sender::new();
        tokio::select! {
            () = self.turns(&mut work) => {}
            () = outbound.run(self.bots.clone(), Arc::clone(&self.counts)) => {}
            () = summary::run(self.bots.clone()) => {}
            () = forget::run(self.bots.clone(), Arc::clone(&self.counts)) => {}
        }
    }

    async fn seat(&self) -> Seat {
        loop {
            let bot = Arc::clone(&self.bots.borrow());
            match bot.store.get().await {
                Ok(store) => return store.seat("duty").await,
                Err(error) => tracing::error!(%error, "incidents cannot be looked after yet"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn turns(&self, work: &mut JoinSet<()>) {
        let mut shelf = Shelf::default();
        loop {
            let bot = Arc::clone(&self.bots.borrow());
            if let Err(error) = self.turn(bot, &mut shelf, work).await {
                tracing::error!(%error, "incidents could not be looked after; trying again");
                sleep(PAUSE).await;
            }
            while work.try_join_next().is_some() {}
        }
    }

    /// One look; then waits for a reason to take the next one.
    async fn turn(
        &self,
        bot: Arc<Bot>,
        shelf: &mut Shelf,
        work: &mut JoinSet<()>,
    ) -> Result<(), FileError> {
        let began = Instant::now();
        let store = bot.store.get().await?.clone();
        // first, so that nothing that comes while we look is missed
        let mut stirs = store.stirs();
        let turn = Turn {
            bot,
            counts: Arc::clone(&self.counts),
        };
        let seen = turn.take_turn(&store, shelf).await?;
        for (id, kind) in seen.work {
            self.begin(&turn, id, kind, work);
        }
        // while alerts pour in, most of the time is left to who takes them in
        sleep((began.elapsed() * 2).min(TURN)).await;
        let now = turn.bot.clock.now();
        let wait = seen.due.map_or(TURN, |due| until(now, due)).min(TURN);
        tokio::select! {
            _ = stirs.changed() => {}
            () = sleep(wait) => {}
        }
        Ok(())
    }

    /// Begins what takes longer, unless it is under way.
    fn begin(&self, turn: &Turn, id: i64, kind: Work, work: &mut JoinSet<()>) {
        if !lock(&self.busy).insert((id, kind)) {
            return;
        }
        let (turn, busy) = (turn.clone(), Arc::clone(&self.busy));
        work.spawn(async move {
            let done = match kind {
                Work::Diagnose => turn.diagnose(id).await,
                Work::Verify => turn.verify(id).await,
                Work::Heal => crate::heal::mend(&turn.bot, &turn.counts, id).await,
            };
            if let Err(error) = done {
                tracing::warn!(incident = id, %error, "an incident could not be looked at");
                sleep(PAUSE).await;
            }
            lock(&busy).remove(&(id, kind));
            // whoever waits for a reason has one: what was begun has ended
            if let Ok(store) = turn.bot.store.get().await {
                store.stir();
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn until(now: Timestamp, due: Timestamp) -> Duration {
    let left = due.duration_since(now).max(SignedDuration::from_millis(1));
    Duration::try_from(left).unwrap_or(TURN)
}

impl Turn {
    async fn store(&self) -> Result<&crate::store::Store, StoreError> {
        self.bot.store.get().await
    }
}
