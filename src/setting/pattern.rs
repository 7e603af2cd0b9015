//! Regular expressions that are known to be sound.

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

/// A regular expression, compiled once.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Pattern(Regex);

impl Pattern {
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let last = |error: regex::Error| {
            let told = error.to_string();
            let why = told.lines().last().unwrap_or_default().trim();
            format!(
                "not a regular expression: {}",
                why.trim_start_matches("error: ")
            )
        };
        Regex::new(&text).map(Self).map_err(last)
    }
}
