//! What the bot says back, and how a line ended. Nothing here knows where it will be shown.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Trouble;
use crate::report::Report;
use crate::run::Headway;
use crate::text::{Clean, Line, Message, Name};

/// One thing said. A surface writes it in its own dialect.
#[derive(Debug, Clone)]
pub enum Reply {
    Message(Message),
    /// The line did not do what was asked.
    Trouble(Trouble),
    Report(Box<Report>),
    /// For people a message, for programs a JSON document.
    Both {
        message: Message,
        document: String,
    },
    /// One line of a stream: a followed log.
    Streamed(Line),
    /// Something long goes on; replaced by whatever comes next.
    Progress(Progress),
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub headway: Headway,
    pub doing: Clean,
    pub run: Arc<Undertaking>,
}

/// What goes on, said once for all its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undertaking {
    /// The whole id of the run.
    pub run: Name,
    pub title: Clean,
    pub steps: Vec<Clean>,
    /// Those of the steps at which it waits for somebody's word.
    pub gates: Vec<Clean>,
    /// The line that shows the logs of what it is about; empty where there are none.
    pub logs: Clean,
    pub asked_by: Clean,
}

/// How a line ended. The numbers are the program's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    Denied = 4,
}

impl Outcome {
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Where replies go. A full queue holds the speaker back: nothing is dropped, nothing piles up.
#[derive(Debug, Clone)]
pub struct Voice(mpsc::Sender<Reply>);

/// How many replies may wait to be shown.
const QUEUE: usize = 64;

impl Voice {
    pub fn new() -> (Self, mpsc::Receiver<Reply>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// A listener that went away is no reason to stop working.
    pub async fn say(&self, reply: impl Into<Reply>) {
        if self.0.send(reply.into()).await.is_err() {
            tracing::debug!("nobody listens any more");
        }
    }

    pub fn is_heard(&self) -> bool {
        !self.0.is_closed()
    }
}

impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<Report> for Reply {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}

impl From<Progress> for Reply {
    fn from(progress: Progress) -> Self {
        Self::Progress(progress)
    }
}
