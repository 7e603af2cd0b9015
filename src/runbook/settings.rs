//! Runbooks as the configuration knows them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Identifier, Secret};

/// Runbooks of your own, and what they may use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunbookSettings {
    /// A directory with runbooks of your own (`*.yml`, also in directories in it). They stand
    /// beside the built-in ones and are read again when they change. Log signatures of your own
    /// are in its `signatures.yml`.
    pub directory: Option<PathBuf>,
    /// Secrets for programs that runbooks start, by the name a parameter of type `secret` gives.
    pub secrets: BTreeMap<Identifier, Secret>,
    /// How many runs may go on at the same time.
    pub at_once: Option<u16>,
}
