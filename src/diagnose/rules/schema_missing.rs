//! A table, column, queue or topic that it needs does not exist.

use super::Rule;
use super::{again_and_again, by_hand, named, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::SchemaMissing,
    why: "Migrations have not run, ran against another database, or are older than the program.",
    example: "ERROR: relation \"invoices\" does not exist",
    verify: "the relation exists, and the service stays up",
    prevention: &[
        "run migrations as a one-shot service that the others wait for: depends_on: {migrate: {condition: service_completed_successfully}}",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::SchemaMissing])?;
    let relation = named(said.1, "relation", "a relation");
    let summary = say!(
        "{} needs {}, which does not exist: its schema is missing or older than the program{}",
        view.name(),
        relation,
        again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::SchemaMissing, said, summary);
    finding.fixes.push(by_hand(
        say!(
            "run the migrations that create {}, against the database {} uses",
            relation,
            view.name()
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
