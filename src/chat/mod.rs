//! Where people are: the console now. A surface shows replies in its own dialect and hands lines
//! to the bot; it decides nothing.

pub mod settings;
pub mod console;
