//! Words on their way to people: what is safe to show (`clean`, `redact`), what it is made of
//! (`message`), and how each place wants it written (`dialect`). No IO, no clock.

pub mod clean;
pub mod redact;
pub mod message;
pub mod dialect;

pub use clean::{Clean, Name, Raw, Say};
pub use message::{Block, Line, Message, Span, Style, Table};
pub use redact::Redactor;
