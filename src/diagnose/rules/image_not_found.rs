//! Its image does not exist under that name.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::ImageNotFound,
    why: "The name or the tag is wrong, or the image was only ever built on another machine.",
    example: "manifest for shop/api:v12 not found: manifest unknown",
    verify: "docker image inspect finds the image",
    prevention: &["pin images by digest, and push before you deploy"],
    check,
};

pub(super) const WORDS: &[&str] = &[
    "manifest unknown",
    "No such image",
    "not found: manifest",
    "repository does not exist",
    "image not known",
];

/// Whether it would have the image is not known then.
const REGISTRY_AWAY: &str = "its registry cannot be asked";

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let is_away = super::engine_says(view, &[REGISTRY_AWAY]).is_some();
    let (confidence, more) = if is_away {
        (
            Confidence::Likely,
            " here, and its registry cannot be asked",
        )
    } else {
        (Confidence::Certain, "")
    };
    let summary = say!(
        "{} cannot start: there is no image `{}`{}",
        view.name(),
        image,
        more
    );
    let mut finding = view.finding(Cause::ImageNotFound, confidence, summary, &[line]);
    if is_away {
        finding.fixes.push(super::look(
            say!("see whether the host reaches its registry (proxy, DNS, firewall)"),
            say!("docker pull {}", image),
        ));
    }
    finding.fixes.push(super::look(
        say!("see what images of that name are here"),
        say!("docker image ls {}", image),
    ));
    finding.fixes.push(super::by_hand(
        say!("correct the image of {}, or build and push it", view.name()),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
