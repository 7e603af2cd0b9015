//! Somebody it asks has told it to slow down.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::RateLimited,
    why: "The other side allows so many requests in a time, and this service makes more: a retry loop without pause, more replicas than before, a shared key.",
    example: "429 Too Many Requests",
    verify: "the service's requests are answered again",
    prevention: &["wait as long as Retry-After says, with growing pauses and a budget for retries"],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::RateLimited])?;
    let summary = say!(
        "{} is rate limited by what it asks{}",
        view.name(),
        super::again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::RateLimited, said, summary);
    finding.fixes.push(by_hand(say!("let {} wait as the answer says and make fewer requests; ask for a higher limit if it needs one", view.name()), Risk::Change));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
