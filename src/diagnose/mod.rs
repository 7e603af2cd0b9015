//! From evidence to a finding: which service is at fault, why, and what proves it. Pure functions;
//! no client, no clock.

pub mod cause;

use serde::{Deserialize, Serialize};

pub use cause::Cause;

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
