//! It asks itself for what another service serves: `localhost` in a container is the container.

use super::Rule;
use super::{by_hand, reach_finding, recreate};
use crate::action::Risk;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::LocalhostMisuse,
    why: "Every container has its own loopback address. `localhost` and `127.0.0.1` reach only what runs in the same container; other services are reached by their names.",
    example: "connect ECONNREFUSED 127.0.0.1:5432, while db listens on 5432",
    verify: "the service connects to the other by its name",
    prevention: &[
        "take addresses from the environment (DATABASE_URL=postgres://db:5432/app), with no default of localhost in images",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble = Trouble::of(view)?;
    let Reach::Localhost(owner) = &trouble.reach else {
        return None;
    };
    let port = trouble
        .port
        .map(|port| say!(":{}", port))
        .unwrap_or_default();
    let host = trouble.host.clone().unwrap_or_else(|| say!("localhost"));
    let summary = say!(
        "{} asks {}{} which is itself; {} listens there in another container",
        view.name(),
        host,
        port,
        owner.service
    );
    let mut finding = reach_finding(view, Cause::LocalhostMisuse, &trouble, summary);
    finding.fixes.push(by_hand(
        say!(
            "put `{}{}` in place of `{}{}` in the configuration of {}",
            owner.service,
            port,
            host,
            port,
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(recreate(view));
    Some(finding)
}
