//! Its env file is not there.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::EnvFileMissing,
    why: "The compose file names an env file that does not exist in this place.",
    example: "env file /srv/shop/.env not found",
    verify: "docker compose config passes",
    prevention: &[
        "keep an .env.example next to the compose file and check it with docker compose config in CI",
    ],
    check,
};

const WORDS: &[&str] = &["env file", "Couldn't find env file"];

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let summary = say!(
        "{} cannot start: its env file is missing (image `{}`)",
        view.name(),
        image
    );
    let mut finding = view.finding(Cause::EnvFileMissing, Confidence::Certain, summary, &[line]);
    finding.fixes.push(super::by_hand(
        say!("put the env file that the compose file names in its place"),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
