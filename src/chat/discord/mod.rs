//! Discord: interactions in through the gateway or HTTP, answers out through its REST API. Which
//! library is behind it is known here only.

mod api;
mod body;
mod button;
mod commands;
mod doctor;
mod door;
mod drafts;
mod gateway;
mod inbound;
mod life;
mod limits;
mod lines;
mod modal;
mod names;
mod outbox;
mod permissions;
mod posts;
mod recent;
mod register;
mod rooms;
mod serves;
mod session;
mod sheet;
mod signature;
mod stage;
mod tickets;
mod typed;
mod welcome;

pub use door::{Discord, Taken};
pub use signature::{SIGNATURE, Signature, TIMESTAMP};
pub use stage::DiscordStage;
