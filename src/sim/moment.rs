//! Arithmetic on moments that saturates: a simulation must not fall over a silly time span.

use std::time::Duration;

use jiff::Timestamp;

/// `span` after `at`, or the end of time.
pub(super) fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// `span` before `at`, or the beginning of time.
pub(super) fn earlier(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// How long `until` is after `since`; nothing when it is before.
pub(super) fn between(since: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(since)).unwrap_or_default()
}

/// The first multiple of `every` after `start` that is not before `floor`.
pub(super) fn first_beat(start: Timestamp, every: Duration, floor: Timestamp) -> Timestamp {
    let passed = between(start, floor).as_nanos();
    let beats = passed.div_ceil(every.as_nanos().max(1)).max(1);
    let span = u64::try_from(every.as_nanos() * beats).unwrap_or(u64::MAX);
    later(start, Duration::from_nanos(span))
}
