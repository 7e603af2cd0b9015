//! The database it asks for does not exist on the server.

use super::Rule;
use super::{again_and_again, by_hand, named, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::DatabaseMissing,
    why: "The name is wrong, or the server's volume was initialised before the database was asked for: images create it on the first start only.",
    example: "FATAL: database \"orders\" does not exist",
    verify: "the server lists the database, and the client stays up",
    prevention: &[
        "create databases in a migration step that runs before the service, not only in the image's first start",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::DatabaseMissing])?;
    let database = named(said.1, "database", "its database");
    let server = super::server_of(view, said.1);
    let on = server
        .as_ref()
        .map_or_else(|| say!("the server"), |server| say!("{}", server.service));
    let summary = say!(
        "{} asks for the database {}, which does not exist on {}{}",
        view.name(),
        database,
        on,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::DatabaseMissing, said, summary);
    finding.fixes.push(by_hand(
        say!(
            "create {} on {}, or correct the name in the configuration of {}",
            database,
            on,
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
