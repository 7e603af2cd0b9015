//! Its image may not be pulled.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::ImagePullDenied,
    why: "The registry asks for a login that this host does not have, or the account may not read the repository.",
    example: "pull access denied for shop/api, repository does not exist or may require 'docker login'",
    verify: "docker pull succeeds on the host",
    prevention: &["give hosts a read-only account of the registry and watch when it ends"],
    check,
};

pub(super) const WORDS: &[&str] = &[
    "pull access denied",
    "unauthorized: authentication required",
    "denied: requested access",
    "no basic auth credentials",
    "the registry refuses",
];

/// A login of this host's, if it has one, was not tried.
const WITHOUT_LOGIN: &str = "asked without a login";

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let summary = say!(
        "{} cannot start: the registry refuses to hand out `{}`",
        view.name(),
        image
    );
    let untried = super::engine_says(view, &[WITHOUT_LOGIN]).is_some();
    let confidence = if untried {
        Confidence::Likely
    } else {
        Confidence::Certain
    };
    let mut finding = view.finding(Cause::ImagePullDenied, confidence, summary, &[line]);
    if untried {
        finding.fixes.push(super::look(
            say!("see whether a login that this host has is let in"),
            say!("docker pull {}", image),
        ));
    }
    finding.fixes.push(super::by_hand(
        say!(
            "log the host in to the registry of {}, with an account that may read it",
            image
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
