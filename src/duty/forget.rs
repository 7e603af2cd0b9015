//! What is over and older than is wanted is forgotten, a little at a time, so that nobody waits
//! for it. How long what is kept is a setting; what goes on is kept in any case.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::bot::Bot;
use crate::incident::Counts;
use crate::incident::counts::Stage;
use crate::store::settings::KeepSettings;
use crate::store::{Store, StoreError};

const LOOK: Duration = Duration::from_hours(1);
/// Between two steps, for whoever wants to write.
const BETWEEN: Duration = Duration::from_millis(50);

pub(super) async fn run(bots: watch::Receiver<Arc<Bot>>, counts: Arc<Counts>) {
    loop {
        let bot = Arc::clone(&bots.borrow());
        if let Err(error) = forget(&bot, &counts).await {
            tracing::warn!(%error, "what is old could not be forgotten; trying again later");
        }
        sleep(LOOK).await;
    }
}

/// What is forgotten besides single alerts, in this order.
#[derive(Debug, Clone, Copy)]
enum Old {
    Incidents,
    Reports,
    Runs,
}

impl Old {
    const ALL: [Self; 3] = [Self::Incidents, Self::Reports, Self::Runs];

    fn word(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::Reports => "reports",
            Self::Runs => "runs",
        }
    }

    fn kept(self, keep: &KeepSettings) -> Duration {
        match self {
            Self::Incidents => keep.incidents(),
            Self::Reports => keep.reports(),
            Self::Runs => keep.runs(),
        }
    }

    /// Removes some of them; 0 when none is left.
    async fn step(self, store: &Store, before_ms: i64) -> Result<u64, StoreError> {
        match self {
            Self::Incidents => store.prune_incident(before_ms).await.map(u64::from),
            Self::Reports => store.prune_reports(before_ms).await,
            Self::Runs => store.prune_runs(before_ms).await,
        }
    }
}

async fn forget(bot: &Bot, counts: &Counts) -> Result<(), StoreError> {
    let (store, keep, now) = (bot.store.get().await?, bot.conduct.keep, bot.clock.now());
    alerts(store, before(now, keep.alerts()), counts).await?;
    for old in Old::ALL {
        let before_ms = before(now, old.kept(&keep));
        let mut all = 0;
        loop {
            let rows = old.step(store, before_ms).await?;
            counts.add(Stage::Forgotten, old.word(), rows);
            all += rows;
            if rows == 0 {
                break;
            }
            sleep(BETWEEN).await;
        }
        told(old.word(), all);
    }
    Ok(())
}

fn before(now: Timestamp, kept: Duration) -> i64 {
    let before = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    before.as_millisecond()
}

fn told(kind: &'static str, rows: u64) {
    if rows > 0 {
        tracing::info!(kind, rows, "what was older than `store.keep` was forgotten");
    }
}

async fn alerts(store: &Store, before_ms: i64, counts: &Counts) -> Result<(), StoreError> {
    let (mut after, mut all) = (0, 0);
    loop {
        let step = store.prune_alerts(after, before_ms).await?;
        counts.add(Stage::Forgotten, "alerts", step.rows);
        all += step.rows;
        let Some(next) = step.next else {
            told("alerts", all);
            return Ok(());
        };
        after = next;
        sleep(BETWEEN).await;
    }
}
