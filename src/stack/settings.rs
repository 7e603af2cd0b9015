//! Stacks as the configuration names them. What compose labels say is found without it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::Identifier;

/// One compose project. It is needed only for what changes the stack as a whole: deploy, rebuild,
/// lint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StackSettings {
    /// The host it runs on, by its name under `hosts`. Without it: `local`, or the only host.
    pub host: Option<Identifier>,
    /// The directory of its compose files, on that host.
    pub directory: Option<PathBuf>,
    /// How compose is called on that host.
    pub compose_command: Vec<String>,
    /// What it is for, such as `prod` or `staging`: `approval` and roles go by it.
    pub environment: Option<Identifier>,
    /// Groups of its services, for `@GROUP` and ordered runbooks. The label `dogwatch.groups` on a
    /// container does the same.
    pub groups: BTreeMap<Identifier, Vec<Identifier>>,
    /// Its compose files, relative to `directory`. Without them, compose's own choice.
    pub files: Vec<String>,
}

impl Default for StackSettings {
    fn default() -> Self {
        Self {
            host: None,
            directory: None,
            compose_command: vec!["docker".to_owned(), "compose".to_owned()],
            environment: None,
            groups: BTreeMap::new(),
            files: Vec::new(),
        }
    }
}
