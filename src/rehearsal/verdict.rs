//! What was expected of a test's run, and what came of it.

use std::collections::BTreeSet;

use super::{Outcome, scene};
use crate::action::{Action, Risk};
use crate::run::account::{self, People};
use crate::run::{Ended, Plan, StepEnd};
use crate::runbook::language::TestSpec;

/// Everything that is not as it was expected.
pub(super) fn problems(test: &TestSpec, outcome: &Outcome) -> Vec<String> {
    match (outcome, &test.expect.refused) {
        (Outcome::Refused(why), Some(words)) if why.contains(words) => Vec::new(),
        (Outcome::Refused(why), Some(words)) => {
            vec![format!(
                "expected to be refused with `{words}`, was refused with: {why}"
            )]
        }
        (Outcome::Refused(why), None) => vec![format!("it was refused: {why}")],
        (Outcome::Ran(_), Some(words)) => {
            vec![format!("expected to be refused with `{words}`, and it ran")]
        }
        (Outcome::Ran(ran), None) => ran_as_expected(test, &ran.0, &ran.1),
    }
}

fn ran_as_expected(test: &TestSpec, plan: &Plan, ended: &Ended) -> Vec<String> {
    let expect = &test.expect;
    let mut problems = Vec::new();
    let mut differ = |what: &str, expected: &str, found: &str| {
        if expected != found {
            problems.push(format!("expected {what} `{expected}`, found `{found}`"));
        }
    };
    if let Some(state) = expect.state {
        let why = ended.detail.as_str();
        let found = ended.state.word();
        let found = if found == state.word() || why.is_empty() {
            found.to_owned()
        } else {
            format!("{found}: {why}")
        };
        differ("the state", state.word(), &found);
    }
    if let Some(steps) = &expect.plan {
        let says: Vec<&str> = plan.steps().map(|step| step.says.as_str()).collect();
        differ("the plan", &steps.join("; "), &says.join("; "));
    }
    if let Some(step) = &expect.failed_step {
        let failed = ended.failed().map_or("none", |step| step.name.as_str());
        differ("the failed step", step, failed);
    }
    if let Some(words) = &expect.report {
        let occasion = (String::new(), jiff::Timestamp::UNIX_EPOCH);
        let report = account::report(plan, ended, &People::default(), occasion);
        if !report.issue.as_str().contains(words) {
            problems.push(format!(
                "expected `{words}` in the report, found `{}`",
                report.issue
            ));
        }
    }
    let touched = touched(plan, ended);
    for service in services(test, &expect.touched) {
        if !touched.contains(&scene::container(&service)) {
            problems.push(format!(
                "expected `{service}` to be changed, and it was not"
            ));
        }
    }
    for service in services(test, &expect.not_touched) {
        if touched.contains(&scene::container(&service)) {
            problems.push(format!(
                "expected `{service}` not to be changed, and it was"
            ));
        }
    }
    problems
}

/// Services by name; `@group` stands for its members.
fn services(test: &TestSpec, names: &[String]) -> Vec<String> {
    let of = |name: &String| match name.strip_prefix('@') {
        Some(group) => test.groups.get(group).cloned().unwrap_or_default(),
        None => vec![name.clone()],
    };
    names.iter().flat_map(of).collect()
}

/// Names of containers that some step changed, or tried to.
fn touched(plan: &Plan, ended: &Ended) -> BTreeSet<String> {
    let begun: BTreeSet<&str> = ended
        .steps
        .iter()
        .filter(|step| step.risk > Risk::Read)
        .filter(|step| matches!(step.end, StepEnd::Done | StepEnd::Failed(_)))
        .map(|step| step.id.as_str())
        .collect();
    let steps = plan
        .all_steps()
        .filter(|step| begun.contains(step.id.as_str()));
    steps
        .flat_map(|step| match &step.action {
            Action::MakeAnew { name } => vec![name.clone()],
            other => {
                let subjects = other.subjects().iter();
                subjects.map(|subject| subject.name.clone()).collect()
            }
        })
        .collect()
}
