//! What becomes of a wish: a line for the bot, a form to fill in, a diagnosis of what an alert
//! names. Who asks is known by Slack's word, what they may do is the policy's.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::door::Slack;
use super::inbound::{Asked, Wish};
use super::modal::Form;
use super::outbox::SOON;
use crate::access::{Caller, Surface};
use crate::bot::{Incoming, Outcome, Trouble, Voice, What};
use crate::command::{self, Command, Word};
use crate::live::sweep::sweep;
use crate::live::{Ledger, Place, Stage};
use crate::run::Book;
use crate::say;
use crate::survey::Survey;
use crate::text::{Clean, Message, Name};

/// Looking never takes longer, nor does following a log in a chat.
const LOOKING: Duration = Duration::from_mins(10);

/// What a line is, as far as telling it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Look,
    /// The bot says how the engines are; how Slack is is for us to add.
    Doctor,
    /// It may end in a run, which is not to be dropped half-way.
    Change,
}

impl Slack {
    pub(super) async fn fulfil(&self, asked: Asked) {
        let Asked { wish, place } = asked;
        let caller = self.caller(&place).await;
        match wish {
            Wish::Line(line) => self.line(&place, &caller, &line).await,
            Wish::Overheard(line) => {
                if self.is_meant(&place, &line).await {
                    self.line(&place, &caller, &line).await;
                }
            }
            Wish::Ask { form, trigger } => self.ask(&place, &caller, &form, &trigger).await,
            Wish::Filled { form, text } => {
                self.line(&place, &caller, &form.finished(&text)).await;
            }
            Wish::Alert(text) => self.alert(&place, &caller, &text).await,
        }
    }

    async fn caller(&self, place: &Place) -> Caller {
        Caller {
            surface: Surface::Slack,
            id: Name::new(&place.person),
            groups: self.groups.of(&place.person, &self.outbox).await,
        }
    }

    /// People talk below our messages, too: only what begins with a command is one.
    async fn is_meant(&self, place: &Place, line: &str) -> bool {
        let begins = line.split_whitespace().next().unwrap_or_default();
        let Some(thread) = place.thread.as_deref() else {
            return false;
        };
        if Word::find(begins).is_none() {
            return false;
        }
        let bot = self.bot();
        let Ok(store) = bot.store.get().await else {
            return false;
        };
        let ledger = Ledger {
            store,
            clock: bot.clock,
            chat: self.teller.stage.name(),
        };
        ledger
            .is_ours(&place.channel, thread)
            .await
            .unwrap_or_default()
    }

    async fn line(&self, place: &Place, caller: &Caller, line: &str) {
        let line = line.strip_prefix('/').unwrap_or(line);
        let command = command::parse(line);
        // help and who one is concern nobody else
        let mut place = place.clone();
        if matches!(command, Ok(Command::Help { .. } | Command::Whoami)) {
            place.shared = false;
        }
        let nature = match command {
            Ok(Command::Doctor) => Nature::Doctor,
            Ok(command) if command.may_change() => Nature::Change,
            _ => Nature::Look,
        };
        self.tell(&place, caller, line, nature).await;
        if nature == Nature::Change {
            self.settle().await;
        }
    }

    async fn tell(&self, place: &Place, caller: &Caller, line: &str, nature: Nature) {
        let bot = self.bot();
        let (voice, replies) = Voice::new();
        let afterwards = voice.clone();
        let cancel = CancellationToken::new();
        let incoming = Incoming {
            caller: caller.clone(),
            what: What::Typed(line.to_owned()),
            interactive: true,
        };
        let looking = (nature != Nature::Change).then(|| Self::stop_looking(cancel.clone()));
        let handled = {
            let (bot, cancel, stop) = (bot.clone(), cancel.clone(), self.stop.clone());
            // in a task of its own, so that a panic ends this line and nothing else
            tokio::spawn(async move {
                let work = bot.handle(&incoming, &voice, &cancel);
                tokio::pin!(work);
                tokio::select! {
                    outcome = &mut work => outcome,
                    () = stop.cancelled() => {
                        cancel.cancel();
                        work.await
                    }
                }
            })
        };
        let work = async move {
            let outcome = handled.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a line panicked");
                Outcome::Failed
            });
            if nature == Nature::Doctor && outcome != Outcome::Denied {
                afterwards.say(self.examine().await.1).await;
            }
            outcome
        };
        self.teller.tell(&bot, (place, caller), replies, work).await;
        if let Some(looking) = looking {
            looking.abort();
        }
    }

    fn stop_looking(cancel: CancellationToken) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            tokio::time::sleep(LOOKING).await;
            cancel.cancel();
        })
    }

    /// Messages of runs that were decided get their last words.
    pub(super) async fn settle(&self) {
        let bot = self.bot();
        let swept = sweep(&*self.teller.stage, &bot, &self.teller.running).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "open messages could not be looked through");
        }
    }

    /// A press that asks something first. Rights and state are looked at before the form opens, and
    /// again when it is filled in.
    async fn ask(&self, place: &Place, caller: &Caller, form: &Form, trigger: &str) {
        let about = match self.waiting(caller, &form.line).await {
            Ok(title) => title,
            Err(trouble) => return self.whisper(place, &trouble.message()).await,
        };
        let body = json!({ "trigger_id": trigger, "view": form.view(about.as_str()) });
        if let Err(error) = self.outbox.json("views.open", "", &body, SOON).await {
            tracing::warn!(%error, "a form could not be opened");
            let line = say!(
                "Slack did not open the form; type `{}` instead",
                crate::text::Redactor::shapes_only().clean(&form.line)
            );
            self.whisper(place, &Message::new().line(line)).await;
        }
    }

    /// What a run that an `approve` or `deny` is about is called, if this person may decide it now.
    async fn waiting(&self, caller: &Caller, line: &str) -> Result<Clean, Trouble> {
        let bot = self.bot();
        let id = line.split_whitespace().nth(1).unwrap_or_default();
        let book = Book {
            store: bot.store.get().await?,
            clock: bot.clock,
            expires: bot.policy.approval().expires(),
        };
        let run = book.find(id).await?;
        let plan = match book.going_plan(&run) {
            Some(plan) => plan,
            None => book.waiting_plan(&run)?,
        };
        let runbook = Some(plan.runbook.as_str());
        bot.policy
            .decide_run(caller, plan.stack(), runbook, plan.risk())?;
        Ok(plan.title)
    }

    async fn alert(&self, place: &Place, caller: &Caller, text: &str) {
        match self.named(text).await {
            Ok(Some(service)) => {
                self.line(place, caller, &format!("diagnose {service}"))
                    .await;
            }
            Ok(None) => {
                let none = Message::new()
                    .line("this message names no service that is known here; `status` lists them");
                self.whisper(place, &none).await;
            }
            Err(trouble) => self.whisper(place, &trouble.message()).await,
        }
    }

    /// The first service of any host that a text names as a whole word.
    async fn named(&self, text: &str) -> Result<Option<String>, Trouble> {
        let bot = self.bot();
        let inside = |c: char| c.is_alphanumeric() || "_-./".contains(c);
        let words: Vec<&str> = text
            .split(|c| !inside(c))
            .map(|word| word.trim_matches(|c| ".-/".contains(c)))
            .collect();
        for host in bot.fleet.names() {
            let reached = bot.fleet.host(Some(&host)).await?;
            let survey = Survey::take(&reached, bot.clock, &bot.secrets).await?;
            let mut names = survey.inventory.names();
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            let found = words
                .iter()
                .find(|word| names.iter().any(|name| name == *word));
            if let Some(found) = found {
                return Ok(Some(format!("{host}:{found}")));
            }
        }
        Ok(None)
    }

    pub(super) async fn turn_away(&self, place: &Place) {
        let busy = Message::new()
            .line("too much is asked at once; nothing was done, try again in a minute");
        self.whisper(place, &busy).await;
    }

    async fn whisper(&self, place: &Place, message: &Message) {
        if let Err(why) = self.teller.stage.whisper(place, message).await {
            tracing::warn!(%why, "an answer could not be given");
        }
    }
}
