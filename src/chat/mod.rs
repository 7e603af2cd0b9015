//! The chats: one port, and an adapter each for Slack, Discord and the console.

pub mod settings;
