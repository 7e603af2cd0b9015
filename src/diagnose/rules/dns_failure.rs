//! A host name does not resolve, and no service has that name.

use super::Rule;
use super::{by_hand, reach_finding, recreate};
use crate::action::Risk;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::text::Name;

pub const RULE: Rule = Rule {
    cause: Cause::DnsFailure,
    why: "A typing error in a name, a service that was renamed, or a name of the outside while there is no way to resolve it.",
    example: "getaddrinfo ENOTFOUND postgers",
    verify: "the name resolves from inside the container",
    prevention: &[
        "check at start that configured hosts resolve, and name the one that does not in the error",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble = Trouble::of(view).filter(|trouble| trouble.symptom == Cause::DnsFailure)?;
    let host = match (&trouble.reach, &trouble.host) {
        (Reach::Unknown | Reach::Outside, Some(host)) => say!("`{}`", host),
        (Reach::Outside, None) => say!("a host name"),
        _ => return None,
    };
    let near = trouble
        .host
        .as_ref()
        .and_then(|host| nearest(view, host.as_str()));
    let hint = near
        .as_ref()
        .map(|near| say!("; there is a service `{}`", near))
        .unwrap_or_default();
    let summary = say!(
        "{} asks for {}, a name that does not resolve{}",
        view.name(),
        host,
        hint
    );
    let mut finding = reach_finding(view, Cause::DnsFailure, &trouble, summary);
    finding.evidence.extend(super::named_where(view, &trouble));
    let text = match near {
        Some(near) => say!(
            "write `{}` in place of {} in the configuration of {}",
            near,
            host,
            view.name()
        ),
        None => say!(
            "correct {} in the configuration of {}, or start the service of that name in the same network",
            host,
            view.name()
        ),
    };
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}

/// The neighbour that was probably meant.
pub(in crate::diagnose) fn nearest(view: &View<'_>, host: &str) -> Option<Name> {
    let neighbours: Vec<&Name> = view
        .case
        .graph
        .neighbours(view.service)
        .map(|key| &key.service)
        .collect();
    let known = neighbours.iter().map(|name| name.as_str());
    crate::command::suggest::nearest(host, known).map(Name::new)
}
