//! It takes messages slower than they come.

use super::Rule;
use super::{by_hand, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::ConsumerLag,
    why: "The consumer is too slow or stands still while the producer goes on: a slow handler, a rebalance loop, too few consumers.",
    example: "consumer group orders lag=48211",
    verify: "the lag goes down",
    prevention: &[
        "alert on lag, not only on errors; keep the handler's time under the poll interval",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::ConsumerLag])?;
    let summary = say!("{} lags behind what it has to consume", view.name());
    let mut finding = said_finding(view, Cause::ConsumerLag, said, summary);
    finding.fixes.push(by_hand(say!("find what makes {} slow, or give it more consumers; see that it does not rebalance all the time", view.name()), Risk::Change));
    finding.fixes.push(super::restart(view));
    Some(finding)
}
