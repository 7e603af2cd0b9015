//! How alerts come in.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::Secret;

/// Alert webhooks under `/alerts/`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// The bearer token that every webhook must carry. Without it, alerts are refused.
    pub token: Option<Secret>,
}
