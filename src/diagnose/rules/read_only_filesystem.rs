//! It writes where nothing may be written.

use super::Rule;
use super::{again_and_again, by_hand, named, recreate, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ReadOnlyFilesystem,
    why: "The container's root is read-only, or the mount is: `read_only: true`, `:ro`. Programs still want to write pid files, caches and temporary files.",
    example: "EROFS: read-only file system, open '/var/cache/app.pid'",
    verify: "the path can be written to, and the service stays up",
    prevention: &[
        "compose: read_only: true with tmpfs: [/tmp, /run] and a volume for each directory that is written to",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::ReadOnlyFilesystem])?;
    let file = named(said.1, "file", "a file");
    let mount = said
        .1
        .name("file")
        .and_then(|file| super::mount_over(view, file.as_str()));
    let (why, text) = match &mount {
        Some(mount) => (
            say!("the mount at {} is read-only", mount.destination),
            say!(
                "mount {} of {} without `:ro`, or write elsewhere",
                mount.destination,
                view.name()
            ),
        ),
        None => (
            say!("its root file system is read-only"),
            say!(
                "mount a tmpfs or a volume where {} writes {}",
                view.name(),
                file
            ),
        ),
    };
    let summary = say!(
        "{} wants to write {}, but {}{}",
        view.name(),
        file,
        why,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::ReadOnlyFilesystem, said, summary);
    finding.evidence.push(super::noted(view, why));
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
