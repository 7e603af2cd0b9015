//! Where everything from Slack comes in, whichever way it came: written down, so that it is done
//! once, answered at once, and worked on in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::{Api, connector};
use super::groups::Groups;
use super::inbound::{Asked, Kind, Wish, key, read};
use super::outbox::Outbox;
use super::stage::SlackStage;
use crate::bot::Bot;
use crate::chat::health::ChatHealth;
use crate::chat::listener::Listener;
use crate::chat::settings::SlackSettings;
use crate::live::{Running, Stage, Teller};
use crate::setting::Secret;

/// Lines that are worked on at the same time.
const AT_ONCE: usize = 128;
/// Lines beyond those whose people are still told so.
const TURNED_AWAY: usize = 32;
/// How long runs may go on after the program was asked to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// What Slack is told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Taken; what comes of it is said later.
    Taken,
    /// This, as the body of the answer.
    Say(Value),
}

/// It could not be written down, so it must come again.
#[derive(Debug)]
pub struct TurnedAway;

/// What it needs to know beyond its settings.
pub struct SlackOptions {
    pub bot_token: Secret,
    pub app_token: Option<Secret>,
    /// How often a socket is asked whether it lives.
    pub ping: Duration,
}

pub struct Slack {
    pub(super) listener: Listener<SlackStage>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) groups: Groups,
    pub(super) settings: SlackSettings,
    pub(super) app_token: Option<Secret>,
    pub(super) health: Arc<ChatHealth>,
    pub(super) stop: CancellationToken,
    pub(super) ping: Duration,
    room: Arc<Semaphore>,
    turning_away: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Slack {
    pub fn new(
        settings: SlackSettings,
        options: SlackOptions,
        bots: watch::Receiver<Arc<Bot>>,
        stop: CancellationToken,
    ) -> std::io::Result<Arc<Self>> {
        let api = Api::new(settings.api_url.clone(), connector()?);
        let outbox = Arc::new(Outbox::new(api, options.bot_token));
        let stage = Arc::new(SlackStage::new(Arc::clone(&outbox)));
        Ok(Arc::new(Self {
            listener: Listener {
                bots,
                teller: Teller {
                    stage,
                    running: Arc::new(Running::default()),
                },
                stop: stop.clone(),
            },
            outbox,
            groups: Groups::default(),
            settings,
            app_token: options.app_token,
            health: Arc::new(ChatHealth::new("slack")),
            stop,
            ping: options.ping,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            turning_away: Arc::new(Semaphore::new(TURNED_AWAY)),
            tasks: TaskTracker::new(),
        }))
    }

    /// Where living messages of its channels are shown.
    pub fn as_stage(&self) -> Arc<impl Stage + use<>> {
        Arc::clone(&self.listener.teller.stage)
    }

    pub(super) fn stage(&self) -> &SlackStage {
        &self.listener.teller.stage
    }

    pub fn health(&self) -> Arc<ChatHealth> {
        Arc::clone(&self.health)
    }

    pub(super) fn bot(&self) -> Arc<Bot> {
        self.listener.bot()
    }

    /// Something came in. What it is known by is stored before anything is done about it.
    pub async fn take(
        self: &Arc<Self>,
        kind: Kind,
        payload: &Value,
        envelope: Option<&str>,
    ) -> Result<Reaction, TurnedAway> {
        let Some(mut asked) = read(kind, payload) else {
            return Ok(Reaction::Taken);
        };
        // a form that is wrong stays open, and sending it again is no repetition
        if let Wish::Filled(sheet, filled) = &asked.wish {
            match self.finished(sheet, filled) {
                Ok(line) => asked.wish = Wish::Line(line),
                Err(objection) => return Ok(Reaction::Say(objection)),
            }
        }
        let envelope = envelope.map(|id| format!("envelope:{id}"));
        let keys = [key(kind, payload), envelope];
        if !self.is_new(keys.into_iter().flatten()).await? {
            self.health.saw_again();
            return Ok(Reaction::Taken);
        }
        self.health.took();
        if let Some(url) = &asked.place.ticket {
            self.stage().admit(url);
        }
        self.work_on(asked);
        Ok(Reaction::Taken)
    }

    /// All of them are remembered; one that was known makes it old.
    async fn is_new(&self, keys: impl Iterator<Item = String>) -> Result<bool, TurnedAway> {
        let bot = self.bot();
        let failed = |error| {
            tracing::error!(%error, "what Slack sent could not be written down");
            TurnedAway
        };
        let store = bot.store.get().await.map_err(failed)?;
        let now = bot.clock.now().as_millisecond();
        let keys: Vec<String> = keys.collect();
        store
            .remember_all("slack", &keys, now)
            .await
            .map_err(failed)
    }

    fn work_on(self: &Arc<Self>, asked: Asked) {
        let slack = Arc::clone(self);
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            self.tasks.spawn(async move {
                let ticket = asked.place.ticket.clone();
                slack.fulfil(asked).await;
                slack.done_with(ticket);
                drop(room);
            });
            return;
        }
        tracing::warn!("too much at once; a line from Slack was turned away");
        let Ok(room) = Arc::clone(&self.turning_away).try_acquire_owned() else {
            return self.done_with(asked.place.ticket);
        };
        self.tasks.spawn(async move {
            slack.turn_away(&asked.place).await;
            slack.done_with(asked.place.ticket);
            drop(room);
        });
    }

    fn done_with(&self, ticket: Option<String>) {
        if let Some(url) = ticket {
            self.stage().forget(&url);
        }
    }

    /// Lets what goes on come to an end.
    pub async fn close(&self) {
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            let lines = self.tasks.len();
            tracing::warn!(
                lines,
                "the program stops before all that came from Slack was answered; a run among it goes on with the next start"
            );
        }
    }
}
