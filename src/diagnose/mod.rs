//! From evidence to a finding: which service is at fault, why, and what proves it. Pure functions;
//! no client, no clock. The same evidence gives the same answer, in whatever order it came.

pub mod finding;
pub mod view;
mod facts;
pub mod lives;
pub mod words;
mod ongoing;
mod standing;
pub mod reach;
pub mod rules;
pub mod rank;
mod verdict;
mod around;
pub mod reference;
pub mod checklist;
pub mod change;

use serde::{Deserialize, Serialize};

pub use crate::evidence::Cause;
pub use finding::{Affected, Diagnosis, Finding, Fix};
pub use rank::{Case, diagnose};
pub use rules::{RULES, Rule};

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Inconclusive,
    Likely,
    Certain,
}

impl Confidence {
    pub fn word(self) -> &'static str {
        match self {
            Self::Inconclusive => "inconclusive",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}
