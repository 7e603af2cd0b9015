//! Where the checkout of a stack stands, where it may go, and what that would change: found before
//! a plan is made, and fixed in it.

use crate::action::operate::KeptImage;
use crate::text::{Clean, Name};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revisions {
    pub present: String,
    /// What was fetched.
    pub fetched: Option<String>,
    /// What ran before the present one, as it was recorded then.
    pub previous: Option<Previous>,
    /// What people read before they say yes.
    pub changes: Vec<Clean>,
    /// The services at the goal whose images come from elsewhere; `None`: all, as far as is known.
    pub pulled: Option<Vec<String>>,
}

/// A revision with the images that ran with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Previous {
    pub commit: String,
    pub images: Vec<KeptImage>,
}

/// As people write a commit.
pub fn short(commit: &str) -> Name {
    let short: String = commit.chars().take(10).collect();
    Name::new(&short)
}
