//! Its credentials are refused.

use super::Rule;
use super::{again_and_again, by_hand, recreate, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::AuthFailed,
    why: "The password or user that the client has is not the one the server has: changed on one side, a volume that was initialised with an older one, or none given at all.",
    example: "FATAL: password authentication failed for user \"app\"",
    verify: "the client can log in with the credentials it has",
    prevention: &[
        "keep one secret for both sides; a database volume keeps the password it was first started with",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::AuthFailed])?;
    let server = super::server_of(view, said.1);
    let to = server
        .as_ref()
        .map_or_else(|| say!("the server"), |server| say!("{}", server.service));
    let who = said
        .1
        .name("user")
        .map(|user| say!(" as `{}`", user))
        .unwrap_or_default();
    let (refused, mend) = match said.1.name("relation") {
        Some(relation) => (
            say!("its user may not use `{}`", relation),
            say!(
                "grant the user of {} what it needs on `{}`, or give it the user that owns it",
                view.name(),
                relation
            ),
        ),
        None => (
            say!("its credentials{} are not accepted", who),
            say!(
                "give {} the credentials that {} accepts, or set those of {} anew",
                view.name(),
                to,
                to
            ),
        ),
    };
    let again = again_and_again(view);
    let summary = say!("{} is refused by {}: {}{}", view.name(), to, refused, again);
    let mut finding = said_finding(view, Cause::AuthFailed, said, summary);
    finding.fixes.push(by_hand(mend, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
