//! The one integration binary: everything is tested through its front door.

mod redaction;
mod rendering;
