//! Its image is for another kind of machine.

use super::{Rule, exec_format_error};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::Evidence;
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::ImagePlatformMismatch,
    why: "Images are built for an architecture. One that was built on an arm64 laptop does not run on an amd64 server.",
    example: "image with reference shop/api was found but does not match the specified platform",
    verify: "the image's architecture is the host's",
    prevention: &[
        "build for every platform you run on: docker buildx build --platform linux/amd64,linux/arm64",
    ],
    check,
};

pub(super) const WORDS: &[&str] = &[
    "does not match the specified platform",
    "no matching manifest for",
    "image operating system",
];

/// The engine refused the image, or took it and the kernel refused its program.
fn proof<'e>(view: &View<'e>) -> Option<Vec<&'e Evidence>> {
    if let Some(line) = super::engine_says(view, WORDS) {
        return Some(vec![line]);
    }
    let foreign = view.foreign_image()?;
    let mut proof = exec_format_error::refused(view)?;
    proof.push(foreign);
    Some(proof)
}

fn check(view: &View<'_>) -> Option<Finding> {
    let proof = proof(view)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let summary = say!(
        "{} cannot start: `{}` is built for another platform",
        view.name(),
        image
    );
    let mut finding = view.finding(
        Cause::ImagePlatformMismatch,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding.fixes.push(super::look(
        say!("see what the image is built for"),
        say!(
            "docker image inspect -f '{}' {}",
            "{{.Os}}/{{.Architecture}}",
            image
        ),
    ));
    finding.fixes.push(super::by_hand(
        say!(
            "build the image of {} for this host's platform",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::rebuild(view));
    Some(finding)
}
