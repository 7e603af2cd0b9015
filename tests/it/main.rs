//! The one integration binary: everything is tested through its front door.

mod config;
mod reload;
mod store;
