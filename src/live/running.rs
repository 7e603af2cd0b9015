//! The runs that go on in this process because of something typed in a chat: how to cancel them,
//! and which messages somebody is looking after.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub struct Running {
    runs: Mutex<BTreeMap<String, CancellationToken>>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, CancellationToken>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, run: &str, cancel: CancellationToken) {
        self.lock().insert(run.to_owned(), cancel);
    }

    pub fn end(&self, run: &str) {
        self.lock().remove(run);
    }

    pub fn has(&self, run: &str) -> bool {
        self.lock().contains_key(run)
    }

    /// The one run whose id begins or ends with what was typed, and how to stop it.
    pub fn find(&self, typed: &str) -> Option<(String, CancellationToken)> {
        let typed = typed.to_uppercase();
        let runs = self.lock();
        let mut found = runs
            .iter()
            .filter(|(id, _)| id.starts_with(&typed) || id.ends_with(&typed));
        let (id, cancel) = found.next()?;
        let only = found.next().is_none() && !typed.is_empty();
        only.then(|| (id.clone(), cancel.clone()))
    }
}
