//! Nobody answers at that address.

use super::Rule;
use super::{by_hand, reach_finding};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ConnectionTimeout,
    why: "Packets are dropped on the way or arrive where nobody is: a wrong address, a firewall, a route that is missing, a server that is stuck.",
    example: "connect ETIMEDOUT 203.0.113.9:443",
    verify: "the address answers from inside the container",
    prevention: &["set short connect timeouts and say which address did not answer"],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble =
        Trouble::of(view).filter(|trouble| trouble.symptom == Cause::ConnectionTimeout)?;
    if !matches!(
        trouble.reach,
        Reach::Outside | Reach::Unknown | Reach::Troubled(_) | Reach::TooEarly(_)
    ) {
        return None;
    }
    let host = trouble.host.clone().unwrap_or_else(|| say!("what it asks"));
    let port = trouble
        .port
        .map(|port| say!(":{}", port))
        .unwrap_or_default();
    let summary = say!("{} gets no answer from {}{}", view.name(), host, port);
    let mut finding = reach_finding(view, Cause::ConnectionTimeout, &trouble, summary);
    finding.evidence.extend(super::named_where(view, &trouble));
    finding.confidence = Confidence::Likely;
    if let Reach::Troubled(other) = &trouble.reach {
        finding.because_of = Some(other.clone());
    }
    finding.fixes.push(by_hand(
        say!(
            "see that {}{} is the right address and that nothing on the way drops the packets",
            host,
            port
        ),
        Risk::Read,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
