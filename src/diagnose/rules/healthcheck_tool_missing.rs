//! The health check cannot run: its program is not in the image. The service itself may be well.

use super::{Rule, by_hand, recreate};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Confidence, Finding};
use crate::evidence::state::HealthFact;
use crate::say;
use crate::text::Clean;

pub const RULE: Rule = Rule {
    cause: Cause::HealthcheckToolMissing,
    why: "A health check runs inside the container. Slim images have no curl or wget, so the check fails although the service answers.",
    example: "/bin/sh: 1: wget: not found",
    verify: "the check passes when run by hand with docker exec",
    prevention: &[
        "write the health check with a program that the image has, and try it with docker exec before shipping",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let (line, health) = view.health()?;
    if !view.is_unhealthy() || !cannot_run(health) {
        return None;
    }
    let tool = tool(view, health);
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

/// A shell or the engine says so with its own exit code. With code 1 the check ran, and what it
/// printed may be a page that was not found: then a shell must be seen to speak.
fn cannot_run(health: &HealthFact) -> bool {
    let output = health.output.as_str();
    let missing = output.contains("not found") || output.contains("no such file or directory");
    let says = |cause| health.hit.as_ref().is_some_and(|hit| hit.cause == cause);
    match health.exit_code {
        Some(126 | 127 | -1) => missing && !says(Cause::MissingFile),
        Some(1) => says(Cause::CommandNotFound),
        _ => false,
    }
}

/// The program that the output calls missing, else the first word of the check.
fn tool(view: &View<'_>, health: &HealthFact) -> Clean {
    if let Some(command) = health.hit.as_ref().and_then(|hit| hit.name("command")) {
        return command.clone();
    }
    let words = health.test.as_str().split_whitespace();
    let mut known = words.filter(|word| health.output.as_str().contains(*word) && word.len() > 1);
    let word = known.next().map(ToOwned::to_owned);
    match word {
        Some(word) => health.test.map(|test| {
            test.find(&word)
                .and_then(|at| test.get(at..at + word.len()))
                .unwrap_or_default()
        }),
        None => say!("of {}", view.name()),
    }
}
