//! From start to stop: who we are, the commands Discord knows, listening, and looking after old
//! messages from time to time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serenity::http::Route;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::api::{ApiError, Ask};
use super::door::Discord;
use super::register::{Commands, Registered};
use super::rooms::text;

const TIDYING: Duration = Duration::from_secs(30);
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
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.changed.notified() => {}
            }
            self.listener.bot().look_ahead();
            self.keep_commands(&mut registered).await;
            self.listener.settle().await;
            self.listener.forget().await;
        }
    }

    /// Runbooks change while we run, and so do their commands.
    async fn keep_commands(&self, registered: &mut Option<Commands>) {
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
                let before = registered.replace(wanted.clone());
                if let Some(before) = before.filter(|before| before.guild != wanted.guild)
                    && let Err(error) = self.unregister(before.guild).await
                {
                    tracing::warn!(%error, "the commands stay where nobody is served any more");
                }
            }
            Err(error) => tracing::error!(%error, "the commands could not be registered"),
        }
    }
}
