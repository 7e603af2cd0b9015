//! A module or library that it needs is not in its image.

use super::Rule;
use super::{again_and_again, by_hand, named, rebuild, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DependencyMissing,
    why: "The package was not installed into the image, was installed for another version, or the build left it out (a dev dependency, a mount over node_modules).",
    example: "Error: Cannot find module 'express'",
    verify: "the module can be loaded in a container of the image, and the service stays up",
    prevention: &[
        "build images from the lock file (npm ci, pip install -r, bundle install) and start each once in CI",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::DependencyMissing])?;
    let module = named(said.1, "module", "a module or library");
    let summary = say!(
        "{} cannot load {}, which is not in its image{}",
        view.name(),
        module,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::DependencyMissing, said, summary);
    let text = say!(
        "add {} to the packages of {} and build its image again",
        module,
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(rebuild(view));
    finding.prevention.push(say!("Dockerfile: install from the lock file in the same stage that ships; no volume over the installed packages"));
    Some(finding)
}
