//! What goes out to Discord: tried again while that can help, and never more waiting than can be
//! held. Coalescing is its callers' doing: each has one call in flight and then sends what is true
//! by then.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiError, Ask};
use crate::live::{Patience, StageError};

/// How many calls may wait at once.
const WAITING: usize = 512;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long it is worth trying. A run's end has to arrive, a preview that is late is worth nothing.
pub(super) const SOON: Duration = Duration::from_secs(30);
const UNTIL_DONE: Duration = Duration::from_hours(12);

pub(super) struct Outbox {
    pub(super) api: Api,
    room: Semaphore,
}

pub(super) fn patience(patience: Patience) -> Duration {
    match patience {
        Patience::Brief => SOON,
        Patience::Long => UNTIL_DONE,
    }
}

impl Outbox {
    pub(super) fn new(api: Api) -> Self {
        Self {
            api,
            room: Semaphore::new(WAITING),
        }
    }

    /// For what nothing keeps from being done twice: tried again only where it surely was not done.
    pub(super) async fn once(&self, ask: &Ask<'_>) -> Result<Value, ApiError> {
        let until = Instant::now() + SOON;
        loop {
            match self.api.call(ask).await {
                Err(ApiError::Limited(wanted)) if Instant::now() + wanted <= until => {}
                done => return done,
            }
        }
    }

    /// Tries until it is done, refused, or too late.
    pub(super) async fn call(&self, ask: &Ask<'_>, patience: Duration) -> Result<Value, ApiError> {
        let Ok(_room) = self.room.acquire().await else {
            return Err(ApiError::Broken("the outbox is closed".to_owned()));
        };
        let until = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.api.call(ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error {
                ApiError::Refused { .. } => return Err(error),
                // the limiter holds the next try back as long as Discord wants
                ApiError::Limited(wanted) => {
                    if Instant::now() + *wanted > until {
                        return Err(error);
                    }
                    continue;
                }
                ApiError::Broken(_) | ApiError::HeldBack => pause,
            };
            tracing::warn!(%error, "Discord did not take a call; trying again");
            if Instant::now() + wait > until {
                return Err(error);
            }
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl From<ApiError> for StageError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused { .. } => Self::Refused(error.to_string()),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}
