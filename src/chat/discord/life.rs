//! From start to stop: who we are, the commands Discord knows, listening, and looking after old
//! messages from time to time.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use serenity::http::Route;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::api::{ApiError, Ask};
use super::door::Discord;
use super::register::Registered;
use super::rooms::text;
use crate::live::{Ledger, Stage};

const TIDYING: Duration = Duration::from_secs(30);
/// A token is good for fifteen minutes; nothing older comes again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
const THREADS: SignedDuration = SignedDuration::from_hours(30 * 24);
const AGAIN: Duration = Duration::from_secs(30);

impl Discord {
    /// Runs until the program stops.
    pub async fn run(self: Arc<Self>) {
        let listening = async {
            match self.settings.public_key {
                None => self.listen().await,
                Some(_) => tokio::select! {
                    () = self.stay_reachable() => {}
                    () = self.stop.cancelled() => {}
                },
            }
            self.stop.cancelled().await;
        };
        tokio::select! {
            () = listening => {}
            () = self.tidy() => {}
        }
        self.close().await;
    }

    /// With HTTP only, being known to Discord is all there is to be sure of.
    async fn stay_reachable(&self) {
        loop {
            let reached = self.introduced().await;
            let well = reached.is_ok();
            let why = reached.err();
            self.health
                .set(why.map(|error| format!("the application is not told: {error}")));
            sleep(if well { AGAIN * 10 } else { AGAIN }).await;
        }
    }

    /// Asks who we are, as Discord sees it.
    pub(super) async fn introduced(&self) -> Result<Value, ApiError> {
        let ask = Ask::get(Route::Oauth2ApplicationCurrent);
        let answer = self.outbox.api.call(&ask).await?;
        if let Some(id) = text(&answer, "/id").and_then(|id| id.parse().ok()) {
            self.stage().is_application(id);
        }
        Ok(answer)
    }

    async fn tidy(&self) {
        let mut registered = None;
        let mut ticks = interval(TIDYING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.keep_commands(&mut registered).await;
            self.listener.settle().await;
            self.forget().await;
        }
    }

    /// Runbooks change while we run, and so do their commands.
    async fn keep_commands(&self, registered: &mut Option<Value>) {
        let wanted = self.wanted();
        if registered.as_ref() == Some(&wanted) {
            return;
        }
        if self.stage().application().is_err()
            && let Err(error) = self.introduced().await
        {
            tracing::warn!(%error, "Discord does not tell who we are");
            return;
        }
        match self.register(&wanted).await {
            Ok(done) => {
                if done == Registered::Written {
                    tracing::info!("the commands were registered with Discord");
                }
                *registered = Some(wanted);
            }
            Err(error) => tracing::error!(%error, "the commands could not be registered"),
        }
    }

    async fn forget(&self) {
        let bot = self.listener.bot();
        let now = bot.clock.now();
        let before = |age: SignedDuration| (now - age).as_millisecond();
        let Ok(store) = bot.store.get().await else {
            return;
        };
        let ledger = Ledger {
            store,
            clock: bot.clock,
            chat: self.stage().name(),
        };
        let tidied = ledger.forget_threads(before(THREADS)).await;
        let forgotten = store.forget_before(before(REMEMBERED)).await;
        if let (Err(error), _) | (_, Err(error)) = (tidied, forgotten) {
            tracing::warn!(%error, "what is no longer needed could not be forgotten");
        }
    }
}
