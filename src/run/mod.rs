//! Carrying out a plan: approved, under the lock of its stack, journalled before and after every
//! side effect. The only place from which a container is changed.

pub mod plan;
pub mod execute;
pub mod book;

pub use book::{Book, BookError};
pub use execute::{RunEnd, Runner, StepEnd, StepOutcome};
pub use plan::{Plan, PlannedStep};
