//! What is known of one line while it is worked on: what was said, how far a run has come, whether
//! it is over. Replies go in; nothing is sent from here.

use std::sync::Arc;

use jiff::Timestamp;

use super::brief::brief;
use crate::bot::{Outcome, Progress, Reply, Undertaking};
use crate::run::Headway;
use crate::say;
use crate::text::{Clean, Message};

/// One thing to be said.
#[derive(Debug, Clone)]
pub struct Said {
    pub message: Message,
    pub kind: Kind,
    /// How many things were said before it.
    pub serial: usize,
}

/// Streamed lines that are kept; of more than twice as many, the older ones are left out.
const STREAMED: usize = 1000;

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
    pub headway: Headway,
    pub doing: Clean,
    pub since: Timestamp,
    /// What was said before it began is not part of its end.
    pub said_before: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub said: Vec<Said>,
    /// How many things were said, with those that were left out.
    pub count: usize,
    streamed: usize,
    /// Streamed lines that were left out.
    gone: usize,
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
        let serial = self.count;
        self.count += 1;
        self.said.push(Said {
            message,
            kind,
            serial,
        });
    }

    /// One by one: some may have been delivered already. They are joined when they are sent.
    fn stream(&mut self, line: Clean) {
        self.say(Message::new().code(vec![line]), Kind::Stream);
        self.streamed += 1;
        if self.streamed > 2 * STREAMED {
            self.leave_out(self.streamed - STREAMED);
        }
    }

    /// Gives up the oldest streamed lines, and says so where they were.
    fn leave_out(&mut self, lines: usize) {
        let said_so_before = usize::from(self.gone > 0);
        self.gone += lines - said_so_before;
        let words = say!("… {} lines are left out here", self.gone);
        let mut left = 0;
        self.said.retain_mut(|said| {
            if said.kind != Kind::Stream || left == lines {
                return true;
            }
            left += 1;
            if left == lines {
                said.message = Message::new().code(vec![words.clone()]);
            }
            left == lines
        });
        self.streamed -= lines - 1;
    }

    /// What was said from one number up to another, which is not part of it.
    pub fn between(&self, from: usize, until: usize) -> &[Said] {
        let place = |serial| self.said.partition_point(|said| said.serial < serial);
        self.said.get(place(from)..place(until)).unwrap_or_default()
    }

    fn go_on(&mut self, progress: Progress, now: Timestamp) {
        let said = self.count;
        let work = self.work.get_or_insert_with(|| Work {
            run: Arc::clone(&progress.run),
            headway: progress.headway.clone(),
            doing: Clean::default(),
            since: now,
            said_before: said,
        });
        work.headway = progress.headway;
        work.doing = progress.doing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_end_keeps_its_last_lines_and_says_what_is_missing() {
        let mut scene = Scene::default();
        scene.say(Message::new().line("an answer"), Kind::Answer);
        for number in 0..10_000_usize {
            scene.stream(say!("line {}", number));
            assert!(scene.said.len() <= 2 * STREAMED + 1);
        }
        let told = scene.between(0, scene.count);
        assert_eq!(told.first().map(|said| said.kind), Some(Kind::Answer));
        let kept = told.len() - 2;
        let missing = say!("… {} lines are left out here", 10_000 - kept);
        assert_eq!(told[1].message, Message::new().code(vec![missing]));
        let last = say!("line {}", 9_999);
        let end = told.last().map(|said| &said.message);
        assert_eq!(end, Some(&Message::new().code(vec![last])));
        assert!(scene.between(scene.count, scene.count).is_empty());
    }
}
