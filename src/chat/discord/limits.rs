//! How fast Discord may be called: buckets as its headers tell them, one call at a time in each;
//! the global limit; and a stop before so many refused calls that Discord would ban this address.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;
use serenity::http::LightMethod;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};

/// Discord takes 50 calls a second from one bot.
const EVERY: Duration = Duration::from_millis(23);
const BURST: u32 = 15;
/// At 10,000 refused calls in ten minutes Discord shuts this address out.
const REFUSED_AT_MOST: usize = 9000;
const REFUSED_WITHIN: Duration = Duration::from_mins(10);
/// Lanes that nobody uses are forgotten from here on.
const MANY: usize = 1000;

/// Which calls share a limit, as far as the path tells: Discord counts by the kind of call and by
/// the channel, server or webhook it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    kind: String,
    major: String,
    /// Answers to interactions have no part in the global limit.
    is_answer: bool,
}

impl Lane {
    pub(super) fn of(method: LightMethod, url: &str) -> Self {
        let path = url.split_once("/api/v10/").map_or(url, |(_, path)| path);
        let segments: Vec<&str> = path.split('/').collect();
        let majors = match segments.first() {
            Some(&("channels" | "guilds")) => 2,
            Some(&("webhooks" | "interactions")) => 3,
            _ => 0,
        };
        let kind: Vec<&str> = segments
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let is_id = segment.bytes().all(|byte| byte.is_ascii_digit());
                if is_id || (1..majors).contains(&index) {
                    ":"
                } else {
                    segment
                }
            })
            .collect();
        Self {
            kind: format!("{method:?} {}", kind.join("/")),
            major: segments.get(..majors).unwrap_or_default().join("/"),
            is_answer: majors == 3,
        }
    }
}

/// What is left of a bucket.
#[derive(Debug, Default)]
struct Bucket {
    left: Option<u32>,
    again: Option<Instant>,
}

type SharedBucket = Arc<tokio::sync::Mutex<Bucket>>;

#[derive(Debug, Default)]
struct State {
    /// Discord's own name for what limits a kind of call.
    names: HashMap<String, String>,
    buckets: HashMap<String, SharedBucket>,
    /// When the global allowance would be whole again if nobody called any more.
    whole: Option<Instant>,
    /// Calls that counted as invalid.
    refused: VecDeque<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Limiter {
    state: Arc<Mutex<State>>,
}

/// The right to make one call. While it is held nobody else calls in the same bucket.
pub(super) struct Turn {
    state: Arc<Mutex<State>>,
    kind: String,
    bucket: OwnedMutexGuard<Bucket>,
}

impl Limiter {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn turn(&self, lane: &Lane) -> Turn {
        let shared = self.lock().bucket(lane);
        let mut bucket = shared.lock_owned().await;
        if bucket.left == Some(0)
            && let Some(again) = bucket.again
        {
            sleep_until(again).await;
            *bucket = Bucket::default();
        }
        if !lane.is_answer {
            let at = self.lock().reserve(Instant::now());
            sleep_until(at).await;
        }
        Turn {
            state: Arc::clone(&self.state),
            kind: lane.kind.clone(),
            bucket,
        }
    }

    /// A call came back as not allowed.
    pub(super) fn refused(&self) {
        self.lock().refused.push_back(Instant::now());
    }

    /// So many were refused that one should stop and wait.
    pub(super) fn is_held_back(&self) -> bool {
        let mut state = self.lock();
        while state
            .refused
            .front()
            .is_some_and(|first| first.elapsed() > REFUSED_WITHIN)
        {
            state.refused.pop_front();
        }
        state.refused.len() >= REFUSED_AT_MOST
    }
}

impl State {
    fn bucket(&mut self, lane: &Lane) -> SharedBucket {
        if self.buckets.len() > MANY {
            self.buckets
                .retain(|_, bucket| Arc::strong_count(bucket) > 1);
        }
        let name = self.names.get(&lane.kind).unwrap_or(&lane.kind);
        let key = format!("{name}\n{}", lane.major);
        Arc::clone(self.buckets.entry(key).or_default())
    }

    /// Takes the next place: at once while the burst lasts.
    fn reserve(&mut self, now: Instant) -> Instant {
        let begin = self.whole.unwrap_or(now).max(now);
        self.whole = Some(begin + EVERY);
        let allowance = EVERY * (BURST - 1);
        begin.checked_sub(allowance).unwrap_or(now).max(now)
    }
}

impl Turn {
    /// Discord said: not before this much later.
    pub(super) fn limited(&mut self, headers: &HeaderMap, answer: &Value, pause: Duration) {
        let again = Instant::now() + pause;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // what others used up is not held against us
        let shared = headers
            .get("x-ratelimit-scope")
            .is_some_and(|scope| scope == "shared");
        if !shared {
            state.refused.push_back(Instant::now());
        }
        let global = answer.get("global").and_then(Value::as_bool) == Some(true)
            || headers.contains_key("x-ratelimit-global");
        if global {
            state.whole = Some(again + EVERY * (BURST - 1));
        } else {
            self.bucket.left = Some(0);
            self.bucket.again = Some(again);
        }
    }

    /// What the headers tell of the bucket, and which one it is.
    pub(super) fn learn(&mut self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(name) = text("x-ratelimit-bucket") {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.names.len() < MANY {
                state.names.insert(self.kind.clone(), name.to_owned());
            }
        }
        let number = |name: &str| text(name)?.parse::<f64>().ok();
        if let (Some(left), Some(after)) = (
            text("x-ratelimit-remaining").and_then(|left| left.parse().ok()),
            number("x-ratelimit-reset-after"),
        ) {
            self.bucket.left = Some(left);
            let after = Duration::try_from_secs_f64(after).unwrap_or_default();
            self.bucket.again = Some(Instant::now() + after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(path: &str) -> Lane {
        Lane::of(
            LightMethod::Post,
            &format!("https://discord.com/api/v10/{path}"),
        )
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (
                reqwest::header::HeaderName::from_static(name),
                value.parse().unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    async fn call(limiter: &Limiter, path: &str, learned: &HeaderMap) -> Duration {
        let begun = Instant::now();
        let mut turn = limiter.turn(&lane(path)).await;
        turn.learn(learned);
        begun.elapsed()
    }

    #[test]
    fn calls_share_a_limit_by_kind_and_channel() {
        assert_eq!(
            lane("channels/5/messages/71"),
            lane("channels/5/messages/72")
        );
        assert_ne!(lane("channels/5/messages"), lane("channels/6/messages"));
        let answers = (
            lane("webhooks/1/abc/messages/@original"),
            lane("webhooks/1/xyz"),
        );
        assert!(answers.0.is_answer && answers.1.is_answer);
        assert_ne!(answers.0.major, answers.1.major);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_is_empty_is_waited_for() {
        let limiter = Limiter::default();
        let empty = headers(&[
            ("x-ratelimit-bucket", "b"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset-after", "4.5"),
        ]);
        assert!(
            call(&limiter, "channels/5/messages", &empty)
                .await
                .is_zero()
        );
        // the name of the bucket is known from now on
        call(&limiter, "channels/5/messages", &empty).await;
        let waited = call(&limiter, "channels/5/messages", &empty).await;
        assert!(waited >= Duration::from_millis(4500), "{waited:?}");
        let other = call(&limiter, "channels/6/messages", &empty).await;
        assert!(
            other.is_zero(),
            "another channel waits for nobody: {other:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn two_kinds_of_call_in_one_bucket_wait_for_each_other() {
        let limiter = Limiter::default();
        let named = headers(&[("x-ratelimit-bucket", "both")]);
        call(&limiter, "channels/5/messages", &named).await;
        call(&limiter, "channels/5/threads", &named).await;
        let empty = headers(&[
            ("x-ratelimit-bucket", "both"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset-after", "2"),
        ]);
        call(&limiter, "channels/5/messages", &empty).await;
        let waited = call(&limiter, "channels/5/threads", &named).await;
        assert!(waited >= Duration::from_secs(2), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn all_calls_together_stay_below_fifty_a_second() {
        let limiter = Limiter::default();
        let (begun, none) = (Instant::now(), HeaderMap::new());
        for channel in 0..100 {
            call(&limiter, &format!("channels/{channel}/messages"), &none).await;
        }
        assert!(begun.elapsed() > Duration::from_millis(1900));
        for answer in 0..100 {
            call(
                &limiter,
                &format!("interactions/{answer}/t/callback"),
                &none,
            )
            .await;
        }
        assert!(
            begun.elapsed() < Duration::from_millis(2200),
            "answers do not wait"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_global_limit_holds_everybody() {
        let limiter = Limiter::default();
        let answer = serde_json::json!({ "global": true });
        let pause = Duration::from_secs(3);
        let mut turn = limiter.turn(&lane("channels/5/messages")).await;
        turn.limited(&HeaderMap::new(), &answer, pause);
        drop(turn);
        let waited = call(&limiter, "channels/6/messages", &HeaderMap::new()).await;
        assert!(waited >= pause, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_calls_are_stopped_in_time_and_forgotten_after_ten_minutes() {
        let limiter = Limiter::default();
        for _ in 0..REFUSED_AT_MOST {
            assert!(!limiter.is_held_back());
            limiter.refused();
        }
        assert!(limiter.is_held_back());
        tokio::time::advance(REFUSED_WITHIN + Duration::from_secs(1)).await;
        assert!(!limiter.is_held_back());
    }
}
