//! Where people are: the console, Slack and Discord. A surface shows replies in its own dialect and hands lines
//! to the bot; it decides nothing.

pub mod settings;
pub mod health;
mod backoff;
mod ask;
mod listener;
mod press;
mod checkup;
pub mod slack;
pub mod discord;
pub mod console;
