//! Where every interaction comes in, whichever way it came: written down, so that it is done once,
//! answered at once, and worked on in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::Api;
use super::button::Pressed;
use super::inbound::{Came, Wish, read};
use super::names::Names;
use super::outbox::Outbox;
use super::sheet::{by_hand, objected, view};
use super::stage::DiscordStage;
use super::tickets::Placeholder;
use crate::access::{Caller, Surface};
use crate::bot::{Bot, Trouble};
use crate::chat::health::ChatHealth;
use crate::chat::listener::Listener;
use crate::chat::settings::DiscordSettings;
use crate::command::{self, Command};
use crate::live::{Place, Running, Teller};
use crate::setting::Secret;
use crate::text::{Message, Name, embeds};

/// Lines that are worked on at the same time.
const AT_ONCE: usize = 128;
/// How long runs may go on after the program was asked to stop.
const FAREWELL: Duration = Duration::from_secs(20);
/// Discord waits three seconds for a form; the way there and back takes some of it.
const FOR_A_FORM: Duration = Duration::from_secs(2);
const EPHEMERAL: u64 = 1 << 6;

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
    pub(super) token: Secret,
    pub(super) health: Arc<ChatHealth>,
    pub(super) stop: CancellationToken,
    pub(super) names: Names,
    room: Arc<Semaphore>,
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
            settings,
            token,
            health: Arc::new(ChatHealth::new("discord")),
            stop,
            names: Names::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
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

    /// The command that holds all words, without its slash.
    pub(super) fn main(&self) -> String {
        let command = self.settings.command.to_string();
        command.trim_start_matches('/').to_owned()
    }

    /// An interaction came in; `None`: it is nothing we know. What it is known by is stored before
    /// anything is done about it.
    pub async fn take(&self, payload: &Value) -> Option<Taken> {
        let came = Box::new(read(&self.main(), payload)?);
        let taken = |answer| Taken {
            answer,
            again: false,
            came: came.clone(),
            work: None,
        };
        match &came.wish {
            Wish::Ping => return Some(taken(json!({ "type": 1 }))),
            Wish::Complete(data) => {
                let choices = self.complete(&caller(&came), data).await;
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
        let (answer, work) = self.begun(&came, payload).await;
        Some(Taken {
            answer,
            again: !is_new,
            work: work.filter(|_| is_new),
            came,
        })
    }

    /// What is turned away before anything is written down.
    fn refusal(&self, came: &Came) -> Option<Value> {
        let ours = self.settings.guild_id.map(|id| id.0.to_string());
        if let (Some(ours), Some(guild)) = (ours, &came.guild)
            && ours != *guild
        {
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

    /// The answer that Discord gets at once, and the line that is worked on then.
    async fn begun(&self, came: &Came, payload: &Value) -> (Value, Option<Work>) {
        let tickets = &self.stage().tickets;
        let waits = |placeholder| tickets.admit(&came.token, placeholder);
        match &came.wish {
            Wish::Line(line) => {
                if let Some(form) = self.form(&caller(came), line).await {
                    return (form, None);
                }
                let placeholder = placeholder(line, &came.place);
                waits(placeholder);
                (thinking(placeholder), Some(Work::Line(line.clone())))
            }
            Wish::Alert(text) => {
                waits(Placeholder::Public);
                (
                    thinking(Placeholder::Public),
                    Some(Work::Alert(text.clone())),
                )
            }
            Wish::Press(line) => {
                if let Some(form) = self.form(&caller(came), line).await {
                    return (form, None);
                }
                waits(Placeholder::None);
                let line = line.clone();
                let work = match Pressed::read(payload) {
                    Some(pressed) => Work::Press(line, pressed),
                    None => Work::Line(line),
                };
                (json!({ "type": 6 }), Some(work))
            }
            Wish::Filled { form, text } => {
                waits(Placeholder::None);
                let work = Work::Line(form.finished(text));
                (json!({ "type": 6 }), Some(work))
            }
            Wish::Values { line, answers } => match self.listener.bot().filled(line, answers) {
                Ok(line) => {
                    let placeholder = placeholder(&line, &came.place);
                    waits(placeholder);
                    (thinking(placeholder), Some(Work::Line(line)))
                }
                Err(objections) => (only_you(&objected(line, &objections)), None),
            },
            Wish::Ask(form) => {
                let caller = caller(came);
                let run = form.line.split_whitespace().nth(1).unwrap_or_default();
                let waiting = self.listener.waiting(&caller, run);
                let answer = match timeout(FOR_A_FORM, waiting).await {
                    Ok(Ok(title)) => form.view(title.as_str()),
                    Ok(Err(trouble)) => only_you(&trouble.message()),
                    Err(_) => only_you(&Message::new().line("too slow just now; press again")),
                };
                (answer, None)
            }
            Wish::Ping | Wish::Complete(_) => (Value::Null, None),
        }
    }

    /// The form for values that a line lacks; what to give by hand where none can be opened.
    async fn form(&self, caller: &Caller, line: &str) -> Option<Value> {
        let bot = self.listener.bot();
        let form = timeout(FOR_A_FORM, bot.form(caller, line));
        let form = form.await.ok().flatten()?;
        Some(view(&form).unwrap_or_else(|| only_you(&by_hand(&form))))
    }

    /// Discord has its answer: the work begins.
    pub fn begin(self: &Arc<Self>, taken: Taken) {
        let Some(work) = taken.work else {
            return;
        };
        let (discord, came) = (Arc::clone(self), taken.came);
        match Arc::clone(&self.room).try_acquire_owned() {
            Ok(room) => {
                self.tasks.spawn(async move {
                    discord.fulfil(&came, work).await;
                    drop(room);
                });
            }
            Err(_) => {
                tracing::warn!("too much at once; a line from Discord was turned away");
                self.tasks
                    .spawn(async move { discord.turn_away(&came.place).await });
            }
        }
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
            tracing::warn!("the program stops while runs from Discord still go on");
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

fn placeholder(line: &str, place: &Place) -> Placeholder {
    if is_for_all(line) || place.private {
        Placeholder::Public
    } else {
        Placeholder::Private
    }
}

/// What ends in a report or a run is for everybody; what only looks is for who asked.
fn is_for_all(line: &str) -> bool {
    match command::parse(line) {
        Ok(Command::Run(wanted)) => !wanted.plan_only,
        // the run has a message of its own already
        Ok(Command::Approve { .. } | Command::Deny { .. } | Command::Cancel { .. }) | Err(_) => {
            false
        }
        Ok(Command::Diagnose { .. } | Command::Report { id: Some(_) }) => true,
        Ok(command) => command.may_change(),
    }
}

fn thinking(placeholder: Placeholder) -> Value {
    match placeholder {
        Placeholder::Private => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
        _ => json!({ "type": 5 }),
    }
}

/// A whole answer at once, for who asked.
fn only_you(message: &Message) -> Value {
    let card = embeds(message);
    json!({
        "type": 4,
        "data": {
            "embeds": card.embeds(),
            "components": card.components(),
            "flags": EPHEMERAL,
            "allowed_mentions": { "parse": [] },
        },
    })
}
