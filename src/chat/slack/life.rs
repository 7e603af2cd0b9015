//! From start to stop: who we are, listening, and looking after old messages from time to time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::api::ApiError;
use super::door::Slack;

/// How soon the end of a run that ended elsewhere is told.
const LOOKING: Duration = Duration::from_secs(4);
/// Every so many looks what is old is forgotten.
const TIDYING: u32 = 15;
const AGAIN: Duration = Duration::from_secs(30);

impl Slack {
    /// Runs until the program stops.
    pub async fn run(self: Arc<Self>) {
        let listening = async {
            match self.app_token.clone() {
                Some(token) => {
                    if let Err(error) = Arc::clone(&self).listen(&token).await {
                        tracing::error!(%error, "Slack cannot be listened to");
                        self.health.set(Some(error.to_string()));
                    }
                }
                None => tokio::select! {
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

    /// With HTTP only, being heard by Slack is all there is to be sure of.
    async fn stay_reachable(&self) {
        loop {
            let reached = self
                .outbox
                .api
                .form("auth.test", &self.outbox.token, &[])
                .await;
            let well = reached.is_ok();
            self.health
                .set(reached.err().map(|error| format!("auth.test: {error}")));
            sleep(if well { AGAIN * 10 } else { AGAIN }).await;
        }
    }

    async fn tidy(&self) {
        self.introduce().await;
        let mut ticks = interval(LOOKING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for look in 0_u32.. {
            ticks.tick().await;
            self.listener.settle().await;
            if look.is_multiple_of(TIDYING) {
                self.listener.forget().await;
            }
        }
    }

    async fn introduce(&self) {
        match self
            .outbox
            .api
            .form("auth.test", &self.outbox.token, &[])
            .await
        {
            Ok(answer) => {
                let word = |key: &str| answer.body.get(key).and_then(Value::as_str);
                tracing::info!(
                    team = word("team").unwrap_or_default(),
                    user = word("user").unwrap_or_default(),
                    "Slack knows us"
                );
            }
            Err(error @ ApiError::Refused { .. }) => {
                tracing::error!(%error, "Slack does not take this bot token");
            }
            Err(error) => tracing::error!(%error, "Slack could not be asked who we are"),
        }
    }
}
