//! The gateway: one connection that Discord speaks through. When it is tried again, whether another
//! session may be begun, and what becomes of an interaction that came in, is decided here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serenity::http::Route;
use serenity::model::id::InteractionId;
use tokio::time::{Instant, sleep, timeout};
use ulid::Ulid;

use super::api::{ApiError, Ask};
use super::door::{Discord, Taken};
use super::rooms::text;
use super::session::{Connection, Ended, Event, Session};
use crate::chat::backoff::{SETTLED, backoff};

/// Discord waits three seconds for an answer.
const IN_TIME: Duration = Duration::from_millis(2700);
const A_MOMENT: Duration = Duration::from_millis(150);
/// It was answered already, by an earlier try of ours.
const ANSWERED: u64 = 40_060;

/// New sessions in ten minutes; Discord resets the token of a bot that begins a thousand a day.
const SESSIONS: usize = 5;
const SESSIONS_WITHIN: Duration = Duration::from_mins(10);
/// Tries to go on with a session; then where it was may not be there any more.
const TRIES: u32 = 4;
/// Discord wants a pause before another session is begun, not the same for everybody.
const FORGOTTEN_MS: (u64, u64) = (1000, 4000);
/// A token that is wrong is wrong for a while.
const WRONG_TOKEN: Duration = Duration::from_mins(5);

/// What outlives a connection.
#[derive(Debug, Default)]
struct Wire {
    session: Option<Session>,
    /// When sessions were begun lately.
    begun: VecDeque<Instant>,
    /// Connections that ended soon after they began.
    failures: u32,
}

impl Wire {
    /// How long no session may be begun; nothing where one may.
    fn wait(&mut self) -> Option<Duration> {
        while let Some(first) = self.begun.front()
            && first.elapsed() > SESSIONS_WITHIN
        {
            self.begun.pop_front();
        }
        let first = self.begun.front().filter(|_| self.begun.len() >= SESSIONS);
        first.map(|first| SESSIONS_WITHIN.saturating_sub(first.elapsed()))
    }

    /// How long to wait before the next connection.
    fn pause(&mut self, lived: Duration) -> Duration {
        self.failures = if lived > SETTLED {
            0
        } else {
            self.failures.saturating_add(1)
        };
        if self.failures > TRIES {
            self.session = None;
        }
        let (least, more) = FORGOTTEN_MS;
        let any = u64::try_from(Ulid::generate().random() % u128::from(more)).unwrap_or_default();
        match self.session {
            Some(_) => backoff(self.failures),
            None => backoff(self.failures).max(Duration::from_millis(least + any)),
        }
    }
}

impl Discord {
    /// Listens until the program stops.
    pub(super) async fn listen(self: &Arc<Self>) {
        let mut wire = Wire::default();
        loop {
            let begun = Instant::now();
            let pause = match self.connected(&mut wire).await {
                Ended::Stopped => return,
                Ended::Moved => wire.pause(begun.elapsed()),
                Ended::Lost(why) => {
                    tracing::info!(why, "the connection to Discord is begun anew");
                    self.health.set(Some(why));
                    wire.pause(begun.elapsed())
                }
                Ended::Refused(why) => {
                    tracing::error!(why, "Discord does not let us in");
                    self.health.set(Some(why));
                    wire.session = None;
                    WRONG_TOKEN
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// One connection from its beginning to its end.
    async fn connected(self: &Arc<Self>, wire: &mut Wire) -> Ended {
        let url = match &wire.session {
            Some(session) => Ok(session.url.clone()),
            None => tokio::select! {
                url = self.may_begin(wire) => url,
                () = self.stop.cancelled() => return Ended::Stopped,
            },
        };
        let url = match url {
            Ok(url) => url,
            Err(ended) => return ended,
        };
        let opening = Connection::open(&url, &self.token, &mut wire.session);
        let mut connection = tokio::select! {
            opened = opening => match opened {
                Ok(connection) => connection,
                Err(ended) => return ended,
            },
            () = self.stop.cancelled() => return Ended::Stopped,
        };
        loop {
            tokio::select! {
                event = connection.next() => match event {
                    Ok(event) => self.event(event),
                    Err(ended) => return ended,
                },
                () = self.stop.cancelled() => {
                    connection.leave().await;
                    return Ended::Stopped;
                }
            }
        }
    }

    /// Where a session can be begun, once Discord lets us.
    async fn may_begin(&self, wire: &mut Wire) -> Result<String, Ended> {
        if let Some(wait) = wire.wait() {
            let why = "too many sessions were begun lately".to_owned();
            self.hold(why, wait).await;
        }
        let answer = match self.outbox.api.call(&Ask::get(Route::GatewayBot)).await {
            Ok(answer) => answer,
            Err(error @ ApiError::Refused { status: 401, .. }) => {
                let why = format!("the token is not accepted: {error}");
                return Err(Ended::Refused(why));
            }
            Err(error) => return Err(Ended::Lost(format!("the gateway is not told: {error}"))),
        };
        let limit = |key: &str| {
            let pointer = format!("/session_start_limit/{key}");
            answer.pointer(&pointer).and_then(Value::as_u64)
        };
        if limit("remaining") == Some(0) {
            let after = Duration::from_millis(limit("reset_after").unwrap_or_default());
            let why = format!(
                "all sessions of today are used up; Discord allows new ones in {} min",
                after.as_secs().div_ceil(60)
            );
            self.hold(why, after).await;
        }
        wire.begun.push_back(Instant::now());
        let untold = || Ended::Lost("the gateway's address is not told".to_owned());
        text(&answer, "/url").ok_or_else(untold)
    }

    /// Nothing may be begun for so long.
    async fn hold(&self, why: String, wait: Duration) {
        tracing::error!(why, "no session can be begun");
        self.health.set(Some(why));
        sleep(wait).await;
    }

    /// Nothing here may hold up the next heartbeat.
    fn event(self: &Arc<Self>, event: Event) {
        match event {
            Event::Ready(ready) => {
                if let Some(id) = text(&ready, "/application/id").and_then(|id| id.parse().ok()) {
                    self.stage().is_application(id);
                }
                let user = text(&ready, "/user/username").unwrap_or_default();
                tracing::info!(user, "Discord knows us");
                self.health.set(None);
            }
            Event::Resumed => {
                tracing::info!("the session with Discord goes on");
                self.health.set(None);
            }
            Event::Other(name, payload) if name == "INTERACTION_CREATE" => {
                let this = Arc::clone(self);
                self.answer_beside(async move { this.heard(&payload).await });
            }
            Event::Other(name, _) => tracing::debug!(name, "Discord tells of something else"),
        }
    }

    /// An interaction: answered first, then worked on.
    async fn heard(self: &Arc<Self>, payload: &Value) {
        let Some(taken) = self.take(payload).await else {
            self.health.misread();
            tracing::warn!("Discord sent an interaction of a kind that is not known here");
            return;
        };
        if taken.again {
            return;
        }
        match self.acknowledge(&taken).await {
            Ok(()) => self.begin(taken),
            Err(error) => {
                tracing::warn!(%error, "an interaction could not be answered in time");
                self.drop_it(taken);
            }
        }
    }

    async fn acknowledge(&self, taken: &Taken) -> Result<(), ApiError> {
        let route = Route::InteractionResponse {
            interaction_id: InteractionId::new(taken.came.id.max(1)),
            token: &taken.came.token,
        };
        let ask = Ask::post(route, taken.answer.clone());
        let tries = async {
            loop {
                match self.outbox.api.call(&ask).await {
                    Err(ApiError::Broken(_) | ApiError::Limited(_)) => sleep(A_MOMENT).await,
                    Err(error) if error.code() == ANSWERED => return Ok(()),
                    done => return done.map(|_| ()),
                }
            }
        };
        let late = ApiError::Broken("three seconds are over".to_owned());
        timeout(IN_TIME, tries).await.unwrap_or(Err(late))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn few_sessions_are_begun_however_often_one_is_lost() {
        let mut wire = Wire::default();
        for _ in 0..SESSIONS {
            assert_eq!(wire.wait(), None);
            wire.begun.push_back(Instant::now());
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        assert_eq!(wire.wait(), Some(Duration::from_mins(5)));
        tokio::time::advance(Duration::from_mins(6)).await;
        assert_eq!(wire.wait(), None);
    }

    #[test]
    fn a_session_that_is_gone_is_not_begun_anew_at_once() {
        let mut wire = Wire::default();
        let (soon, long) = (Duration::from_secs(1), Duration::from_mins(5));
        for _ in 0..20 {
            assert!(wire.pause(soon) >= Duration::from_secs(1));
        }
        assert_eq!(wire.failures, 20);
        wire.pause(long);
        assert_eq!(wire.failures, 0, "it lived long enough");
    }
}
