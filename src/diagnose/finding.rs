//! What a rule says, and what is said of the whole case in the end.

use super::change::Change;
use super::checklist::Point;
use super::{Cause, Confidence};
use crate::action::Risk;
use crate::evidence::Citation;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// One cause in one container, with the lines that prove it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub cause: Cause,
    pub service: Key,
    pub container: Name,
    pub confidence: Confidence,
    /// What happened, as a sentence that starts with the service's name.
    pub summary: Clean,
    pub evidence: Vec<Citation>,
    pub fixes: Vec<Fix>,
    pub prevention: Vec<Clean>,
    /// What to change in a file so that it does not come back, where that is known in full.
    pub change: Option<Change>,
    /// It fails only because this other service does.
    pub because_of: Option<Key>,
}

/// One step that mends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub text: Clean,
    pub command: Option<Clean>,
    pub risk: Risk,
}

/// A service that suffers, with how it looks right now.
#[derive(Debug, Clone, PartialEq)]
pub struct Affected {
    pub service: Key,
    pub status: Clean,
    pub symptoms: Vec<Clean>,
    /// Why it suffers: what it needs, and how we know. Empty for the service at fault.
    pub because: Clean,
}

/// The answer: one root cause, what else was found, who suffers, who should be watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    pub asked: Key,
    pub root: Finding,
    pub contributing: Vec<Finding>,
    /// The service at fault first, then by name.
    pub affected: Vec<Affected>,
    pub related: Vec<(Key, Clean)>,
    /// What somebody would look at by hand, with what was seen there.
    pub checklist: Vec<Point>,
}
