//! The health check is ended by its own time limit each time.

use super::{Rule, by_hand, read_logs};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::HealthcheckTimeout,
    why: "A check that takes longer than its timeout counts as failed. The service hangs or is slow, or the limit is too short for it.",
    example: "Health check exceeded timeout (2s)",
    verify: "the check passes well within its timeout when run by hand",
    prevention: &[
        "let the check ask something cheap, and give it a limit well above its usual time",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health()?;
    if !view.is_unhealthy() || !health.took_too_long() {
        return None;
    }
    let by_engine = health.output.as_str().contains("exceeded timeout");
    let limit = if by_engine {
        say!("its limit of {} s", health.timeout_s)
    } else {
        say!("its own tool waits")
    };
    let summary = say!(
        "{} is unhealthy: its check takes longer than {}",
        view.name(),
        limit
    );
    let proof: Vec<_> = [Some(line), view.usage()].into_iter().flatten().collect();
    let mut finding = view.finding(
        Cause::HealthcheckTimeout,
        Confidence::Certain,
        summary,
        &proof,
    );
    finding.fixes.push(read_logs(view));
    let text = say!(
        "run `{}` inside {} and see how long it takes; then mend what is slow or raise the timeout",
        health.test,
        view.name()
    );
    finding.fixes.push(by_hand(text, Risk::Read));
    Some(finding)
}
