//! Living messages: one message for each run, edited in place while it goes on, and ended with
//! what became of it. Knows no chat: a chat's adapter is a `Stage`.

pub mod board;
pub mod brief;
pub mod face;
pub mod headlines;
mod lanes;
pub mod ledger;
mod notice;
pub mod pinned;
pub mod running;
pub mod scene;
pub mod sweep;
pub mod teller;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Message;

pub use board::Board;
pub use ledger::Ledger;
pub use running::Running;
pub use teller::Teller;

/// Where somebody typed, and so where they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub channel: String,
    /// The thread it was typed in.
    pub thread: Option<String>,
    /// The chat's own id of the person.
    pub person: String,
    /// What the chat gave us to answer this one line by.
    pub ticket: Option<String>,
    /// Only this person reads here, so nothing has to be whispered.
    pub private: bool,
    /// Answers to questions are for everybody here: it was asked in public.
    pub shared: bool,
}

/// A message that was posted and can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub channel: String,
    pub id: String,
    /// The thread it is in, if it is in one.
    pub thread: Option<String>,
}

/// How long it is worth trying while the chat cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// What comes next replaces it anyway.
    Brief,
    /// The end of something: it has to arrive.
    Long,
}

/// How far what a message tells of has come; some chats can show it beside the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    Open,
    /// Somebody works on it.
    Acknowledged,
    Resolved,
}

/// Why a chat did not take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageError {
    /// It never will: gone, forbidden, too old to be edited.
    Refused(String),
    /// It may later.
    Unreachable(String),
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Unreachable(why) => f.write_str(why),
        }
    }
}

/// A chat, as far as living messages go.
pub trait Stage: Send + Sync + 'static {
    /// The prefix of its people in `access`, and its part of the ledger.
    fn name(&self) -> &'static str;

    /// A message for everybody there. `None`: it was said, and can't be edited later.
    fn post(
        &self,
        place: &Place,
        message: &Message,
        patience: Patience,
    ) -> impl Future<Output = Result<Option<Posted>, StageError>> + Send;

    fn edit(
        &self,
        posted: &Posted,
        message: &Message,
        patience: Patience,
    ) -> impl Future<Output = Result<(), StageError>> + Send;

    /// A message below another, in its thread.
    fn reply(
        &self,
        posted: &Posted,
        message: &Message,
    ) -> impl Future<Output = Result<(), StageError>> + Send;

    /// Finds a message by what it is `about`, in the thread of the place or in its channel: it may
    /// have arrived although nobody heard so. `None` where it is not there, or where posting it
    /// again makes no second one.
    fn recall(
        &self,
        place: &Place,
        message: &Message,
    ) -> impl Future<Output = Result<Option<Posted>, StageError>> + Send;

    /// Shows beside the message how far it has come, where the chat has a place for that.
    fn mark(
        &self,
        posted: &Posted,
        standing: Standing,
    ) -> impl Future<Output = Result<(), StageError>> + Send;

    /// A message that only the person of this place sees.
    fn whisper(
        &self,
        place: &Place,
        message: &Message,
    ) -> impl Future<Output = Result<(), StageError>> + Send;
}
