//! It has as many files and connections open as it may.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::FdExhausted,
    why: "Every open file and connection takes a descriptor. A leak, or a limit that is too low for the load, uses them up.",
    example: "EMFILE: too many open files",
    verify: "the number of open descriptors levels off under the limit",
    prevention: &[
        "compose: ulimits: {nofile: {soft: 65536, hard: 65536}}; close what is opened; alert on process_open_fds",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::FdExhausted])?;
    let summary = say!(
        "{} has too many open files: its limit of descriptors is used up{}",
        view.name(),
        super::again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::FdExhausted, said, summary);
    finding.fixes.push(super::look(
        say!("see the limit"),
        say!(
            "docker inspect -f '{}' {}",
            "{{json .HostConfig.Ulimits}}",
            view.container
        ),
    ));
    finding.fixes.push(by_hand(
        say!(
            "find what {} opens and does not close, or raise `ulimits.nofile`",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
