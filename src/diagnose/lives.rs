//! The lives of one container, from the engine's record: when each began and how it ended. A log
//! runs through all of them, and only the lines of the life that failed say why it failed.

use jiff::{SignedDuration, Timestamp};

use super::view::View;
use crate::evidence::events::EventFact;

/// The engine notes the end a moment before the last words are in the log.
const LAST_WORDS: SignedDuration = SignedDuration::from_secs(2);
/// And a start a moment after the first.
const FIRST_WORDS: SignedDuration = SignedDuration::from_millis(200);
/// Two notes of one start differ by less.
const SAME: SignedDuration = SignedDuration::from_millis(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub start: Option<Timestamp>,
    /// None while it lasts.
    pub end: Option<Timestamp>,
}

impl Life {
    fn length(&self) -> Option<SignedDuration> {
        Some(self.end?.duration_since(self.start?))
    }
}

/// Oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lives(Vec<Life>);

impl Lives {
    pub fn longest_ended(&self) -> Option<SignedDuration> {
        self.0.iter().rev().take(6).filter_map(Life::length).max()
    }

    /// The newest that has ended.
    pub fn last_ended(&self) -> Option<Life> {
        self.0.iter().rev().find(|life| life.end.is_some()).copied()
    }

    pub fn current(&self) -> Option<Life> {
        self.0.last().copied()
    }

    /// From when to when lines belong to a life: its last words may come late, but not after the
    /// next one has begun.
    pub fn span(&self, life: Life) -> (Option<Timestamp>, Option<Timestamp>) {
        let from = life
            .start
            .and_then(|start| start.checked_sub(FIRST_WORDS).ok());
        let late = life.end.and_then(|end| end.checked_add(LAST_WORDS).ok());
        let next = self
            .0
            .iter()
            .filter_map(|other| other.start)
            .find(|start| life.end.is_some_and(|end| *start > end));
        let to = match (late, next) {
            (Some(late), Some(next)) => Some(late.min(next)),
            (late, _) => late,
        };
        (from, to)
    }

    fn begin(&mut self, at: Timestamp) {
        let known = self.0.last().and_then(|life| life.start);
        if known.is_none_or(|known| at.duration_since(known) > SAME) {
            self.0.push(Life {
                start: Some(at),
                end: None,
            });
        }
    }

    fn forget_after(&mut self, at: Timestamp) {
        self.0
            .retain(|life| life.start.is_none_or(|start| start <= at));
    }

    fn end(&mut self, at: Timestamp) {
        match self.0.last_mut() {
            Some(life) if life.end.is_none() => life.end = Some(at),
            Some(life)
                if life
                    .end
                    .is_some_and(|end| at.duration_since(end).abs() <= SAME) => {}
            _ => self.0.push(Life {
                start: None,
                end: Some(at),
            }),
        }
    }
}

impl View<'_> {
    pub fn lives(&self) -> Lives {
        let mut lives = Lives::default();
        for (item, fact) in self.events() {
            match (fact, item.at) {
                (EventFact::Started, Some(at)) => lives.begin(at),
                (EventFact::Died { .. }, Some(at)) => lives.end(at),
                _ => {}
            }
        }
        // the state knows the newest life even where the record does not reach back
        if let Some((_, state)) = self.state() {
            if let Some(started) = state.started_at {
                lives.begin(started);
            }
            if let (true, Some(finished)) = (self.has_ended(), state.finished_at) {
                // the record was read after the state: lives that began since are not judged yet
                lives.forget_after(finished);
                lives.end(finished);
            }
        }
        lives
    }

    /// The life that is judged: the one that ended last while it is down or comes back again and
    /// again, else the one it lives.
    pub fn judged_life(&self) -> Option<Life> {
        let lives = self.lives();
        if self.has_ended() || self.loops() {
            lives.last_ended().or_else(|| lives.current())
        } else {
            lives.current()
        }
    }
}
