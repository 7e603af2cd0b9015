//! There is space left, but no inode: too many small files.

use super::Rule;
use super::full::{self, Words};
use crate::diagnose::Cause;
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::InodesFull,
    why: "A file system has a fixed number of inodes, one for each file. Millions of small files use them up long before the space is gone, and the error is the same.",
    example: "No space left on device, while df -i shows 100 %",
    verify: "df -i shows free inodes where the service writes",
    prevention: &[
        "do not keep sessions or caches as one file each; alert on inodes as well as on space",
    ],
    check: |view| full::check(view, &WORDS),
};

const WORDS: Words = Words {
    cause: Cause::InodesFull,
    lacks: "inode",
    look: "df -i",
    mend: |place| {
        say!(
            "delete files in {}, or give it more inodes (`nr_inodes` of a tmpfs): there is space, but too many files",
            place
        )
    },
};
