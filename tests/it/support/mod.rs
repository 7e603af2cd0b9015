//! What several tests need.

pub(crate) mod compose_shop;
pub(crate) mod crash_scene;
pub(crate) mod namespace;
pub(crate) mod own_engine;
pub(crate) mod program;
pub(crate) mod served;
pub(crate) mod fake_slack;
pub(crate) mod fake_slack_rules;
pub(crate) mod fake_slack_socket;
pub(crate) mod fake_slack_views;
pub(crate) mod real_engine;
pub(crate) mod real_stack;
pub(crate) mod sim_fixture;
pub(crate) mod sim_programs;
pub(crate) mod sim_real_stack;
pub(crate) mod sim_wire;
pub(crate) mod slack_kinds;
pub(crate) mod slack_shop;
pub(crate) mod tester;
pub(crate) mod two_people;
pub(crate) mod sshd;
pub(crate) mod engine_to_restart;
pub(crate) mod server;
pub(crate) mod watched;
