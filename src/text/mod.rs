//! Words on their way to people: what is safe to show (`clean`, `redact`), what it is made of
//! (`message`), how each place wants it (`dialect`, `write`), and what may leave (`outgoing`).
//! No IO, no clock.

pub mod clean;
pub mod redact;
pub mod message;
pub mod form;
pub mod dialect;
pub mod write;
pub mod outgoing;

pub use clean::{Clean, Name, Raw, Say};
pub use dialect::{Dialect, fit, split};
pub use form::{Choice, Field, Form, Input, Objection};
pub use message::{Action, Ask, Block, Line, MOMENT, Message, Span, Style, Table};
pub use outgoing::{Calls, Card, Outgoing, Posting};
pub use redact::Redactor;
pub use write::{block_kit, embeds, write};
