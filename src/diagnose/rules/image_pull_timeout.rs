//! Its image could not be pulled in time.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::ImagePullTimeout,
    why: "The registry did not answer, or the way to it is slow or closed.",
    example: "net/http: request canceled while waiting for connection",
    verify: "docker pull succeeds on the host",
    prevention: &["pull before you deploy, and keep a mirror near"],
    check,
};

pub(super) const WORDS: &[&str] = &[
    "net/http: TLS handshake timeout",
    "request canceled while waiting",
    "Client.Timeout exceeded",
    "dial tcp: i/o timeout",
    "/v2/\": context deadline exceeded",
    NO_ANSWER,
];

/// A slow registry answers whoever waits longer.
const NO_ANSWER: &str = "the registry did not answer";

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let summary = say!(
        "{} cannot start: `{}` could not be pulled in time",
        view.name(),
        image
    );
    let confidence = match super::engine_says(view, &[NO_ANSWER]) {
        Some(_) => Confidence::Likely,
        None => Confidence::Certain,
    };
    let mut finding = view.finding(Cause::ImagePullTimeout, confidence, summary, &[line]);
    finding.fixes.push(super::look(
        say!("try the pull by hand"),
        say!("docker pull {}", image),
    ));
    finding.fixes.push(super::by_hand(
        say!("see that the host reaches the registry (proxy, DNS, firewall)"),
        Risk::Read,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
