//! The one integration binary: everything is tested through its front door.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail and speak as tests do"
)]

mod support;

mod architecture;
mod chats_alike;
mod cli;
mod cli_check;
mod cli_console;
mod cli_demo;
mod cli_report;
mod cli_serve;
mod cli_terminal;
mod compose;
mod compose_deploy;
mod compose_looks;
mod compose_v2;
mod config;
mod contract;
mod contract_changes;
mod contract_reads;
mod conversation;
mod diagnose_incidents;
mod diagnose_pages;
mod discord;
mod discord_embeds;
mod discord_gateway;
mod discord_http;
mod discord_rooms;
mod environments;
mod disk_full;
mod engine_changes;
mod engine_logs;
mod engine_stats;
mod engine_tls;
mod engine_wire;
mod generated;
mod heal_engine;
mod incident_both;
mod incident_crash;
mod incident_intake;
mod incident_machine;
mod incident_slack;
mod lab;
mod own_signatures;
mod lab_scenario;
mod lab_score;
mod lab_shop;
mod lab_stage;
mod packaging;
mod programs;
mod redaction;
mod reload;
mod rendering;
mod run_binding;
mod run_crash;
mod run_engine;
mod run_book;
mod run_gates;
mod run_locks;
mod run_people;
mod run_secrets;
mod run_ports;
mod run_probe;
mod run_prune;
mod run_recover;
mod runbooks;
mod sim_api;
mod sim_demo;
mod sim_faults;
mod slack;
mod slack_http;
mod slack_socket;
mod slack_blocks;
mod slack_buttons;
mod slack_forms;
mod slack_sdk;
mod slack_story;
mod ssh;
mod ssh_failures;
mod store;
mod whereabouts;
mod watch_events;
mod watch_checks;
mod watch_registry;
mod alerts_http;
mod alerts_real;
