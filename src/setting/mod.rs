//! Kinds of values that settings have: each is checked when it is read and can't be wrong after.
//! Which settings there are is said by the modules that use them.

mod secret;
mod url;
mod identifier;
mod wait;
mod pattern;

pub use identifier::Identifier;
pub use pattern::Pattern;
pub use secret::Secret;
pub use url::{BaseUrl, PageUrl, is_host_and_port, split_port};
pub use wait::Wait;
