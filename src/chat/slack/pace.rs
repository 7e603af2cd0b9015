//! How fast Slack may be called: each channel and each method has a pace of its own, with a short
//! burst, and waits where Slack said so.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// One lane of calls: the time between two, and how many may come at once.
#[derive(Debug, Clone, Copy)]
struct Rate {
    every: Duration,
    burst: u32,
}

/// Slack allows about one message a second in a channel.
const CHANNEL: Rate = Rate {
    every: Duration::from_millis(1100),
    burst: 3,
};
/// Tiers three (50 a minute) and four (100 a minute), a little below. Posting has no tier; the
/// whole workspace gets a few a second.
const EDITS: Rate = Rate {
    every: Duration::from_millis(1300),
    burst: 3,
};
const COMMON: Rate = Rate {
    every: Duration::from_millis(650),
    burst: 8,
};
const POSTS: Rate = Rate {
    every: Duration::from_millis(250),
    burst: 8,
};

/// Lanes that nobody used lately are forgotten from here on.
const MANY: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When each lane would be empty if nobody called any more.
    lanes: Mutex<HashMap<String, Instant>>,
}

fn rate(method: &str) -> Rate {
    match method {
        "chat.update" => EDITS,
        "chat.postMessage" | "chat.postEphemeral" => POSTS,
        _ => COMMON,
    }
}

/// Edits are counted for the whole workspace, whatever they edit.
fn is_per_channel(method: &str, channel: &str) -> bool {
    !channel.is_empty() && method != "chat.update"
}

impl Pace {
    /// Returns when it is this call's turn. Turns are given in the order they were asked for.
    pub(super) async fn turn(&self, method: &str, channel: &str) {
        let at = {
            let mut lanes = self.lock();
            let now = Instant::now();
            if lanes.len() > MANY {
                lanes.retain(|_, empty| *empty > now);
            }
            let method_at = reserve(&mut lanes, method.to_owned(), rate(method), now);
            if is_per_channel(method, channel) {
                let lane = format!("{method}\n{channel}");
                method_at.max(reserve(&mut lanes, lane, CHANNEL, now))
            } else {
                method_at
            }
        };
        sleep_until(at).await;
    }

    /// Slack said: not before this much later.
    pub(super) fn hold(&self, method: &str, channel: &str, pause: Duration) {
        let (lane, rate) = if is_per_channel(method, channel) {
            (format!("{method}\n{channel}"), CHANNEL)
        } else {
            (method.to_owned(), rate(method))
        };
        // as if the lane's burst were used up until then
        let empty = Instant::now() + pause + rate.every * (rate.burst - 1);
        self.lock().insert(lane, empty);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.lanes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Takes the next place in a lane: at once while the burst lasts, else when the lane allows.
fn reserve(
    lanes: &mut HashMap<String, Instant>,
    lane: String,
    rate: Rate,
    now: Instant,
) -> Instant {
    let empty = lanes.entry(lane).or_insert(now);
    let begin = (*empty).max(now);
    *empty = begin + rate.every;
    let allowance = rate.every * (rate.burst - 1);
    begin.checked_sub(allowance).unwrap_or(now).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds(pace: &Pace, method: &str, channel: &str, calls: u32) -> f64 {
        let begun = Instant::now();
        for _ in 0..calls {
            pace.turn(method, channel).await;
        }
        begun.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn edits_stay_below_fifty_a_minute() {
        let pace = Pace::default();
        assert!(seconds(&pace, "chat.update", "C1", 3).await < 0.01);
        assert!(seconds(&pace, "chat.update", "C2", 46).await > 57.0);
    }

    #[tokio::test(start_paused = true)]
    async fn one_channel_does_not_slow_another() {
        let pace = Pace::default();
        let first = seconds(&pace, "chat.postMessage", "C1", 5).await;
        assert!((2.0..3.0).contains(&first), "{first}");
        assert!(seconds(&pace, "chat.postMessage", "C2", 2).await < 0.6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_slack_asks_for_is_kept() {
        let pace = Pace::default();
        pace.hold("chat.postMessage", "C1", Duration::from_secs(7));
        let waited = seconds(&pace, "chat.postMessage", "C1", 1).await;
        assert!((6.9..8.5).contains(&waited), "{waited}");
        assert!(seconds(&pace, "chat.postMessage", "C2", 1).await < 0.1);
    }
}
