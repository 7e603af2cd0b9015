//! Carrying out a plan: approved, under the lock of its stack, journalled before and after every
//! side effect. The only place from which a container is changed.

pub mod book;
pub mod execute;
pub mod headway;
pub mod outcome;
pub mod account;
pub mod repair;
pub mod recover;
pub mod world;
mod act;
mod attempt;
mod blame;
mod bundle;
mod checked;
mod facts;
mod flow;
mod gate;
mod greeting;
mod hold;
pub mod operate;
mod ports;
mod probe;
mod settle;
mod turn;

pub use crate::runbook::plan::{Plan, PlannedStep};
pub use account::People;
pub use act::{Tools, is_well, state};
pub use book::{Book, BookError};
pub use execute::Runner;
pub use headway::{Headway, Mark};
pub use operate::Ground;
pub use outcome::{Ended, Part, RunEnd, StepEnd, StepOutcome};
pub use recover::Recovery;

/// What the journal calls a step that waits for somebody's word.
pub const GATE: &str = "gate";
