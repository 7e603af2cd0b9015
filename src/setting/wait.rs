//! Lengths of time as people write them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A length of time: `90s`, `15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Wait(pub Duration);

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wait = crate::command::parse::duration(&text)?;
        if wait.is_zero() {
            return Err("expected more than no time at all".to_owned());
        }
        Ok(Self(wait))
    }
}
