//! Why an engine did not do what was asked, in words that say what to do about it.

use thiserror::Error;

use crate::text::{Clean, Name};

/// One line for people; `is_retryable` for machines.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    #[error("no engine at `{endpoint}`: {why}")]
    Unreachable { endpoint: Clean, why: Clean },
    #[error("not allowed to use the engine at `{endpoint}`: {advice}")]
    Denied { endpoint: Clean, advice: Clean },
    #[error("the engine at `{endpoint}` speaks API {found}; {needed} or newer is needed")]
    TooOld {
        endpoint: Clean,
        found: Clean,
        needed: &'static str,
    },
    /// The thing asked for is gone or never was.
    #[error("{what} `{name}` is not there")]
    NotFound { what: &'static str, name: Name },
    /// The engine refuses in its present state: already removed, in use, not running.
    #[error("the engine refused: {message}")]
    Refused { status: u16, message: Clean },
    #[error("{what} took longer than {limit_s} s")]
    TimedOut { what: Clean, limit_s: u64 },
    /// It answered something that cannot be read, or the connection broke in the middle.
    #[error("the engine's answer broke off: {why}")]
    Broken { why: Clean },
}

impl EngineError {
    /// Whether asking again, unchanged, can help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Broken { .. } => true,
            // 501: it cannot do that at all, such as read the log of some drivers.
            Self::Refused { status, .. } => *status >= 500 && *status != 501,
            Self::Denied { .. } | Self::TooOld { .. } | Self::NotFound { .. } => false,
        }
    }

    /// Whether the engine as a whole, rather than this one request, is the trouble.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Denied { .. } | Self::TooOld { .. }
        )
    }
}
