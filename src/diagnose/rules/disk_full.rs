//! No space is left where it writes.

use super::Rule;
use super::full::{self, Words};
use crate::diagnose::Cause;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DiskFull,
    why: "Logs, uploads, temporary files or the database itself have filled the disk, the volume or the tmpfs.",
    example: "No space left on device",
    verify: "df shows free space where the service writes, and the service stays up",
    prevention: &[
        "compose: logging: {options: {max-size: 10m, max-file: 3}}; alert at 85 % of every volume; size a tmpfs for what is written to it",
    ],
    check: |view| full::check(view, &WORDS),
};

const WORDS: Words = Words {
    cause: Cause::DiskFull,
    lacks: "space",
    look: "df -h",
    mend: |place| {
        say!(
            "free or add space in {}: enlarge the tmpfs or volume, or delete what is not needed",
            place
        )
    },
};
