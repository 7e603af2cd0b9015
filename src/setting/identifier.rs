//! Names that people give to hosts, stacks and roles in the configuration.

use std::borrow::Borrow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Name;

const LONGEST: usize = 63;

/// Letters, digits, `_`, `.` and `-`, beginning with a letter or digit: the signs that separate
/// the parts of a target (`host:stack/service`) can't be in it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline)]
pub struct Identifier(String);

impl Identifier {
    /// The host everybody has.
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn name(&self) -> Name {
        Name::new(&self.0)
    }
}

impl TryFrom<String> for Identifier {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if text.len() <= LONGEST
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(inside)
        {
            return Ok(Self(text));
        }
        Err("expected a name of at most 63 letters, digits, `_`, `.` or `-`")
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.0
    }
}

impl Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
