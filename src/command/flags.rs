//! Flags that several words have, and those of `logs`.

use super::words::{Flag, FlagKind};

pub(super) const fn flag(name: &'static str, kind: FlagKind, about: &'static str) -> Flag {
    Flag { name, kind, about }
}

pub(super) const SINCE: Flag = flag(
    "since",
    FlagKind::Duration,
    "how far back to look: 90s, 15m, 2h, 1d",
);
pub(super) const GRACE: Flag = flag(
    "grace",
    FlagKind::Duration,
    "how long it may take to stop before it is killed",
);
pub(super) const LOG_FLAGS: &[Flag] = &[
    SINCE,
    flag(
        "until",
        FlagKind::Duration,
        "leave out what is newer than this: 5m",
    ),
    flag("tail", FlagKind::Number, "how many of the newest lines"),
    flag(
        "grep",
        FlagKind::Pattern,
        "only lines that match this regular expression",
    ),
    flag(
        "follow",
        FlagKind::Switch,
        "go on with new lines until cancelled",
    ),
    flag(
        "timestamps",
        FlagKind::Switch,
        "show when each line was written",
    ),
];
