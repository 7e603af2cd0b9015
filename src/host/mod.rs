//! Reaching hosts, this machine or over SSH: an engine socket and a program runner for each.

pub mod settings;
