//! A no: who lacks which right where, and whom to ask.

use std::fmt;

use super::Caller;
use crate::action::Risk;
use crate::text::Name;

/// What was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub caller: Box<Caller>,
    pub risk: Risk,
    pub stack: Option<Name>,
    pub runbook: Option<Name>,
    pub roles: Vec<String>,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stack = self.stack.as_ref().map_or("this host", Name::as_str);
        let roles = if self.roles.is_empty() {
            "no role".to_owned()
        } else {
            format!("`{}`", self.roles.join("`, `"))
        };
        let runbook = self.runbook.as_ref();
        let runbook = runbook
            .map(|name| format!(" for `{name}`"))
            .unwrap_or_default();
        write!(
            f,
            "`{}` needs the right `{}` on `{stack}`{runbook}, and has {roles}; ask whoever keeps `access` in the configuration",
            self.caller,
            self.risk.word()
        )
    }
}
