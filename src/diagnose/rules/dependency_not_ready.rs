//! What it needs was not ready when it was needed, and it did not wait.

use super::Rule;
use super::{by_hand, reach_finding};
use crate::action::Risk;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DependencyNotReady,
    why: "Containers of a stack start together. A database takes seconds to accept connections; a service that tries once and ends loses the race.",
    example: "ECONNREFUSED at the start, while the database listens now",
    verify: "the service runs after a start of the whole stack",
    prevention: &[
        "compose: depends_on: {db: {condition: service_healthy}} with a health check on db; and retry with growing pauses in the program",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble = Trouble::of(view)?;
    let (other, is_now) = match &trouble.reach {
        Reach::TooEarly(other) if trouble.symptom != Cause::ConnectionTimeout => (other, "is now"),
        Reach::NotListening(other) => (other, "is still starting: nothing listens in it yet"),
        _ => return None,
    };
    let summary = say!(
        "{} needed {} before it was ready and did not wait; it {}",
        view.name(),
        other.service,
        is_now
    );
    let mut finding = reach_finding(view, Cause::DependencyNotReady, &trouble, summary);
    finding.evidence.extend(super::named_where(view, &trouble));
    finding.because_of = matches!(trouble.reach, Reach::NotListening(_)).then(|| other.clone());
    finding.fixes.push(super::start_again(view));
    finding.fixes.push(by_hand(
        say!(
            "let {} wait for {}: a health check on {} and `condition: service_healthy`",
            view.name(),
            other.service,
            other.service
        ),
        Risk::Change,
    ));
    Some(finding)
}
