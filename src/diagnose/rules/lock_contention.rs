//! It waits for a lock that somebody else holds.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::LockContention,
    why: "A transaction was left open, a migration holds a table, or two servers share one data directory. Everybody else waits until their patience ends.",
    example: "ERROR: canceling statement due to lock timeout",
    verify: "the statement that waited goes through",
    prevention: &[
        "keep transactions short, set idle_in_transaction_session_timeout, and run migrations with a lock_timeout",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::LockContention])?;
    let summary = say!(
        "{} waits for a lock that somebody else holds{}",
        view.name(),
        super::again_and_again(view)
    );
    let mut finding = said_finding(view, Cause::LockContention, said, summary);
    finding.fixes.push(by_hand(say!("find the session that holds the lock (pg_stat_activity with pg_blocking_pids, SHOW ENGINE INNODB STATUS) and end it, then let {} try again", view.name()), Risk::Change));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
