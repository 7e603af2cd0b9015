//! What programs say when they cannot build or pull: the causes that a line of their output proves
//! by itself, by the words of the rules.

use super::{
    build_failed, image_not_found, image_platform_mismatch, image_pull_denied, image_pull_timeout,
};
use crate::diagnose::Cause;

/// A registry that refuses comes before a builder that gave up because of it.
const SAID: &[(Cause, &[&str])] = &[
    (Cause::DiskFull, &["no space left on device"]),
    (Cause::ImagePullDenied, image_pull_denied::WORDS),
    (Cause::ImageNotFound, image_not_found::WORDS),
    (Cause::ImagePullTimeout, image_pull_timeout::WORDS),
    (Cause::ImagePlatformMismatch, image_platform_mismatch::WORDS),
    (Cause::BuildFailed, build_failed::WORDS),
];

/// The cause that a program's output proves, and the last line that does.
pub fn by_program(output: &str) -> Option<(Cause, &str)> {
    SAID.iter().find_map(|(cause, words)| {
        let proves = |line: &&str| words.iter().any(|word| line.contains(word));
        Some((*cause, output.lines().rev().find(proves)?))
    })
}
