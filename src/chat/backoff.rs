//! How soon a connection that broke is tried again: the first time at once, then less and less often.

use std::time::Duration;

/// What lived so long did nothing wrong.
pub(super) const SETTLED: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_secs(30);

/// After so many connections that ended soon after they began.
pub(super) fn backoff(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        more => Duration::from_secs(1 << more.saturating_sub(2).min(5)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_at_once_and_then_less_often() {
        let pauses: Vec<u64> = (0..9).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(pauses, [0, 0, 1, 2, 4, 8, 16, 30, 30]);
    }
}
