//! Two networks want the same addresses.

use super::Rule;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::SubnetOverlap,
    why: "The subnet in the compose file overlaps with one that is there: another stack, a VPN, the host's own network.",
    example: "Pool overlaps with other one on this address space",
    verify: "the network is created and the container starts",
    prevention: &[
        "leave subnets to the engine (default-address-pools in daemon.json) unless somebody outside needs them",
    ],
    check,
};

const WORDS: &[&str] = &[
    "Pool overlaps with other one",
    "could not find an available, non-overlapping IPv4 address pool",
    "conflicts with network",
    "Address already in use",
];

fn check(view: &View<'_>) -> Option<Finding> {
    let line = super::engine_says(view, WORDS)?;
    let image = Name::new(view.setup().map_or("", |setup| setup.image.as_str()));
    let summary = say!(
        "{} cannot start: the addresses of its network are taken (image `{}`)",
        view.name(),
        image
    );
    let mut finding = view.finding(Cause::SubnetOverlap, Confidence::Certain, summary, &[line]);
    finding.fixes.push(super::look(
        say!("see which network has them"),
        say!(
            "docker network ls -q | xargs docker network inspect -f '{}'",
            "{{.Name}} {{range .IPAM.Config}}{{.Subnet}}{{end}}"
        ),
    ));
    finding.fixes.push(super::by_hand(
        say!(
            "give the network of {} another subnet, or remove the network that is not used",
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
