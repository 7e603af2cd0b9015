//! When each check is due: one clock for all of them, a task for each one under way, and a book of
//! those that are down. No check waits for another.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::standing::{Standing, Step};
use super::{Check, Probes, Verdict};
use crate::incident::{Alert, Fingerprint};
use crate::watch::book::Book;
use crate::watch::sink::Sink;

/// A check that failed once is asked again this soon, or at its interval if that is shorter.
const DOUBT: Duration = Duration::from_secs(10);
/// Turns that wait to be told. What does not fit is said again by the next result.
const UNTOLD: usize = 1024;
const BROKE_OFF: &str = "it broke off; that is a defect of ours, see the log";

/// One check with where it stands.
struct Post {
    check: Arc<Check>,
    standing: Standing,
    /// Between the moments at which it is due.
    due: Instant,
    is_under_way: bool,
}

struct Done {
    post: usize,
    took: Duration,
    verdict: Verdict,
}

/// All checks of one configuration.
pub(in crate::watch) struct Pace {
    posts: Vec<Post>,
    queue: BinaryHeap<Reverse<(Instant, usize)>>,
    under_way: JoinSet<Done>,
    probes: Arc<Probes>,
    sink: Sink,
    turns: mpsc::Sender<Alert>,
}

impl Pace {
    /// Carries checks out until it is dropped.
    pub(in crate::watch) async fn run(
        checks: Vec<Check>,
        probes: Arc<Probes>,
        sink: Sink,
        scope: String,
    ) {
        let mut book = Book::open(&sink, scope).await;
        forget_removed(&mut book, &sink, &checks).await;
        let (turns, told) = mpsc::channel(UNTOLD);
        let now = Instant::now();
        let posts: Vec<Post> = checks
            .into_iter()
            .map(|check| Post {
                standing: Standing::down_before(book.holds(&fingerprint(&check))),
                due: now + phase(&check),
                check: Arc::new(check),
                is_under_way: false,
            })
            .collect();
        let queue = posts.iter().enumerate();
        let pace = Self {
            queue: queue
                .map(|(index, post)| Reverse((post.due, index)))
                .collect(),
            posts,
            under_way: JoinSet::new(),
            probes,
            sink: sink.clone(),
            turns,
        };
        tokio::join!(pace.keep(), tell(book, sink, told));
    }

    async fn keep(mut self) {
        loop {
            let next = self.queue.peek().map(|Reverse((at, _))| *at);
            tokio::select! {
                () = until(next) => self.begin_due(),
                Some(done) = self.under_way.join_next() => self.take(done),
            }
        }
    }

    fn begin_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, index))) = self.queue.peek().copied()
            && at <= now
        {
            self.queue.pop();
            let Some(post) = self.posts.get_mut(index) else {
                continue;
            };
            // a second look was brought forward, or this one was
            if post.due != at {
                continue;
            }
            post.due = next(at, post.check.interval, now);
            self.queue.push(Reverse((post.due, index)));
            if post.is_under_way {
                self.sink.tally.check_skipped();
                continue;
            }
            post.is_under_way = true;
            self.sink.tally.check_began((now - at).as_secs_f64());
            let (check, probes) = (Arc::clone(&post.check), Arc::clone(&self.probes));
            self.under_way.spawn(async move {
                let began = Instant::now();
                // one that panics is down, and its place is free again
                let work = AssertUnwindSafe(probes.carry_out(&check)).catch_unwind();
                let verdict = work.await.unwrap_or_else(|_| Err(BROKE_OFF.into()));
                Done {
                    post: index,
                    took: began.elapsed(),
                    verdict,
                }
            });
        }
    }

    fn take(&mut self, done: Result<Done, JoinError>) {
        let done = match done {
            Ok(done) => done,
            Err(error) => return tracing::error!(%error, "a check broke off"),
        };
        let Some(post) = self.posts.get_mut(done.post) else {
            return;
        };
        post.is_under_way = false;
        let check = &post.check;
        let is_up = done.verdict.is_ok();
        self.sink
            .tally
            .check_ended(&check.name, is_up, done.took.as_secs_f64());
        let step = post.standing.take(&done.verdict, check.retries);
        let at = self.sink.clock.now();
        let turn = match (step, done.verdict) {
            (Step::Down { failures }, Err(trouble)) => check.firing(trouble, failures, at),
            (Step::Up, _) => check.resolved(at),
            (Step::Doubt, _) => return self.look_again(done.post),
            _ => return,
        };
        if self.turns.try_send(turn).is_err() {
            tracing::warn!(
                check = check.name,
                "its turn waits: alerts cannot be kept at the moment"
            );
            post.standing.untold(step);
        }
    }

    /// Sooner than its next regular moment.
    fn look_again(&mut self, index: usize) {
        let Some(post) = self.posts.get_mut(index) else {
            return;
        };
        let soon = Instant::now() + DOUBT;
        if soon < post.due {
            post.due = soon;
            self.queue.push(Reverse((soon, index)));
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Moments stay where they are however late one was; those that have passed are left out.
fn next(at: Instant, interval: Duration, now: Instant) -> Instant {
    let next = at + interval;
    if next > now { next } else { now + interval }
}

/// Spreads checks of one interval over it, each always at the same place.
fn phase(check: &Check) -> Duration {
    let mut hasher = DefaultHasher::new();
    check.name.hash(&mut hasher);
    let share = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
    check
        .interval
        .mul_f64(f64::from(share) / f64::from(u32::MAX))
}

fn fingerprint(check: &Check) -> Fingerprint {
    Fingerprint {
        host: check.host.clone(),
        stack: check.stack.clone(),
        service: check.service.clone(),
        what: check.what(),
    }
}

/// In the order in which they came about; as many as wait go in one go.
async fn tell(mut book: Book, sink: Sink, mut turns: mpsc::Receiver<Alert>) {
    let mut waiting = Vec::new();
    while turns.recv_many(&mut waiting, UNTOLD).await > 0 {
        book.tell(&sink, std::mem::take(&mut waiting)).await;
    }
}

/// A check that was taken out while it was down is nobody's trouble any more.
async fn forget_removed(book: &mut Book, sink: &Sink, checks: &[Check]) {
    let there: BTreeSet<Fingerprint> = checks.iter().map(fingerprint).collect();
    let gone: Vec<Fingerprint> = book
        .iter()
        .filter(|wrong| !there.contains(wrong))
        .cloned()
        .collect();
    let at = sink.clock.now();
    let alerts = gone.iter().map(|wrong| super::taken_out(wrong, at));
    book.tell(sink, alerts.collect()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn moments_do_not_drift_and_missed_ones_are_left_out() {
        let (at, minute) = (Instant::now(), Duration::from_mins(1));
        let late = at + Duration::from_secs(7);
        assert_eq!(next(at, minute, late), at + minute);
        let much_later = at + Duration::from_mins(5);
        assert_eq!(next(at, minute, much_later), much_later + minute);
    }
}
