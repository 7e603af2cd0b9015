//! The other side is there and runs, and nothing answers on that port: the port is wrong, or it listens on
//! its own loopback address only.

use super::Rule;
use super::{by_hand, reach_finding, recreate};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;
use crate::stack::Key;
use crate::text::Clean;

pub const RULE: Rule = Rule {
    cause: Cause::ConnectionRefused,
    why: "A refused connection means that the machine answered and no program listens on that port and address.",
    example: "connect ECONNREFUSED 172.18.0.2:5433, while db listens on 5432",
    verify: "the port answers from inside the client's container",
    prevention: &[
        "listen on 0.0.0.0 inside containers; keep ports in one place and hand them to both sides",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble =
        Trouble::of(view).filter(|trouble| trouble.symptom == Cause::ConnectionRefused)?;
    let port = trouble
        .port
        .map_or_else(|| say!("a port"), |port| say!("port {}", port));
    let (summary, fix, at_fault) = match &trouble.reach {
        Reach::WrongPort(other) => (
            say!(
                "{} asks {} on {}, where it does not listen",
                view.name(),
                other.service,
                port
            ),
            say!(
                "correct the port in the configuration of {}: {}",
                view.name(),
                listening(view, other)
            ),
            view.service,
        ),
        Reach::LoopbackOnly(other) => (
            say!(
                "{} listens on {} of its own loopback address only, so {} is refused",
                other.service,
                port,
                view.name()
            ),
            say!(
                "let {} listen on 0.0.0.0 in place of 127.0.0.1",
                other.service
            ),
            other,
        ),
        Reach::Stale(other) => (
            super::stale(view, &trouble, other),
            super::look_up_again(view, other),
            view.service,
        ),
        Reach::Outside => (
            say!(
                "{} is refused on {} of {}",
                view.name(),
                port,
                trouble.host.clone().unwrap_or_else(|| say!("what it asks"))
            ),
            say!(
                "see what should answer there, and correct the address in the configuration of {}",
                view.name()
            ),
            view.service,
        ),
        _ => return None,
    };
    let mut finding = reach_finding(view, Cause::ConnectionRefused, &trouble, summary);
    if trouble.reach == Reach::Outside {
        finding.confidence = Confidence::Likely;
    }
    finding.service = at_fault.clone();
    finding.fixes.push(by_hand(fix, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}

fn listening(view: &View<'_>, other: &Key) -> Clean {
    let views = View::all_of(other, view.case);
    let line = views
        .iter()
        .find_map(|view| Some(view.sockets()?.0.text.clone()));
    line.map(|text| say!("{} {}", other.service, text))
        .unwrap_or_default()
}
