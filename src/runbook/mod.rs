//! Runbooks: the language they are written in, where they come from, and how one becomes a plan.
//! Reading and binding are pure; nothing here touches a host.

pub mod language;
pub mod steps;
pub mod plan;
pub mod template;
pub mod condition;
pub mod shelf;
pub mod library;
pub mod bind;
pub mod settings;
mod reference;
mod check;
mod pack;

pub use bind::{BindError, Given, Grounds, Known, World, accepts, bind};
pub use condition::{Condition, Facts};
pub use language::RunbookFile;
pub use library::Library;
pub use plan::{Plan, PlannedStep, Stage, Witness};
pub use reference::{reference, schema};
pub use shelf::{Runbook, Shelf, Source};
