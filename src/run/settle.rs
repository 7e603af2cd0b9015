//! A step that had begun when the program stopped: did it happen? The engine is looked at before
//! anything is done again.

use jiff::{SignedDuration, Timestamp};

use crate::action::{Action, Risk};
use crate::engine::{Engine, EngineError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Happened,
    /// It did not happen, or doing it again changes nothing.
    Repeat,
    Unknown,
}

/// The engine's clock and ours may differ by so much.
const CLOCKS: SignedDuration = SignedDuration::from_millis(50);

pub(super) async fn settle(engine: &Engine, action: &Action, begun: Timestamp) -> Settled {
    match action {
        // ids and moments of creation are not given twice: what is still there did not go
        Action::Remove { subject, .. } => match engine.container(&subject.id).await {
            Err(EngineError::NotFound { .. }) => Settled::Happened,
            Ok(_) => Settled::Repeat,
            Err(_) => Settled::Unknown,
        },
        Action::RemoveVolume {
            created: Some(_), ..
        } => Settled::Repeat,
        Action::Restart { subject, .. } => match engine.container(&subject.id).await {
            Ok(now) if now.state.started_at.is_some_and(|at| at >= begun - CLOCKS) => {
                Settled::Happened
            }
            // the engine may still be stopping it for us
            _ => Settled::Unknown,
        },
        other if other.risk() == Risk::Destructive => Settled::Unknown,
        other if other.spec().idempotent => Settled::Repeat,
        _ => Settled::Unknown,
    }
}
