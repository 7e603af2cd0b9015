//! HTTP: callbacks of the chats, alert webhooks, report pages, metrics and health.

pub mod settings;
