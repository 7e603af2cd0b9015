//! The console chat: the bot in a terminal, or fed by a pipe.

pub mod leave;
pub mod screen;
pub mod prompt;
pub mod session;

pub use leave::Leave;
pub use screen::{Format, Screen};
pub use session::Session;
