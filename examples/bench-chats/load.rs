//! Requests at a steady rate or as many as go, whether the answers come or not, and how long they took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::Failure;

const AT_ONCE: usize = 16;
/// An answer that takes longer never comes.
const NEVER: Duration = Duration::from_secs(30);

/// How long each round takes, and how many commands come after.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) seconds: u64,
    pub(crate) commands: u64,
}

/// The request of this number, signed when it is sent.
type Compose = dyn Fn(u64) -> Result<Request<Full<Bytes>>, Failure> + Send + Sync;
/// Whether it is what was asked for.
type IsGood = dyn Fn(&[u8]) -> bool + Send + Sync;

/// Requests of one kind to one place.
#[derive(Clone)]
pub(crate) struct Sender {
    http: Client<HttpConnector, Full<Bytes>>,
    compose: Arc<Compose>,
    is_good: Arc<IsGood>,
    number: Arc<AtomicU64>,
}

impl Sender {
    pub(crate) fn new(
        compose: impl Fn(u64) -> Result<Request<Full<Bytes>>, Failure> + Send + Sync + 'static,
        is_good: impl Fn(&[u8]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            compose: Arc::new(compose),
            is_good: Arc::new(is_good),
            number: Arc::default(),
        }
    }

    /// How long it took to be answered.
    pub(crate) async fn send(&self, since: Instant) -> Result<Duration, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let request = (self.compose)(number)?;
        let url = request.uri().clone();
        let response = timeout(NEVER, self.http.request(request)).await??;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status.is_success() && (self.is_good)(&body) {
            Ok(since.elapsed())
        } else {
            Err(format!("{url}: {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    /// So many a second; a late one counts from when it was due.
    pub(crate) async fn steadily(
        &self,
        a_second: u64,
        seconds: u64,
    ) -> Result<Vec<Duration>, Failure> {
        let mut ticks = interval(Duration::from_micros(1_000_000 / a_second));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut tasks = JoinSet::new();
        for _ in 0..a_second * seconds {
            let due = ticks.tick().await;
            let sender = self.clone();
            tasks.spawn(async move { sender.send(due).await });
        }
        let mut took = Vec::new();
        while let Some(done) = tasks.join_next().await {
            took.push(done??);
        }
        Ok(took)
    }

    /// As many as there are, some at a time.
    pub(crate) async fn at_once(&self, many: u64) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        for (sender, _) in (0..many).zip(0..AT_ONCE) {
            let this = self.clone();
            tasks.spawn(async move {
                for _ in (sender..many).step_by(AT_ONCE) {
                    this.send(Instant::now()).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    }
}

/// `p50 1.2 ms, p99 8.0 ms, longest 9.1 ms`
pub(crate) fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        at(50),
        at(99),
        at(100)
    )
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
