//! A press of a button that begins something counts once, in whatever process, and not for ever.
//! What a button looks like and how it is taken away belongs to each chat.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::listener::Listener;
use crate::bot::Outcome;
use crate::command::{self, Command};
use crate::live::{Ledger, Stage};

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
pub(super) fn is_old(posted: Option<Timestamp>, now: Timestamp) -> bool {
    posted.is_none_or(|posted| now.duration_since(posted) > LASTS)
}

impl<S: Stage> Listener<S> {
    /// Under which used buttons are remembered.
    fn source(&self) -> String {
        format!("{}-button", self.teller.stage.name())
    }

    /// True for the first press, in whatever process; `None` where that cannot be known.
    pub(super) async fn claim(&self, button: &str) -> Option<bool> {
        let bot = self.bot();
        let store = bot.store.get().await.ok()?;
        let now = bot.clock.now().as_millisecond();
        store.remember(&self.source(), button, now).await.ok()
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
