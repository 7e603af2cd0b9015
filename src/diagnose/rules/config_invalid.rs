//! Its configuration cannot be read or holds a value it does not take.

use super::Rule;
use super::{again_and_again, by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ConfigInvalid,
    why: "A typing error in a configuration file, a flag that this version does not know, a value of the wrong kind. The program refuses to start, and says which line it means.",
    example: "nginx: [emerg] unknown directive \"proxy_pas\" in /etc/nginx/nginx.conf:2",
    verify: "the program's own check of its configuration passes (nginx -t, postgres -C, redis-server --check-system), and the service stays up",
    prevention: &[
        "check configuration in CI with the program that reads it (nginx -t, redis-server --test-memory 0, node --check)",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    refused_by_engine(view).or_else(|| refused_by_itself(view))
}

/// What the engine finds wrong with the container's settings only when it starts it.
fn refused_by_engine(view: &View<'_>) -> Option<Finding> {
    const REFUSED: &[(&[&str], &str)] = &[
        (
            &["unable to find user", "unable to find group"],
            "its `user` does not exist in the image",
        ),
        (
            &[
                "gathering device information",
                "could not select device driver",
            ],
            "a device it asks for is not on the host",
        ),
        (
            &["setting rlimit", "sysctl", "/proc/sys/"],
            "a limit or kernel setting of it is not allowed here",
        ),
        (
            &[" config` failed: "],
            "compose refuses the files that it is made from",
        ),
        (
            &["chdir to cwd"],
            "its working directory is not there or not its own",
        ),
    ];
    let (line, why) = REFUSED
        .iter()
        .find_map(|(words, why)| Some((super::engine_says(view, words)?, *why)))?;
    let summary = say!("{} cannot start: {}", view.name(), why);
    let mut finding = view.finding(Cause::ConfigInvalid, Confidence::Certain, summary, &[line]);
    finding.fixes.push(by_hand(
        say!(
            "correct the setting of {} that the engine names",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}

fn refused_by_itself(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::ConfigInvalid])?;
    let hit = said.1;
    let what = hit
        .name("message")
        .or_else(|| hit.name("directive"))
        .or_else(|| hit.name("file"));
    let summary = match what {
        Some(what) => say!(
            "{} refuses its configuration: {}{}",
            view.name(),
            what,
            again_and_again(view)
        ),
        None => say!(
            "{} refuses its configuration{}",
            view.name(),
            again_and_again(view)
        ),
    };
    let mut finding = said_finding(view, Cause::ConfigInvalid, said, summary);
    // the line before often holds the directive itself
    finding.evidence.extend(
        super::lines_around(view, said.0)
            .into_iter()
            .map(crate::evidence::Evidence::cite),
    );
    finding.evidence.sort();
    finding.evidence.dedup();
    let place = hit
        .name("file")
        .map(|file| say!(" in {}", file))
        .unwrap_or_default();
    finding.fixes.push(by_hand(
        say!("correct the setting that {} names{}", view.name(), place),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
