//! Where every interaction comes in, whichever way it came: written down, so that it is done once,
//! answered at once, and worked on in a task of its own.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::Api;
use super::button::Pressed;
use super::drafts::Drafts;
use super::inbound::{Came, Wish, read};
use super::outbox::Outbox;
use super::serves::Serves;
use super::stage::DiscordStage;
use super::welcome::only_you;
use crate::access::{Caller, Surface};
use crate::bot::{Bot, Trouble};
use crate::chat::health::ChatHealth;
use crate::chat::listener::Listener;
use crate::chat::settings::DiscordSettings;
use crate::live::{Place, Running, Teller};
use crate::setting::Secret;
use crate::text::{Message, Name};

/// Lines that are worked on at the same time.
const AT_ONCE: usize = 128;
/// Lines beyond those whose people are still told so.
const TURNED_AWAY: usize = 32;
/// How long runs may go on after the program was asked to stop.
const FAREWELL: Duration = Duration::from_secs(20);
/// Interactions that are answered at the same time.
const ANSWERING: usize = 512;

/// What is answered at once, and what comes of it.
pub struct Taken {
    /// The answer, as Discord wants it.
    pub answer: Value,
    /// It came before and was answered then.
    pub again: bool,
    pub(super) came: Box<Came>,
    /// The line to be done, if one is.
    pub(super) work: Option<Work>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    Line(String),
    /// A button's line.
    Press(String, Pressed),
    Alert(String),
}

pub struct Discord {
    pub(super) listener: Listener<DiscordStage>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) settings: DiscordSettings,
    pub(super) serves: RwLock<Serves>,
    /// What it serves has changed.
    pub(super) changed: Notify,
    pub(super) token: Secret,
    pub(super) health: Arc<ChatHealth>,
    pub(super) stop: CancellationToken,
    pub(super) drafts: Drafts,
    room: Arc<Semaphore>,
    turning_away: Arc<Semaphore>,
    answering: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Discord {
    pub fn new(
        settings: DiscordSettings,
        token: Secret,
        bots: watch::Receiver<Arc<Bot>>,
        stop: CancellationToken,
    ) -> std::io::Result<Arc<Self>> {
        let api = Api::new(settings.api_url.clone(), &token).map_err(std::io::Error::other)?;
        let outbox = Arc::new(Outbox::new(api));
        let stage = Arc::new(DiscordStage::new(Arc::clone(&outbox)));
        let teller = Teller {
            stage,
            running: Arc::new(Running::default()),
        };
        Ok(Arc::new(Self {
            listener: Listener {
                bots,
                teller,
                stop: stop.clone(),
            },
            outbox,
            serves: RwLock::new(Serves::new(&settings)),
            changed: Notify::new(),
            settings,
            token,
            health: Arc::new(ChatHealth::new("discord")),
            stop,
            drafts: Drafts::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            turning_away: Arc::new(Semaphore::new(TURNED_AWAY)),
            answering: Arc::new(Semaphore::new(ANSWERING)),
            tasks: TaskTracker::new(),
        }))
    }

    pub fn health(&self) -> Arc<ChatHealth> {
        Arc::clone(&self.health)
    }

    /// For whoever posts without having been asked.
    pub fn as_stage(&self) -> Arc<DiscordStage> {
        Arc::clone(&self.listener.teller.stage)
    }

    pub(super) fn stage(&self) -> &DiscordStage {
        &self.listener.teller.stage
    }

    /// Answers an interaction beside everything else; one too many gets no answer, and whoever asked
    /// is told by Discord that it failed.
    pub(super) fn answer_beside(&self, answering: impl Future<Output = ()> + Send + 'static) {
        match Arc::clone(&self.answering).try_acquire_owned() {
            Ok(room) => {
                self.tasks.spawn(async move {
                    answering.await;
                    drop(room);
                });
            }
            Err(_) => tracing::error!("too much at once; an interaction got no answer"),
        }
    }

    /// An interaction came in; `None`: it is nothing we know. What it is known by is stored before
    /// anything is done about it.
    pub async fn take(&self, payload: &Value) -> Option<Taken> {
        let came = Box::new(read(&self.serves().main, payload)?);
        let taken = |answer| Taken {
            answer,
            again: false,
            came: came.clone(),
            work: None,
        };
        match &came.wish {
            Wish::Ping => return Some(taken(json!({ "type": 1 }))),
            Wish::Complete(data) => {
                let choices = if self.is_elsewhere(&came) {
                    Value::Array(Vec::new())
                } else {
                    self.complete(&caller(&came), data).await
                };
                let answer = json!({ "type": 8, "data": { "choices": choices } });
                return Some(taken(answer));
            }
            _ => {}
        }
        if let Some(refusal) = self.refusal(&came) {
            return Some(taken(refusal));
        }
        let is_new = match self.is_new(came.id).await {
            Ok(is_new) => is_new,
            Err(trouble) => return Some(taken(only_you(&trouble.message()))),
        };
        if is_new {
            self.health.took();
        } else {
            self.health.saw_again();
        }
        self.stage().is_application(came.application);
        let (answer, work) = self.welcome(&came, payload).await;
        Some(Taken {
            answer,
            again: !is_new,
            work: work.filter(|_| is_new),
            came,
        })
    }

    /// Of a server that is not served.
    fn is_elsewhere(&self, came: &Came) -> bool {
        let ours = self.serves().guild.map(|id| id.to_string());
        came.guild
            .as_ref()
            .is_some_and(|guild| ours.is_some_and(|ours| ours != *guild))
    }

    /// What is turned away before anything is written down.
    fn refusal(&self, came: &Came) -> Option<Value> {
        if self.is_elsewhere(came) {
            let elsewhere = "this bot serves another server; `chat.discord.guild_id` names it";
            return Some(only_you(&Message::new().line(elsewhere)));
        }
        if let Wish::Filled { form, text } = &came.wish
            && let Some(word) = form.objection(text)
        {
            let why = crate::say!("type exactly {}; nothing was done", Name::new(word));
            return Some(only_you(&Message::new().line(why)));
        }
        None
    }

    async fn is_new(&self, id: u64) -> Result<bool, Trouble> {
        let bot = self.listener.bot();
        let now = bot.clock.now().as_millisecond();
        let remembered = match bot.store.get().await {
            Ok(store) => store.remember("discord", &id.to_string(), now).await,
            Err(error) => Err(error),
        };
        remembered.map_err(|error| {
            tracing::error!(%error, "what Discord sent could not be written down");
            error.into()
        })
    }

    /// Discord has its answer: the work begins.
    pub fn begin(self: &Arc<Self>, taken: Taken) {
        let Some(work) = taken.work else {
            return;
        };
        let (discord, came) = (Arc::clone(self), taken.came);
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            self.tasks.spawn(async move {
                discord.fulfil(&came, work).await;
                discord.stage().tickets.done(&came.token);
                drop(room);
            });
            return;
        }
        tracing::warn!("too much at once; a line from Discord was turned away");
        let Ok(room) = Arc::clone(&self.turning_away).try_acquire_owned() else {
            return self.stage().tickets.done(&came.token);
        };
        self.tasks.spawn(async move {
            discord.turn_away(&came.place).await;
            discord.stage().tickets.done(&came.token);
            drop(room);
        });
    }

    /// Discord did not get its answer in time, so whoever asked was told that it failed: then it
    /// must not be done all the same.
    pub(super) fn drop_it(self: &Arc<Self>, taken: Taken) {
        if taken.work.is_none() {
            return;
        }
        let discord = Arc::clone(self);
        self.tasks.spawn(async move {
            let late = Message::new()
                .line("Discord could not be answered in time; nothing was done, ask again");
            let place = Place {
                ticket: None,
                ..taken.came.place
            };
            discord.listener.whisper(&place, &late).await;
        });
    }

    /// Lets what goes on come to an end.
    pub async fn close(&self) {
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            let lines = self.tasks.len();
            tracing::warn!(
                lines,
                "the program stops before all that came from Discord was answered; a run among it goes on with the next start"
            );
        }
    }
}

pub(super) fn caller(came: &Came) -> Caller {
    Caller {
        surface: Surface::Discord,
        id: Name::new(&came.place.person),
        groups: came.groups.clone(),
    }
}
