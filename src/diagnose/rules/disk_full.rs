//! No space is left where it writes.

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DiskFull,
    why: "Logs, uploads, temporary files or the database itself have filled the disk, the volume or the tmpfs.",
    example: "No space left on device",
    verify: "df shows free space where the service writes, and the service stays up",
    prevention: &[
        "compose: logging: {options: {max-size: 10m, max-file: 3}}; alert at 85 % of every volume; size a tmpfs for what is written to it",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::DiskFull])?;
    let full = super::full::of(view, said.1);
    if full.is_inodes {
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
        "{} has no space left in {}{}",
        who,
        place,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::DiskFull, said, summary);
    finding.evidence.extend(full.proof);
    finding.service = server.clone().unwrap_or_else(|| view.service.clone());
    finding.fixes.push(super::look(
        say!("see what is left"),
        say!("docker exec {} df -h", view.container),
    ));
    finding.fixes.push(by_hand(
        say!(
            "free or add space in {}: enlarge the tmpfs or volume, or delete what is not needed",
            place
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
