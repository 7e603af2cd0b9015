//! Where people are: the console and Slack. A surface shows replies in its own dialect and hands lines
//! to the bot; it decides nothing.

pub mod settings;
pub mod health;
pub mod slack;
pub mod console;
