//! What goes out to Slack: in pace, tried again while that can help, and never more waiting than
//! can be held. Coalescing is its callers' doing: each has one call in flight and then sends what
//! is true by then.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::api::{Answer, Api, ApiError};
use super::pace::Pace;
use crate::setting::Secret;

/// How many calls may wait at once.
const WAITING: usize = 512;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long it is worth trying. A run's end has to arrive, a preview that is late is worth nothing.
pub(super) const SOON: Duration = Duration::from_secs(30);
pub(super) const UNTIL_DONE: Duration = Duration::from_hours(12);

pub(super) struct Outbox {
    pub(super) api: Api,
    pub(super) token: Secret,
    pace: Pace,
    room: Semaphore,
}

impl Outbox {
    pub(super) fn new(api: Api, token: Secret) -> Self {
        Self {
            api,
            token,
            pace: Pace::default(),
            room: Semaphore::new(WAITING),
        }
    }

    /// Calls a method that takes JSON. `channel` is empty where none is concerned.
    pub(super) async fn json(
        &self,
        method: &str,
        channel: &str,
        body: &Value,
        patience: Duration,
    ) -> Result<Value, ApiError> {
        let call = || self.api.json(method, &self.token, body);
        self.patiently(method, channel, patience, call).await
    }

    pub(super) async fn form(
        &self,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, ApiError> {
        let call = || self.api.form(method, &self.token, fields);
        self.patiently(method, "", SOON, call).await
    }

    /// A `response_url`: no token and no tier, and every use counts, so only what surely did not
    /// arrive is tried again.
    pub(super) async fn respond(&self, url: &str, body: &Value) -> Result<(), ApiError> {
        let kind = "application/json; charset=utf-8";
        match self.api.post_to(url, kind, body.to_string()).await {
            Err(ApiError::Limited(pause)) if pause <= SOON => {
                sleep(pause).await;
                self.api.post_to(url, kind, body.to_string()).await
            }
            done => done,
        }
    }

    async fn patiently<T, F: Future<Output = Result<T, ApiError>>>(
        &self,
        method: &str,
        channel: &str,
        patience: Duration,
        call: impl Fn() -> F,
    ) -> Result<T, ApiError> {
        let Ok(_room) = self.room.acquire().await else {
            return Err(ApiError::Broken("the outbox is closed".to_owned()));
        };
        let until = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            self.pace.turn(method, channel).await;
            let error = match call().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            match &error {
                ApiError::Refused { .. } => return Err(error),
                ApiError::Limited(wanted) => {
                    self.pace.hold(method, channel, *wanted);
                    if Instant::now() + *wanted > until {
                        return Err(error);
                    }
                }
                ApiError::Broken(why) => {
                    tracing::warn!(method, why, "Slack did not take a call; trying again");
                    if Instant::now() + pause > until {
                        return Err(error);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
