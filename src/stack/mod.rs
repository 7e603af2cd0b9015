//! What should run: stacks, their services, groups and dependencies.

pub mod settings;
