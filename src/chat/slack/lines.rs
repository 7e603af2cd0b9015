//! What becomes of a wish: a line for the bot, a diagnosis of what an alert names. Who asks is known
//! by Slack's word, what they may do is the policy's.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::door::Slack;
use super::groups::GROUP;
use super::inbound::{Asked, Wish};
use crate::access::{Caller, Surface};
use crate::bot::{Incoming, Outcome, Trouble, Voice, What};
use crate::command::{self, Command, Word};
use crate::live::sweep::sweep;
use crate::live::{Ledger, Place, Stage};
use crate::survey::Survey;
use crate::text::{Message, Name};

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
        let Asked {
            wish,
            place,
            trigger,
            pressed,
        } = asked;
        let caller = self.caller(&place).await;
        match wish {
            Wish::Line(line) => match self.form_for(&caller, &line).await {
                Some(form) => self.offer(&place, &form, trigger.as_deref()).await,
                None => match &pressed {
                    Some(pressed) => {
                        Box::pin(self.press(&place, &caller, &line, pressed)).await;
                    }
                    None => drop(self.line(&place, &caller, &line).await),
                },
            },
            Wish::Overheard(line) => {
                if self.is_meant(&place, &line).await {
                    self.line(&place, &caller, &line).await;
                }
            }
            Wish::Ask(sheet) => self.ask(&place, &caller, &sheet, trigger.as_deref()).await,
            // it became a line when it was taken
            Wish::Filled(..) => {}
            Wish::Alert(text) => self.alert(&place, &caller, &text).await,
        }
    }

    async fn caller(&self, place: &Place) -> Caller {
        let bot = self.bot();
        let wanted = bot.policy.named(GROUP);
        Caller {
            surface: Surface::Slack,
            id: Name::new(&place.person),
            groups: self.groups.of(&place.person, &wanted, &self.outbox).await,
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

    pub(super) async fn line(&self, place: &Place, caller: &Caller, line: &str) -> Outcome {
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
        let outcome = self.tell(&place, caller, line, nature).await;
        if nature == Nature::Change {
            self.settle().await;
        }
        outcome
    }

    async fn tell(&self, place: &Place, caller: &Caller, line: &str, nature: Nature) -> Outcome {
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
        let outcome = self.teller.tell(&bot, (place, caller), replies, work).await;
        if let Some(looking) = looking {
            looking.abort();
        }
        outcome
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

    pub(super) async fn whisper(&self, place: &Place, message: &Message) {
        if let Err(why) = self.teller.stage.whisper(place, message).await {
            tracing::warn!(%why, "an answer could not be given");
        }
    }
}
