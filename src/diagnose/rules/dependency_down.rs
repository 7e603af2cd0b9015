//! A service it needs does not work. Why that one does not is the answer where it can be found; only where
//! it cannot, this is.

use super::Rule;
use super::{by_hand, reach_finding};
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::reach::{Reach, Trouble};
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DependencyDown,
    why: "A service fails because another does, and the other left no word about why.",
    example: "getaddrinfo ENOTFOUND auth, while auth ended with code 4 and wrote nothing",
    verify: "the other service runs and answers",
    prevention: &[
        "let every service write why it ends; give callers a timeout and an answer for when the other is away",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let trouble = Trouble::of(view)?;
    let (Reach::Down(other) | Reach::Troubled(other)) = &trouble.reach else {
        return None;
    };
    if matches!(trouble.reach, Reach::Troubled(_)) && trouble.symptom == Cause::ConnectionTimeout {
        return None;
    }
    let is = if matches!(trouble.reach, Reach::Down(_)) {
        "does not run as it should"
    } else {
        "does not answer as it should"
    };
    let summary = say!("{} needs {}, which {}", view.name(), other.service, is);
    let mut finding = reach_finding(view, Cause::DependencyDown, &trouble, summary);
    finding.confidence = Confidence::Likely;
    finding.because_of = Some(other.clone());
    let command = say!(
        "docker ps -a --filter label=com.docker.compose.service={}",
        other.service
    );
    finding
        .fixes
        .push(super::look(say!("see how {} is", other.service), command));
    finding.fixes.push(by_hand(
        say!("bring {} back, then {}", other.service, view.name()),
        Risk::Change,
    ));
    Some(finding)
}
