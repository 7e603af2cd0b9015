//! Calls between runbooks: the called one is there, gets what it needs, is not riskier than the
//! caller says, and never comes round to the caller again.

use std::collections::BTreeMap;

use super::{Findings, instead};
use crate::action::Risk;
use crate::runbook::language::{ParamKind, RunbookFile};
use crate::runbook::steps::StepSpec;
use crate::runbook::template::Text;
use crate::yaml::{Entry, Node};

/// Every runbook by its name, as far as its file could be read.
pub(in crate::runbook) type All<'r> = BTreeMap<&'r str, &'r RunbookFile>;

pub(in crate::runbook) fn check(
    root: &Node,
    file: &RunbookFile,
    all: &All<'_>,
    findings: &mut Findings<'_>,
) {
    for part in ["steps", "rollback", "verify"] {
        walk(root.find(&[part]), file, all, findings);
    }
}

fn walk(steps: Option<&Node>, file: &RunbookFile, all: &All<'_>, findings: &mut Findings<'_>) {
    for step in steps.map_or(&[][..], Node::items) {
        if let Some(call) = step.entry("call") {
            one(call, step, file, all, findings);
        }
        walk(step.find(&["steps"]), file, all, findings);
    }
}

fn one(call: &Entry, step: &Node, file: &RunbookFile, all: &All<'_>, findings: &mut Findings<'_>) {
    let name = call.node.text().unwrap_or_default();
    let Some(called) = all.get(name) else {
        let known: Vec<&str> = all.keys().copied().collect();
        let help = crate::yaml::nearest(name, known.iter().copied())
            .map(|name| format!("did you mean `{name}`?"));
        let message = format!("there is no runbook `{name}`");
        findings.add(&call.node.at, message, &help.unwrap_or_default());
        return;
    };
    if reaches(called, &file.name, all) {
        let message = format!(
            "`{name}` comes back to `{}`, so it would never end",
            file.name
        );
        findings.add(&call.node.at, message, "take one of the calls out");
        return;
    }
    let risk = risk_of(called, all);
    if let Some(declared) = file.risk
        && risk > declared
    {
        let message = format!(
            "`{name}` is {}, and this runbook says `{}`",
            risk.word(),
            declared.word()
        );
        findings.add(
            &call.node.at,
            message,
            &format!("say `risk: {}`", risk.word()),
        );
    }
    let known: Vec<&str> = called.params.keys().map(String::as_str).collect();
    let given = step.find(&["with"]).map_or(&[][..], Node::entries);
    for entry in given {
        if !known.contains(&entry.key.as_str()) {
            let message = format!("`{name}` has no parameter `{}`", entry.key);
            findings.add(&entry.key_at, message, &instead(&entry.key, &known));
        }
    }
    secrets(given, file, called, findings);
    for (param, spec) in &called.params {
        if spec.required && !given.iter().any(|entry| entry.key == *param) {
            let message = format!("`{name}` needs `{param}`");
            findings.add(
                &call.node.at,
                message,
                &format!("add `with: {{ {param}: … }}`"),
            );
        }
    }
}

/// A secret is handed on as a secret only.
fn secrets(given: &[Entry], file: &RunbookFile, called: &RunbookFile, findings: &mut Findings<'_>) {
    let is_secret = |file: &RunbookFile, param: &str| {
        let spec = file.params.get(param);
        spec.is_some_and(|spec| spec.kind == ParamKind::Secret)
    };
    for entry in given {
        let text = Text(entry.node.text().unwrap_or_default().to_owned());
        let Some(param) = text.sole_name() else {
            continue;
        };
        if is_secret(file, param) && !is_secret(called, &entry.key) {
            let message = format!(
                "`{param}` is a secret, and `{}` of `{}` is none",
                entry.key, called.name
            );
            findings.add(&entry.node.at, message, "say `type: secret` there");
        }
    }
}

fn calls_of(steps: &[StepSpec]) -> Vec<&str> {
    steps
        .iter()
        .flat_map(|step| {
            let mut calls: Vec<&str> = step.call.as_deref().into_iter().collect();
            calls.extend(calls_of(&step.steps));
            calls
        })
        .collect()
}

fn all_calls(file: &RunbookFile) -> Vec<&str> {
    [&file.steps, &file.rollback, &file.verify]
        .into_iter()
        .flat_map(|steps| calls_of(steps))
        .collect()
}

fn reaches(from: &RunbookFile, wanted: &str, all: &All<'_>) -> bool {
    let mut waiting = vec![from];
    let mut seen: Vec<&str> = Vec::new();
    while let Some(file) = waiting.pop() {
        if file.name == wanted {
            return true;
        }
        if !seen.contains(&file.name.as_str()) {
            seen.push(&file.name);
            waiting.extend(
                all_calls(file)
                    .into_iter()
                    .filter_map(|name| all.get(name))
                    .copied(),
            );
        }
    }
    false
}

/// What is declared, or what the steps make it, through calls too.
pub(in crate::runbook) fn risk_of(file: &RunbookFile, all: &All<'_>) -> Risk {
    let mut waiting = vec![file];
    let mut seen: Vec<&str> = Vec::new();
    let mut risk = Risk::Read;
    while let Some(file) = waiting.pop() {
        if seen.contains(&file.name.as_str()) {
            continue;
        }
        seen.push(&file.name);
        let steps = file.steps.iter().chain(&file.rollback);
        let own = steps.map(StepSpec::risk).max().unwrap_or(Risk::Read);
        risk = risk.max(own).max(file.risk.unwrap_or(Risk::Read));
        waiting.extend(
            all_calls(file)
                .into_iter()
                .filter_map(|name| all.get(name))
                .copied(),
        );
    }
    risk
}
