//! When a digest is due it is written down once; the chats' boards post it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::bot::Bot;
use crate::incident::digest::{Due, SCOPE};
use crate::incident::silence;
use crate::store::StoreError;

const LOOK: Duration = Duration::from_secs(5);
/// A digest that is later than this tells nothing new; the next one comes.
const LATE: SignedDuration = SignedDuration::from_hours(6);
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) async fn run(bots: watch::Receiver<Arc<Bot>>) {
    loop {
        let bot = Arc::clone(&bots.borrow());
        if let Err(error) = look(&bot).await {
            tracing::warn!(%error, "the digest could not be looked after");
        }
        sleep(LOOK).await;
    }
}

async fn look(bot: &Bot) -> Result<(), StoreError> {
    let (store, now) = (bot.store.get().await?, bot.clock.now());
    silence::tidy(store, now).await?;
    for entry in store.ledger_list(SCOPE).await? {
        let age = now.as_millisecond() - entry.updated_ms;
        if age > i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX) {
            store.ledger_remove(SCOPE, &entry).await?;
        }
    }
    let Some(settings) = &bot.conduct.incidents.settings.digest else {
        return Ok(());
    };
    let Some((from, until)) = settings.latest(now) else {
        return Ok(());
    };
    if now.duration_since(until) > LATE {
        return Ok(());
    }
    let due = Due {
        from,
        until,
        to: settings.to.clone(),
    };
    let value = serde_json::to_string(&due).unwrap_or_default();
    let name = until.to_string();
    let added = store
        .ledger_add(SCOPE, &name, &value, now.as_millisecond())
        .await?;
    if added.is_some() {
        store.stir();
    }
    Ok(())
}
