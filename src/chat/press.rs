//! A press of a button that begins something counts once, in whatever process, and not for ever.
//! What a button looks like and how it is taken away belongs to each chat.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::ask::shown;
use super::listener::Listener;
use crate::bot::Outcome;
use crate::command::{self, Command};
use crate::live::{Ledger, Stage};
use crate::text::{Action, Message};

/// What was seen so long ago is no reason to change anything now.
const LASTS: SignedDuration = SignedDuration::from_hours(1);
/// A refusal is quick. What has not ended by now has begun, and its button goes.
const BEGUN: Duration = Duration::from_secs(2);

/// It begins something, so doing it twice is not the same as doing it once. What decides or ends a
/// run looks at the run's state instead.
pub(super) fn begins(line: &str) -> bool {
    match command::parse(line) {
        Ok(Command::Run(run)) => !run.plan_only,
        Ok(Command::Change { .. } | Command::Prune { .. }) => true,
        _ => false,
    }
}

/// A message that does not tell when it was posted is old.
fn is_old(posted: Option<Timestamp>, now: Timestamp) -> bool {
    posted.is_none_or(|posted| now.duration_since(posted) > LASTS)
}

/// Why a press begins nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclaimed {
    Old,
    Used,
    /// Whether it was used cannot be known.
    Unknown,
}

impl Unclaimed {
    /// For whoever pressed a button with this line.
    pub(super) fn message(self, line: &str) -> Message {
        match self {
            Self::Old => Message::new().line(
                "this is more than an hour old, and nothing was done; look again first, or type the line if you still mean it",
            ),
            Self::Used => Message::new()
                .line("somebody has pressed this already; `runs` tells what became of it"),
            Self::Unknown => Message::new()
                .line("the store cannot be written, so nothing was done; try again")
                .action(Action::new("Try again", shown(line))),
        }
    }
}

impl<S: Stage> Listener<S> {
    /// Under which used buttons are remembered.
    fn source(&self) -> String {
        format!("{}-button", self.teller.stage.name())
    }

    /// Gives the button to the first press, in whatever process.
    pub(super) async fn claim(
        &self,
        button: &str,
        posted: Option<Timestamp>,
    ) -> Result<(), Unclaimed> {
        let bot = self.bot();
        let now = bot.clock.now();
        if is_old(posted, now) {
            return Err(Unclaimed::Old);
        }
        let unknown = |_| Unclaimed::Unknown;
        let store = bot.store.get().await.map_err(unknown)?;
        let source = self.source();
        let is_first = store.remember(&source, button, now.as_millisecond());
        if is_first.await.map_err(unknown)? {
            Ok(())
        } else {
            Err(Unclaimed::Used)
        }
    }

    /// Does the work of a claimed button, and takes the button away as soon as something has begun.
    pub(super) async fn begin(
        &self,
        button: &str,
        work: impl Future<Output = Outcome>,
        strike: impl Future<Output = ()>,
    ) {
        let mut work = Box::pin(work);
        match timeout(BEGUN, &mut work).await {
            Ok(Outcome::Done | Outcome::Failed) => strike.await,
            Ok(_) => self.give_back(button).await,
            Err(_) => {
                tokio::join!(strike, work);
            }
        }
    }

    /// Nothing came of it: somebody who may can still press it.
    async fn give_back(&self, button: &str) {
        let bot = self.bot();
        let Ok(store) = bot.store.get().await else {
            return;
        };
        if let Err(error) = store.forget(&self.source(), button).await {
            tracing::warn!(%error, "a button that did nothing stays used");
        }
    }

    /// The message still has something to come: an edit of ours must not meet an older one.
    pub(super) async fn lives(&self, channel: &str, message: &str) -> bool {
        let bot = self.bot();
        let Ok(ledger) = Ledger::of(&bot, self.teller.stage.name()).await else {
            return false;
        };
        let open = ledger.all().await.unwrap_or_default();
        open.iter()
            .any(|(_, open)| open.posted.channel == channel && open.posted.id == message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_posted_more_than_an_hour_ago_is_old() {
        let posted: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let after = |minutes| posted + SignedDuration::from_mins(minutes);
        assert!(!is_old(Some(posted), after(59)));
        assert!(is_old(Some(posted), after(61)));
        assert!(is_old(None, posted));
    }

    #[test]
    fn only_what_begins_something_works_once() {
        for line in ["run restart service=api", "restart api", "prune images"] {
            assert!(begins(line), "{line}");
        }
        for line in [
            "plan restart service=api",
            "logs api",
            "approve X",
            "nonsense",
        ] {
            assert!(!begins(line), "{line}");
        }
    }
}
