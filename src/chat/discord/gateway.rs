//! The gateway: one connection that Discord speaks through. The library connects, beats and resumes;
//! whether it may begin another session, and when it is given up and begun anew, is decided here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use serenity::client::{Client, ClientBuilder, Context, EventHandler, RawEventHandler};
use serenity::gateway::{ConnectionStage, GatewayError, ShardManager, ShardStageUpdateEvent};
use serenity::http::{HttpBuilder, Route};
use serenity::model::application::Interaction;
use serenity::model::event::Event;
use serenity::model::gateway::GatewayIntents;
use serenity::model::id::InteractionId;
use tokio::time::{Instant, interval, sleep, timeout};

use super::api::{ApiError, Ask};
use super::door::{Discord, Taken};

/// Discord waits three seconds for an answer.
const IN_TIME: Duration = Duration::from_millis(2700);
const A_MOMENT: Duration = Duration::from_millis(150);
/// It was answered already, by an earlier try of ours.
const ANSWERED: u64 = 40_060;

/// Without a connection for so long, everything is begun anew.
const DEAF: Duration = Duration::from_mins(1);
/// New sessions in ten minutes; Discord resets the token of a bot that begins a thousand a day.
const SESSIONS: usize = 5;
const SESSIONS_WITHIN: Duration = Duration::from_mins(10);
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// A token that is wrong is wrong for a while.
const WRONG_TOKEN: Duration = Duration::from_mins(5);

/// Why a connection was given up.
enum Ended {
    Stopped,
    /// Worth another try after a pause that grows.
    Lost(String),
    /// Nothing helps but another token or another setting.
    Refused(String),
}

#[derive(Debug, Default)]
struct Sessions(Mutex<VecDeque<Instant>>);

impl Sessions {
    fn begun(&self) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.push_back(Instant::now());
    }

    fn are_too_many(&self) -> bool {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while begun
            .front()
            .is_some_and(|at| at.elapsed() > SESSIONS_WITHIN)
        {
            begun.pop_front();
        }
        begun.len() > SESSIONS
    }
}

struct Handler {
    discord: Arc<Discord>,
    sessions: Arc<Sessions>,
}

impl Discord {
    /// Listens until the program stops.
    pub(super) async fn listen(self: &Arc<Self>) {
        let sessions = Arc::new(Sessions::default());
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            let wait = match self.connected(&sessions).await {
                Ended::Stopped => return,
                Ended::Lost(why) => {
                    self.health.set(Some(why));
                    if begun.elapsed() > LONGEST_PAUSE {
                        pause = FIRST_PAUSE;
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
                Ended::Refused(why) => {
                    tracing::error!(why, "Discord does not let us in");
                    self.health.set(Some(why));
                    WRONG_TOKEN
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// One client from its beginning to its end.
    async fn connected(self: &Arc<Self>, sessions: &Arc<Sessions>) -> Ended {
        if let Err(ended) = self.may_begin().await {
            return ended;
        }
        let mut client = match self.client(sessions).await {
            Ok(client) => client,
            Err(error) => return Ended::Lost(format!("no connection to the gateway: {error}")),
        };
        let shards = Arc::clone(&client.shard_manager);
        let ended = tokio::select! {
            done = client.start() => why(done),
            ended = self.watch(&shards, sessions) => ended,
            () = self.stop.cancelled() => Ended::Stopped,
        };
        shards.shutdown_all().await;
        ended
    }

    /// Whether Discord lets us begin a session now.
    async fn may_begin(&self) -> Result<(), Ended> {
        let answer = match self.outbox.api.call(&Ask::get(Route::GatewayBot)).await {
            Ok(answer) => answer,
            Err(error @ ApiError::Refused { status: 401, .. }) => {
                return Err(Ended::Refused(format!(
                    "the token is not accepted: {error}"
                )));
            }
            Err(error) => return Err(Ended::Lost(format!("the gateway is not told: {error}"))),
        };
        let limit = |key: &str| {
            let pointer = format!("/session_start_limit/{key}");
            answer.pointer(&pointer).and_then(Value::as_u64)
        };
        if limit("remaining") != Some(0) {
            return Ok(());
        }
        let after = Duration::from_millis(limit("reset_after").unwrap_or_default());
        let why = format!(
            "all sessions of today are used up; Discord allows new ones in {} min",
            after.as_secs().div_ceil(60)
        );
        tracing::error!(why, "no session can be begun");
        self.health.set(Some(why.clone()));
        tokio::select! {
            () = sleep(after) => Err(Ended::Lost(why)),
            () = self.stop.cancelled() => Err(Ended::Stopped),
        }
    }

    async fn client(self: &Arc<Self>, sessions: &Arc<Sessions>) -> serenity::Result<Client> {
        let base = self.settings.api_url.as_str().trim_end_matches('/');
        // its own limiter would leave the proxy aside, and every call of ours goes through our own
        let http = HttpBuilder::new(self.token.expose())
            .proxy(base)
            .ratelimiter_disabled(true)
            .build();
        let handler = || Handler {
            discord: Arc::clone(self),
            sessions: Arc::clone(sessions),
        };
        // interactions come without any intent
        ClientBuilder::new_with_http(http, GatewayIntents::empty())
            .event_handler(handler())
            .raw_event_handler(handler())
            .await
    }

    /// Ends when the connection is to be begun anew.
    async fn watch(&self, shards: &Arc<ShardManager>, sessions: &Sessions) -> Ended {
        let mut ticks = interval(Duration::from_millis(500));
        let mut heard = Instant::now();
        loop {
            ticks.tick().await;
            if is_up(shards).await {
                heard = Instant::now();
                self.health.set(None);
            } else {
                let why = "no connection to Discord's gateway is open";
                self.health.set(Some(why.to_owned()));
            }
            if heard.elapsed() > DEAF {
                return Ended::Lost("the gateway did not answer for a minute".to_owned());
            }
            if sessions.are_too_many() {
                return Ended::Lost("too many sessions were begun lately".to_owned());
            }
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

async fn is_up(shards: &ShardManager) -> bool {
    let runners = shards.runners.lock().await;
    runners
        .values()
        .any(|runner| runner.stage == ConnectionStage::Connected)
}

fn why(done: serenity::Result<()>) -> Ended {
    match done {
        Ok(()) => Ended::Lost("the connection to the gateway ended".to_owned()),
        Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => {
            Ended::Refused("the token is not accepted".to_owned())
        }
        Err(serenity::Error::Gateway(
            error @ (GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents),
        )) => Ended::Refused(error.to_string()),
        Err(error) => Ended::Lost(format!("the connection to the gateway ended: {error}")),
    }
}

/// The library writes everything of an interaction but of which kind it is.
fn as_it_came(interaction: &Interaction) -> serde_json::Result<Value> {
    let mut payload = serde_json::to_value(interaction)?;
    if let Some(fields) = payload.as_object_mut() {
        let kind = u8::from(interaction.kind());
        fields.insert("type".to_owned(), kind.into());
    }
    Ok(payload)
}

#[async_trait]
impl EventHandler for Handler {
    async fn shard_stage_update(&self, _: Context, update: ShardStageUpdateEvent) {
        if update.new == ConnectionStage::Identifying {
            self.sessions.begun();
        }
    }
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, _: Context, event: Event) {
        match event {
            Event::Ready(ready) => {
                let id = ready.ready.application.id.get();
                self.discord.stage().is_application(id);
                tracing::info!(user = ready.ready.user.name, "Discord knows us");
            }
            Event::Resumed(_) => tracing::info!("the session with Discord goes on"),
            Event::InteractionCreate(came) => match as_it_came(&came.interaction) {
                Ok(payload) => self.discord.heard(&payload).await,
                Err(error) => tracing::error!(%error, "an interaction could not be read"),
            },
            // the library does not know a shape that is newer than itself; we read it all the same
            Event::Unknown(unknown) if unknown.kind == "INTERACTION_CREATE" => {
                self.discord.health.misread();
                tracing::debug!("an interaction came in a shape that the library does not know");
                self.discord.heard(&unknown.value).await;
            }
            Event::Unknown(unknown) => {
                self.discord.health.misread();
                tracing::debug!(kind = unknown.kind, "Discord sent something unknown");
            }
            _ => {}
        }
    }
}
