//! Runs that were cut short, taken up by whatever part of the program starts next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::start;
use crate::bot::Bot;
use crate::report::Report;
use crate::run::Recovery;
use crate::store::StoreError;

/// How often they are looked for while a server runs.
const EVERY: Duration = Duration::from_secs(3);

async fn taken_up(bot: &Bot) -> Result<Vec<Report>, StoreError> {
    let recovery = Recovery {
        store: bot.store.get().await?,
        fleet: &bot.fleet,
        clock: bot.clock,
        hidden: &bot.secrets,
        sites: &bot.conduct.sites,
        secrets: &bot.conduct.secrets,
        directory: bot.conduct.directory.clone(),
        expires: bot.policy.approval().expires(),
    };
    Box::pin(recovery.run()).await
}

/// Before somebody begins something new at a terminal.
pub(super) async fn once(bot: &Bot) {
    match taken_up(bot).await {
        Ok(reports) => {
            for report in reports {
                start::note(&format!(
                    "a run that was cut short was brought to its end: {}; `report {}` tells more",
                    report.issue, report.id
                ));
            }
        }
        Err(error) => start::note(&format!(
            "runs that were cut short could not be looked for: {error}"
        )),
    }
}

/// A run is taken up when its lease has ended, which may be some seconds after the start.
pub(super) async fn again_and_again(bot: watch::Receiver<Arc<Bot>>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let bot = Arc::clone(&bot.borrow());
        match taken_up(&bot).await {
            Ok(reports) => {
                for report in reports {
                    tracing::warn!(report = report.id, issue = %report.issue, "an interrupted run was brought to its end");
                }
            }
            Err(error) => tracing::warn!(%error, "interrupted runs could not be looked for"),
        }
    }
}
