//! What several tests need.

pub(crate) mod real_engine;
