//! Nobody answers at that address.

use super::Rule;
use super::{by_hand, reach_finding};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::standing::is_open;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::stack::Key;

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
        Reach::Outside | Reach::Unknown | Reach::Troubled(_) | Reach::TooEarly(_) | Reach::Stale(_)
    ) {
        return None;
    }
    let host = trouble.host.clone().unwrap_or_else(|| say!("what it asks"));
    let port = trouble
        .port
        .map(|port| say!(":{}", port))
        .unwrap_or_default();
    let silent = silent(view, &trouble);
    let summary = match (silent, &trouble.reach) {
        (Some(other), _) => say!(
            "{} takes connections{} and does not answer {}",
            other.service,
            port,
            view.name()
        ),
        (None, Reach::Stale(other)) => super::stale(view, &trouble, other),
        (None, _) => say!("{} gets no answer from {}{}", view.name(), host, port),
    };
    let mut finding = reach_finding(view, Cause::ConnectionTimeout, &trouble, summary);
    finding.evidence.extend(super::named_where(view, &trouble));
    finding.confidence = Confidence::Likely;
    if let Reach::Troubled(other) = &trouble.reach {
        finding.because_of = Some(other.clone());
    }
    if let Some(other) = silent {
        finding.service = other.clone();
        finding.fixes.push(super::read_logs(view));
    }
    if let Reach::Stale(other) = &trouble.reach {
        finding
            .fixes
            .push(by_hand(super::look_up_again(view, other), Risk::Change));
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

/// The other end is connected to and never answers: then it hangs, whatever keeps it.
fn silent<'t>(view: &View<'_>, trouble: &'t Trouble<'_>) -> Option<&'t Key> {
    const ON_THE_WAY: &[&str] = &[
        "while connecting",
        "connect etimedout",
        "connect timeout",
        "connecttimeout",
        "ehostunreach",
        "no route",
        "unreachable",
        "timeout expired",
        "failed to connect",
    ];
    let Reach::Troubled(other) = &trouble.reach else {
        return None;
    };
    let text = trouble.line?.text.as_str().to_lowercase();
    let never_connected = ON_THE_WAY.iter().any(|words| text.contains(words));
    (!never_connected && trouble.port.is_some() && is_open(view.case, other, trouble.port))
        .then_some(other)
}
