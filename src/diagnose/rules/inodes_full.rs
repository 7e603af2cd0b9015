//! There is space left, but no inode: too many small files.

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::InodesFull,
    why: "A file system has a fixed number of inodes, one for each file. Millions of small files use them up long before the space is gone, and the error is the same.",
    example: "No space left on device, while df -i shows 100 %",
    verify: "df -i shows free inodes where the service writes",
    prevention: &[
        "do not keep sessions or caches as one file each; alert on inodes as well as on space",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::DiskFull])?;
    let full = super::full::of(view, said.1);
    if !full.is_inodes {
        return None;
    }
    let file = said.1.name("file");
    let place = full.place.clone().map_or_else(
        || file.map_or_else(|| say!("its disk"), |file| say!("the disk of `{}`", file)),
        |place| say!("`{}`", place),
    );
    let server = super::server_beyond(view, said);
    let who = server
        .as_ref()
        .map_or(view.name(), |server| &server.service);
    let summary = say!(
        "{} has no inode left in {}: too many files, though there is space{}",
        who,
        place,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::InodesFull, said, summary);
    finding.evidence.extend(full.proof);
    finding.service = server.clone().unwrap_or_else(|| view.service.clone());
    finding.fixes.push(super::look(
        say!("see what is left"),
        say!("docker exec {} df -i", view.container),
    ));
    finding.fixes.push(by_hand(
        say!(
            "delete files in {}, or give it more inodes (`nr_inodes` of a tmpfs)",
            place
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
