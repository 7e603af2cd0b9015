//! The runs whose messages somebody in this process looks after: the sweep leaves them alone.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub struct Running {
    runs: Mutex<BTreeSet<String>>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, run: &str) {
        self.lock().insert(run.to_owned());
    }

    pub fn end(&self, run: &str) {
        self.lock().remove(run);
    }

    pub fn has(&self, run: &str) -> bool {
        self.lock().contains(run)
    }
}
