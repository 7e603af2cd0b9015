//! The health check cannot run: its program is not in the image. The service itself may be well.

use super::{Rule, by_hand, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::say;

pub const RULE: Rule = Rule {
    cause: Cause::HealthcheckToolMissing,
    why: "A health check runs inside the container. Slim images have no curl or wget, so the check fails although the service answers.",
    example: "/bin/sh: 1: wget: not found",
    prevention: &[
        "write the health check with a program that the image has, and try it with docker exec before shipping",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health()?;
    let output = health.output.as_str();
    let missing = output.contains("not found") || output.contains("no such file or directory");
    if !view.is_unhealthy() || !missing || !matches!(health.exit_code, Some(1 | 126 | 127 | -1)) {
        return None;
    }
    let tool = health
        .test
        .map(|test| test.split_whitespace().next().unwrap_or_default());
    let summary = say!(
        "{} is reported unhealthy only because the check's program `{}` is not in its image",
        view.name(),
        tool
    );
    let mut finding = view.finding(
        Cause::HealthcheckToolMissing,
        Confidence::Certain,
        summary,
        &[line],
    );
    let text = say!(
        "write the health check of {} with a program that its image has, or install `{}`",
        view.name(),
        tool
    );
    finding.fixes.push(by_hand(text, Risk::Change));
    finding.fixes.push(recreate(view));
    Some(finding)
}
