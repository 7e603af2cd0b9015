//! The one place that knows what time it is. Everything else is handed a time or a `Clock`,
//! so tests can hold time still or move it by hand.

use jiff::Timestamp;
use tokio::time::Instant;

/// Where the present moment comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// Starts at `origin` and follows tokio's clock, which tests can pause and advance.
    Simulated { origin: Timestamp, started: Instant },
}

impl Clock {
    /// A clock that reads `origin` now and moves with tokio's time.
    pub fn simulated(origin: Timestamp) -> Self {
        Self::Simulated {
            origin,
            started: Instant::now(),
        }
    }

    /// An id that nobody else has and that sorts by the time it was made.
    pub fn id(&self) -> String {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        ulid::Ulid::from_parts(millis, ulid::Ulid::generate().random()).to_string()
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Simulated { origin, started } => {
                let passed = jiff::SignedDuration::try_from(started.elapsed()).unwrap_or_default();
                origin.checked_add(passed).unwrap_or(*origin)
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock the ban points to"
)]
fn system_now() -> Timestamp {
    Timestamp::now()
}
