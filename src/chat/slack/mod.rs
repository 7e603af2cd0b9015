//! Slack: lines in through Socket Mode or HTTP, answers out through the Web API. Which library is
//! behind it is known here only.

mod api;
mod button;
mod doctor;
mod door;
mod fields;
mod forms;
mod groups;
mod inbound;
mod life;
mod lines;
mod modal;
mod outbox;
mod pace;
mod signature;
mod socket;
mod stage;
mod typed;

pub use door::{Reaction, Slack, SlackOptions, TurnedAway};
pub use inbound::Kind;
pub use signature::{SIGNATURE, Signature, TIMESTAMP};
