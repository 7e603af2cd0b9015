//! The one integration binary: everything is tested through its front door.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail and speak as tests do"
)]

mod support;

mod config;
mod engine_changes;
mod engine_logs;
mod engine_stats;
mod engine_tls;
mod engine_wire;
mod redaction;
mod reload;
mod rendering;
mod run_binding;
mod run_crash;
mod run_engine;
mod run_people;
mod runbooks;
mod store;
