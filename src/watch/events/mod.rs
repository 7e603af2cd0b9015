//! Alerts from the engines' own record: one task for each host, so that one that hangs slows no
//! other.

pub mod lives;
pub mod reconcile;
pub mod sign;
mod edge;
mod host;
mod life;
mod quiet;
mod words;

#[cfg(test)]
mod lives_tests;

pub(super) use edge::shortened;
pub(super) use host::HostWatch;
