//! What a diagnosis may do beside reading.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a diagnosis may do beside reading what is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiagnoseSettings {
    /// Whether a name that does not resolve and a port that does not answer are tried from inside
    /// the container that complains, with `getent`, `nslookup` and `nc` where its image has them.
    pub probes: bool,
}
