//! Kinds of values that settings have: each is checked when it is read and can't be wrong after.
//! Which settings there are is said by the modules that use them.

mod secret;
mod url;
mod identifier;
mod wait;

pub use identifier::Identifier;
pub use secret::Secret;
pub use url::{BaseUrl, is_host_and_port, split_port};
pub use wait::Wait;
