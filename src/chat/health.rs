//! How a chat is doing, for readiness, metrics and `doctor`: whether it is reached, and what was
//! counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// One chat. Its adapter writes, everybody reads.
#[derive(Debug)]
pub struct ChatHealth {
    name: &'static str,
    trouble: Mutex<Option<String>>,
    taken: AtomicU64,
    repeated: AtomicU64,
    misread: AtomicU64,
}

impl ChatHealth {
    /// Not reached until it says so.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            trouble: Mutex::new(Some("not connected yet".to_owned())),
            taken: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            misread: AtomicU64::new(0),
        }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn set(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why nothing can be said or heard there; `None` while all is well.
    pub fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn took(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Something came a second time and was left alone.
    pub fn saw_again(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// Something came in a shape that is not known here: the chat is newer than this program.
    pub fn misread(&self) {
        self.misread.fetch_add(1, Ordering::Relaxed);
    }

    pub fn misreadings(&self) -> u64 {
        self.misread.load(Ordering::Relaxed)
    }

    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }
}
