//! Dogwatch: a chat-ops bot and incident assistant for containers.
//!
//! A typed line becomes a `Command`, a permitted and planned `Run`, `Evidence`, a finding, a
//! `Report`, and at last a message escaped for the place that reads it. Modules in reading order:

pub mod text;
pub mod clock;
pub mod yaml;
pub mod setting;
pub mod action;
pub mod command;
pub mod stack;
pub mod engine;
pub mod host;
pub mod compose;
pub mod evidence;
pub mod diagnose;
pub mod report;
pub mod survey;
pub mod access;
pub mod store;
pub mod incident;
pub mod runbook;
pub mod run;
pub mod bot;
pub mod heal;
pub mod duty;
pub mod live;
pub mod chat;
pub mod watch;
pub mod web;
pub mod config;
pub mod sim;
pub mod rehearsal;
pub mod app;
pub mod cli;
