//! What is known of one line while it is worked on: what was said, how far a run has come, whether
//! it is over. Replies go in; nothing is sent from here.

use std::sync::Arc;

use jiff::Timestamp;

use super::brief::brief;
use crate::bot::{Outcome, Progress, Reply, Undertaking};
use crate::text::{Clean, Message};

/// One thing to be said.
#[derive(Debug, Clone)]
pub struct Said {
    pub message: Message,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An answer to a question.
    Answer,
    /// It was not done, and why: concerns only who asked.
    Trouble,
    /// A report, or a plan that waits for somebody: everybody should see it.
    Public,
    Stream,
}

/// A run that goes on.
#[derive(Debug, Clone)]
pub struct Work {
    pub run: Arc<Undertaking>,
    pub done: usize,
    pub doing: Clean,
    pub since: Timestamp,
    /// What was said before it began is not part of its end.
    pub said_before: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub said: Vec<Said>,
    pub work: Option<Work>,
    pub over: Option<Outcome>,
}

impl Scene {
    pub fn take(&mut self, reply: Reply, now: Timestamp) {
        match reply {
            Reply::Message(message) | Reply::Both { message, .. } => {
                let kind = match message.about {
                    Some(_) => Kind::Public,
                    None => Kind::Answer,
                };
                self.say(message, kind);
            }
            Reply::Trouble(trouble) => self.say(trouble.message(), Kind::Trouble),
            Reply::Report(report) => self.say(brief(&report), Kind::Public),
            Reply::Streamed(line) => {
                let words: Vec<Clean> = line.0.into_iter().map(|span| span.text).collect();
                self.stream(Clean::join(&words, ""));
            }
            Reply::Progress(progress) => self.go_on(progress, now),
        }
    }

    fn say(&mut self, message: Message, kind: Kind) {
        self.said.push(Said { message, kind });
    }

    /// One by one: some may have been delivered already. They are joined when they are sent.
    fn stream(&mut self, line: Clean) {
        self.say(Message::new().code(vec![line]), Kind::Stream);
    }

    fn go_on(&mut self, progress: Progress, now: Timestamp) {
        let said = self.said.len();
        let work = self.work.get_or_insert_with(|| Work {
            run: Arc::clone(&progress.run),
            done: 0,
            doing: Clean::default(),
            since: now,
            said_before: said,
        });
        work.done = progress.done;
        work.doing = progress.doing;
    }
}
