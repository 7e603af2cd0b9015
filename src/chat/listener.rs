//! What a chat does with a line once it has come in: handed to the bot in a task of its own, told
//! from beginning to end, its old messages looked after. Knows no chat.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::ask::{About, shown};
use crate::access::Caller;
use crate::bot::{Bot, Incoming, Outcome, Trouble, Voice, What};
use crate::command::{self, Command};
use crate::live::sweep::sweep;
use crate::live::{Ledger, Place, Stage, Teller};
use crate::run::Book;
use crate::survey::Survey;
use crate::text::{Message, Name};

/// Looking never takes longer, nor does following a log in a chat.
const LOOKING: Duration = Duration::from_mins(10);

/// Chats send again for an hour at most, and a little longer after an outage of their own.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
const THREADS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a line is, as far as telling it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Look,
    /// The bot says how the engines are; how the chat is is for the chat to add.
    Doctor,
    /// It may end in a run, which is not to be dropped half-way.
    Change,
}

pub(super) struct Listener<S> {
    pub(super) bots: watch::Receiver<Arc<Bot>>,
    pub(super) teller: Teller<S>,
    pub(super) stop: CancellationToken,
}

impl<S: Stage> Listener<S> {
    pub(super) fn bot(&self) -> Arc<Bot> {
        Arc::clone(&self.bots.borrow())
    }

    /// Where incidents are told in this chat: what the routes name, and where the rest goes.
    pub(super) fn channels(&self) -> BTreeSet<String> {
        let bot = self.bot();
        let routes = &bot.conduct.incidents;
        let named = routes.settings.routes.iter().flat_map(|route| &route.to);
        let chat = self.teller.stage.name();
        let here = named.chain(&routes.usual).filter(|to| to.chat == chat);
        here.map(|to| to.channel.clone()).collect()
    }

    /// One line from beginning to end. `examined` is what the chat itself has to say to `doctor`.
    pub(super) async fn line(
        &self,
        place: &Place,
        caller: &Caller,
        line: &str,
        examined: impl Future<Output = Message>,
    ) -> Outcome {
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
        let outcome = self.tell((&place, caller), line, nature, examined).await;
        if nature == Nature::Change {
            self.settle().await;
        }
        outcome
    }

    async fn tell(
        &self,
        who: (&Place, &Caller),
        line: &str,
        nature: Nature,
        examined: impl Future<Output = Message>,
    ) -> Outcome {
        let bot = self.bot();
        let (voice, replies) = Voice::new();
        let afterwards = voice.clone();
        let cancel = CancellationToken::new();
        let incoming = Incoming {
            caller: who.1.clone(),
            what: What::Typed(line.to_owned()),
            interactive: true,
        };
        let looking = (nature != Nature::Change).then(|| stop_looking(cancel.clone()));
        let handled = {
            let (bot, stop) = (bot.clone(), self.stop.clone());
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
                afterwards.say(examined.await).await;
            }
            outcome
        };
        let outcome = self.teller.tell(&bot, who, replies, work).await;
        if let Some(looking) = looking {
            looking.abort();
        }
        outcome
    }

    /// Messages of runs that were decided get their last words.
    pub(super) async fn settle(&self) {
        let swept = sweep(&*self.teller.stage, &self.bot(), &self.teller.running).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "open messages could not be looked through");
        }
    }

    /// What came in long ago comes no more, and nobody answers in old threads.
    pub(super) async fn forget(&self) {
        let bot = self.bot();
        let now = bot.clock.now();
        let before = |age: SignedDuration| (now - age).as_millisecond();
        let Ok(ledger) = Ledger::of(&bot, self.teller.stage.name()).await else {
            return;
        };
        let tidied = ledger.forget_threads(before(THREADS)).await;
        let forgotten = ledger.store.forget_before(before(REMEMBERED)).await;
        if let (Err(error), _) | (_, Err(error)) = (tidied, forgotten) {
            tracing::warn!(%error, "what is no longer needed could not be forgotten");
        }
    }

    pub(super) async fn whisper(&self, place: &Place, message: &Message) {
        if let Err(why) = self.teller.stage.whisper(place, message).await {
            tracing::warn!(%why, "an answer could not be given");
        }
    }

    /// What a press that asks something first is about: a run by its name, if this person may decide
    /// it now; anything else by its line, which is looked at when it is done.
    pub(super) async fn about(&self, caller: &Caller, line: &str) -> Result<About, Trouble> {
        match command::parse(line) {
            Ok(Command::Approve { run, .. }) => self.waiting(caller, &run, true).await,
            Ok(Command::Deny { run, .. }) => self.waiting(caller, &run, false).await,
            _ => Ok(About {
                what: shown(line),
                asked: None,
            }),
        }
    }

    /// Who may not approve hears so at the press, not when the form is filled in.
    async fn waiting(&self, caller: &Caller, id: &str, approves: bool) -> Result<About, Trouble> {
        let bot = self.bot();
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
        let (spot, runbook) = ((Some(&plan.host), plan.stack()), plan.runbook.as_str());
        bot.policy
            .decide_on(caller, spot, Some(runbook), plan.risk())?;
        if approves
            && let Some(why) = book
                .needs_another(&bot.policy, caller, (&run, &plan))
                .await?
        {
            return Err(Trouble::new(Outcome::Denied, why));
        }
        Ok(About {
            what: plan.title,
            asked: Some(Name::new(&run.requested_by)),
        })
    }

    /// The first service of any host that a text names as a whole word.
    pub(super) async fn named(&self, text: &str) -> Result<Option<String>, Trouble> {
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
}

fn stop_looking(cancel: CancellationToken) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        tokio::time::sleep(LOOKING).await;
        cancel.cancel();
    })
}
