//! What several tests need.

pub(crate) mod program;
pub(crate) mod real_engine;
pub(crate) mod sim_fixture;
pub(crate) mod sim_programs;
pub(crate) mod sim_real_stack;
pub(crate) mod sim_wire;
pub(crate) mod tester;
pub(crate) mod sshd;
