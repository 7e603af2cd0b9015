//! Where things are kept, and for how long.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::{Secret, Wait};

/// What survives a restart: reports, runs and their journal, incidents.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite://FILE`, or `postgres://…` for several replicas. Without it, the file
    /// `dogwatch.db` in the state directory: `$DOGWATCH_STATE`, else `$XDG_STATE_HOME/dogwatch`,
    /// else `~/.local/state/dogwatch`.
    pub url: Option<StoreUrl>,
    pub keep: KeepSettings,
}

/// How long what is over is kept. What goes on is kept in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeepSettings {
    /// The single alerts, after the end of their incident, such as `90d`. Without it, 90 days.
    pub alerts: Option<Wait>,
    /// Incidents with their timelines, after their end, such as `365d`. Without it, a year.
    pub incidents: Option<Wait>,
    /// Reports, after they were made. Without it, a year.
    pub reports: Option<Wait>,
    /// Runs with their journals, after their end. Without it, a year.
    pub runs: Option<Wait>,
}

const SEASON: Duration = Duration::from_hours(90 * 24);
const YEAR: Duration = Duration::from_hours(365 * 24);

impl KeepSettings {
    pub fn alerts(&self) -> Duration {
        self.alerts.map_or(SEASON, |wait| wait.0)
    }

    pub fn incidents(&self) -> Duration {
        self.incidents.map_or(YEAR, |wait| wait.0)
    }

    pub fn reports(&self) -> Duration {
        self.reports.map_or(YEAR, |wait| wait.0)
    }

    pub fn runs(&self) -> Duration {
        self.runs.map_or(YEAR, |wait| wait.0)
    }
}

/// The address of a database. It may hold a password.
#[derive(Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline)]
pub struct StoreUrl(#[schemars(with = "String")] Secret);

const EXPECTED: &str = "expected `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`";

impl StoreUrl {
    /// A file of the embedded database.
    pub fn file(path: &Path) -> Self {
        Self(Secret::new(format!("sqlite://{}", path.display())))
    }

    /// All of it, for the connection and for the redactor.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The password in it, if there is one.
    pub fn password(&self) -> Option<&str> {
        let (_, rest) = self.expose().split_once("://")?;
        let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        Some(password)
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let known = matches!(scheme, "sqlite" | "postgres" | "postgresql");
        if !known || rest.is_empty() || rest.chars().any(char::is_control) {
            return Err(EXPECTED);
        }
        if scheme == "sqlite" && rest.contains('?') {
            return Err("expected `sqlite://FILE` alone; the embedded database takes no options");
        }
        Ok(Self(Secret::new(text)))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreUrl")
    }
}
