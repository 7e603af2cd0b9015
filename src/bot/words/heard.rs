//! What a program of a run writes, on its way to whoever asked: line by line, in bounded memory. A
//! listener that is slower than the program misses lines; the run keeps its log.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::bot::{Reply, Voice};
use crate::say;
use crate::text::{Clean, Line};

/// Lines that may wait to be shown.
const WAITING: usize = 1024;

pub(super) struct Heard {
    sender: Mutex<Option<Sender<Clean>>>,
    lost: AtomicUsize,
}

impl Heard {
    pub(super) fn new() -> (Self, Receiver<Clean>) {
        let (sender, receiver) = channel(WAITING);
        let heard = Self {
            sender: Mutex::new(Some(sender)),
            lost: AtomicUsize::new(0),
        };
        (heard, receiver)
    }

    pub(super) fn line(&self, line: Clean) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(line).is_err())
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// No more lines come: whoever forwards them comes to an end.
    pub(super) fn end(&self) {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.take();
    }

    pub(super) async fn forward(&self, mut lines: Receiver<Clean>, voice: &Voice) {
        while let Some(line) = lines.recv().await {
            voice.say(Reply::Streamed(Line::new().dim(line))).await;
        }
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 {
            let text = say!("… {} lines came too fast to be shown", lost);
            voice.say(Reply::Streamed(Line::new().dim(text))).await;
        }
    }
}
