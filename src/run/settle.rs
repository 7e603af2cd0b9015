//! A step that had begun when the program stopped or the connection broke: did it happen? The engine
//! is looked at before anything is done again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::action::{Action, Risk};
use crate::engine::{Engine, EngineError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Happened,
    /// It did not happen, or doing it again changes nothing.
    Repeat,
    /// It has not happened so far; the engine may still be at it.
    NotYet,
    /// The engine cannot be asked.
    NoAnswer,
    Unknown,
}

/// The engine's clock and ours may differ by so much.
const CLOCKS: SignedDuration = SignedDuration::from_millis(50);

/// What an engine takes by itself when it is not said how long a container may take to stop.
const USUAL_GRACE: Duration = Duration::from_secs(10);

/// How long an engine may still be at something after the connection broke.
pub(super) fn may_last(action: &Action) -> Duration {
    match action {
        Action::Restart { grace, .. } => grace.unwrap_or(USUAL_GRACE) + USUAL_GRACE,
        _ => Duration::ZERO,
    }
}

pub(super) async fn settle(engine: &Engine, action: &Action, begun: Timestamp) -> Settled {
    match action {
        // ids are not given twice: what is still there did not go
        Action::Remove { subject, .. } => match engine.container(&subject.id).await {
            Err(EngineError::NotFound { .. }) => Settled::Happened,
            Ok(_) => Settled::Repeat,
            Err(error) => not_seen(&error),
        },
        Action::RemoveVolume { volume } => match engine.volume_touched(volume).await {
            Err(EngineError::NotFound { .. }) => Settled::Happened,
            // names are given twice: one that was made or written since may be another's by now
            Ok(Some(touched)) if touched <= begun + CLOCKS => Settled::Repeat,
            Ok(_) => Settled::Unknown,
            Err(error) => not_seen(&error),
        },
        Action::Restart { subject, .. } => match engine.container(&subject.id).await {
            Ok(now) if now.state.started_at.is_some_and(|at| at >= begun - CLOCKS) => {
                Settled::Happened
            }
            Ok(_) => Settled::NotYet,
            Err(error) => not_seen(&error),
        },
        other if other.risk() == Risk::Destructive => Settled::Unknown,
        other if other.spec().idempotent => Settled::Repeat,
        _ => Settled::Unknown,
    }
}

fn not_seen(error: &EngineError) -> Settled {
    if error.is_retryable() {
        Settled::NoAnswer
    } else {
        Settled::Unknown
    }
}
