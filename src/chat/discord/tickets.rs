//! What Discord gives us to answer an interaction by: a token that is good for fifteen minutes, and
//! perhaps a placeholder that waits for its words.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Fifteen minutes, and the clocks may differ a little.
const LASTS: Duration = Duration::from_secs(14 * 60 + 30);

/// What stands in the channel since the interaction was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// "… is thinking", for everybody.
    Public,
    /// The same, for who asked.
    Private,
    /// Nothing that waits for words.
    None,
}

#[derive(Debug, Clone)]
struct Ticket {
    placeholder: Placeholder,
    until: Instant,
    /// A message was made by it, which may have to be edited by it.
    made: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tickets {
    tickets: Mutex<HashMap<String, Ticket>>,
    /// Messages that were made by a ticket, so that it can edit them where the bot may not.
    made: Mutex<HashMap<String, String>>,
}

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Ticket>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token came in: it is good from now on.
    pub(super) fn admit(&self, token: &str, placeholder: Placeholder) {
        let now = Instant::now();
        let mut tickets = self.lock();
        tickets.retain(|_, ticket| ticket.until > now);
        let ticket = Ticket {
            placeholder,
            until: now + LASTS,
            made: false,
        };
        // what comes again waits for no other words than it did
        tickets.entry(token.to_owned()).or_insert(ticket);
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, token| tickets.contains_key(token));
    }

    /// Whether it can still be used.
    pub(super) fn is_good(&self, token: &str) -> bool {
        self.lock()
            .get(token)
            .is_some_and(|ticket| ticket.until > Instant::now())
    }

    /// What waits for its words; whoever takes it has to give them.
    pub(super) fn take(&self, token: &str) -> Placeholder {
        match self.lock().get_mut(token) {
            Some(ticket) if ticket.until > Instant::now() => {
                std::mem::replace(&mut ticket.placeholder, Placeholder::None)
            }
            _ => Placeholder::None,
        }
    }

    pub(super) fn remember(&self, message: &str, token: &str) {
        if let Some(ticket) = self.lock().get_mut(token) {
            ticket.made = true;
        }
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(message.to_owned(), token.to_owned());
    }

    /// Its line is done: it is kept only for a message that it made.
    pub(super) fn done(&self, token: &str) {
        let mut tickets = self.lock();
        if tickets.get(token).is_some_and(|ticket| !ticket.made) {
            tickets.remove(token);
        }
    }

    /// The ticket that made a message, while it is good.
    pub(super) fn maker(&self, message: &str) -> Option<String> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let token = made.get(message)?.clone();
        drop(made);
        self.is_good(&token).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_good_for_fifteen_minutes_and_its_placeholder_is_filled_once() {
        let tickets = Tickets::default();
        tickets.admit("t", Placeholder::Public);
        tickets.remember("m1", "t");
        assert_eq!(tickets.take("t"), Placeholder::Public);
        assert_eq!(tickets.take("t"), Placeholder::None);
        tokio::time::advance(Duration::from_mins(14)).await;
        assert_eq!(tickets.maker("m1").as_deref(), Some("t"));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(!tickets.is_good("t") && tickets.maker("m1").is_none());
        tickets.admit("u", Placeholder::Private);
        assert!(tickets.made.lock().unwrap().is_empty(), "forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn what_made_nothing_is_forgotten_with_its_line() {
        let tickets = Tickets::default();
        for token in ["looked", "changed"] {
            tickets.admit(token, Placeholder::Public);
        }
        assert_eq!(tickets.take("changed"), Placeholder::Public);
        tickets.admit("changed", Placeholder::Public);
        assert_eq!(tickets.take("changed"), Placeholder::None, "it came again");
        tickets.remember("m2", "changed");
        for token in ["looked", "changed"] {
            tickets.done(token);
        }
        assert!(!tickets.is_good("looked"));
        assert_eq!(tickets.maker("m2").as_deref(), Some("changed"));
    }
}
