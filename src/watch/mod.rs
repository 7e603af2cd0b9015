//! Where incidents come from: engine events, health checks, alert webhooks.

pub mod settings;
pub mod alert;
