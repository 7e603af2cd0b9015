//! Its cpu quota holds it back: it uses all it may and is stopped in most periods.

use super::Rule;
use super::by_hand;
use crate::action::Risk;
use crate::diagnose::Confidence;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::CpuThrottled,
    why: "A quota gives a container so much cpu time in each period of 100 ms; what it wants beyond that has to wait for the next. Requests and health checks then time out though the machine is idle.",
    example: "throttled in 93 % of periods, 0.1 of 0.1 cpus used",
    verify: "the share of throttled periods goes down, and answers come in time",
    prevention: &[
        "compose: cpus: 1.0, measured under load; alert on the throttled share, not on cpu use",
    ],
    check,
};

/// So much of its quota used and so many periods cut short is being held back.
const BUSY: f64 = 80.0;
const THROTTLED: f64 = 0.4;

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, stats) = view.stats()?;
    let quota = view.state().and_then(|(_, state)| state.limits.cpus)?;
    let slow_check = view
        .health()
        .is_some_and(|(_, health)| health.took_too_long());
    let held = stats.throttled_share >= THROTTLED && stats.cpu_percent() >= BUSY;
    if !held
        || !view.is_running()
        || (view.is_healthy() && !view.accused)
        || (view.is_unhealthy() && !slow_check)
    {
        return None;
    }
    let summary = say!(
        "{} is held back by its cpu quota: it uses {:.2} of {} cpus and is throttled in {:.0} % of periods",
        view.name(),
        stats.cpus_used,
        quota,
        stats.throttled_share * 100.0
    );
    let health = view
        .health()
        .filter(|_| view.is_unhealthy())
        .map(|(line, _)| line);
    let proof: Vec<_> = [Some(line), health].into_iter().flatten().collect();
    let mut finding = view.finding(Cause::CpuThrottled, Confidence::Certain, summary, &proof);
    finding.evidence.push(super::noted(
        view,
        say!(
            "cpu quota {} cpus, throttled in {:.0} % of periods",
            quota,
            stats.throttled_share * 100.0
        ),
    ));
    finding.fixes.push(by_hand(
        say!(
            "raise `cpus` of {} from {}, or find what takes so much cpu",
            view.name(),
            quota
        ),
        Risk::Change,
    ));
    finding.fixes.push(super::recreate(view));
    Some(finding)
}
