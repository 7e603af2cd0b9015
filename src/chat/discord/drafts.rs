//! What somebody filled in that cannot be: kept for a while, so that they need not fill it in again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::bot::Answers;

const LASTS: Duration = Duration::from_mins(15);
/// Drafts at one time; a draft that is lost is filled in again.
const MANY: usize = 200;

/// By who filled it in, and for which line.
type Key = (String, String);

#[derive(Debug, Default)]
pub(super) struct Drafts {
    drafts: Mutex<HashMap<Key, (Instant, Answers)>>,
}

impl Drafts {
    /// Those that are not too old.
    fn fresh(&self) -> MutexGuard<'_, HashMap<Key, (Instant, Answers)>> {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|_, (since, _)| since.elapsed() < LASTS);
        drafts
    }

    pub(super) fn keep(&self, person: &str, line: &str, answers: &Answers) {
        let mut drafts = self.fresh();
        if drafts.len() >= MANY {
            drafts.clear();
        }
        let draft = (Instant::now(), answers.clone());
        drafts.insert((person.to_owned(), line.to_owned()), draft);
    }

    pub(super) fn find(&self, person: &str, line: &str) -> Option<Answers> {
        let key = (person.to_owned(), line.to_owned());
        let drafts = self.fresh();
        drafts.get(&key).map(|(_, answers)| answers.clone())
    }

    pub(super) fn forget(&self, person: &str, line: &str) {
        self.fresh().remove(&(person.to_owned(), line.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_draft_is_one_persons_for_one_line_and_not_for_ever() {
        let (drafts, answers) = (Drafts::default(), Answers::new());
        drafts.keep("anna", "run restart", &answers);
        assert_eq!(drafts.find("anna", "run restart"), Some(answers.clone()));
        assert_eq!(drafts.find("bob", "run restart"), None);
        assert_eq!(drafts.find("anna", "run stop"), None);
        tokio::time::advance(LASTS).await;
        assert_eq!(drafts.find("anna", "run restart"), None);
        for number in 0..=MANY {
            drafts.keep("anna", &number.to_string(), &answers);
        }
        assert!(drafts.fresh().len() <= MANY);
    }
}
