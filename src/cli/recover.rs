//! Runs that were cut short, taken up by whatever part of the program starts next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::start;
use crate::bot::Bot;
use crate::report::Report;
use crate::run::Recovery;
use crate::store::StoreError;

/// How often they are looked for while a server runs.
const EVERY: Duration = Duration::from_secs(3);

async fn recovery(bot: &Bot, waits: bool) -> Result<Recovery<'_>, StoreError> {
    Ok(Recovery {
        store: bot.store.get().await?,
        fleet: &bot.fleet,
        clock: bot.clock,
        hidden: &bot.secrets,
        sites: &bot.conduct.sites,
        secrets: &bot.conduct.secrets,
        directory: bot.conduct.directory.clone(),
        expires: bot.policy.approval().expires(),
        waits,
    })
}

/// Before somebody begins something new at a terminal, who does not wait at gates meanwhile.
pub(super) async fn once(bot: &Bot) {
    let taken_up = async { Box::pin(recovery(bot, false).await?.run()).await };
    match taken_up.await {
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

type Taken = Result<Option<Report>, StoreError>;

/// A run is taken up when its lease has ended, which may be some seconds after the start. Each is
/// brought to its end by itself: one may stand at a gate for an hour.
pub(super) async fn again_and_again(bots: watch::Receiver<Arc<Bot>>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut tasks, mut runs) = (JoinSet::new(), BTreeMap::new());
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let bot = Arc::clone(&bots.borrow());
                if let Err(error) = begin(bot, &mut tasks, &mut runs).await {
                    tracing::warn!(%error, "interrupted runs could not be looked for");
                }
            }
            Some(ended) = tasks.join_next_with_id() => match ended {
                Ok((id, taken)) => {
                    runs.remove(&id);
                    tell(taken);
                }
                Err(error) => {
                    runs.remove(&error.id());
                    tracing::error!(%error, "an interrupted run could not be taken up");
                }
            },
        }
    }
}

/// One task for each run that has none.
async fn begin(
    bot: Arc<Bot>,
    tasks: &mut JoinSet<Taken>,
    runs: &mut BTreeMap<Id, String>,
) -> Result<(), StoreError> {
    for run in recovery(&bot, true).await?.abandoned().await? {
        if runs.values().any(|known| *known == run.id) {
            continue;
        }
        let (bot, id) = (Arc::clone(&bot), run.id.clone());
        let task = tasks.spawn(async move { recovery(&bot, true).await?.bring_to_end(&run).await });
        runs.insert(task.id(), id);
    }
    Ok(())
}

fn tell(taken: Taken) {
    match taken {
        Ok(Some(report)) => {
            tracing::warn!(report = report.id, issue = %report.issue, "an interrupted run was brought to its end");
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "an interrupted run could not be taken up"),
    }
}
