//! Steps: one thing each, with what it needs, at a declared risk, in a place where it may stand.

use std::collections::BTreeSet;

use super::names::{Names, condition, templates, with_secrets};
use super::{Findings, is_word};
use crate::action::Risk;
use crate::runbook::language::RunbookFile;
use crate::runbook::steps::{ACTIONS, OTHER_KINDS, action};
use crate::yaml::{Entry, Node, Value};

/// A loop in a loop is the most that anybody can follow at night.
const DEEPEST: usize = 2;

/// What an action cannot do without.
const NEEDS: &[(&str, &[&str])] = &[
    ("container.exec", &["service", "argv"]),
    ("service.scale", &["service", "replicas"]),
    ("network.probe", &["from", "to", "port"]),
    ("port.holder", &["port"]),
    ("engine.prune", &["what"]),
    ("compose.up", &["stack"]),
    ("compose.build", &["stack"]),
    ("compose.pull", &["stack"]),
    ("compose.down", &["stack"]),
    ("compose.config", &["stack"]),
    ("compose.run", &["stack", "task"]),
    ("program.run", &["stack", "argv"]),
    ("git.checkout", &["stack", "to"]),
    ("image.keep", &["stack"]),
    ("image.restore", &["stack", "to"]),
    ("stack.preflight", &["stack"]),
    ("stack.drift", &["stack"]),
    ("stack.wait_well", &["stack"]),
];

/// The part of a runbook that is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Steps,
    Rollback,
    Verify,
}

pub(super) fn check(root: &Node, file: &RunbookFile, findings: &mut Findings<'_>) {
    let mut names = Names::of(file);
    let parts = [
        ("steps", Part::Steps),
        ("rollback", Part::Rollback),
        ("verify", Part::Verify),
    ];
    for (key, part) in parts {
        collect_ids(root.find(&[key]), &mut names, findings);
        let walk = Walk {
            part,
            declared: root.entry("risk").map(|_| file.risk.unwrap_or(Risk::Read)),
            rolls_back: !file.rollback.is_empty(),
        };
        walk.all(root.find(&[key]), 0, &mut names, findings);
    }
    if let Some(report) = root.find(&["report"]) {
        templates(report, &names, findings);
    }
}

/// Ids are told apart over the whole file, and conditions may only look back at known ones.
fn collect_ids(steps: Option<&Node>, names: &mut Names, findings: &mut Findings<'_>) {
    for step in steps.map_or(&[][..], Node::items) {
        if let Some(entry) = step.entry("id") {
            let id = entry.node.text().unwrap_or_default();
            if !is_word(id) {
                let help = "small letters, digits and `_`, so that conditions can name it";
                findings.add(&entry.node.at, "this cannot be a step's id", help);
            } else if !names.steps.insert(id.to_owned()) {
                let help = "give each step its own";
                findings.add(&entry.node.at, "another step has this id", help);
            }
        } else if let Some(kind) = kinds(step).first() {
            let name = kind.key.rsplit('.').next().unwrap_or_default();
            names.steps.insert(name.to_owned());
        }
        collect_ids(step.find(&["steps"]), names, findings);
    }
}

fn kinds(step: &Node) -> Vec<&Entry> {
    let is_kind =
        |key: &str| ACTIONS.iter().any(|(name, _)| *name == key) || OTHER_KINDS.contains(&key);
    let entries = step.entries().iter();
    entries.filter(|entry| is_kind(&entry.key)).collect()
}

struct Walk {
    part: Part,
    /// `None`: not declared, so it is what the steps make it.
    declared: Option<Risk>,
    rolls_back: bool,
}

impl Walk {
    fn all(
        &self,
        steps: Option<&Node>,
        depth: usize,
        names: &mut Names,
        findings: &mut Findings<'_>,
    ) {
        for step in steps.map_or(&[][..], Node::items) {
            self.one(step, depth, names, findings);
        }
    }

    fn one(&self, step: &Node, depth: usize, names: &mut Names, findings: &mut Findings<'_>) {
        if !matches!(step.value, Value::Map(_)) {
            return; // told by its type already
        }
        let kinds = kinds(step);
        match kinds.as_slice() {
            [] if misspelt(step) => {}
            [] => {
                let help = "add an action, such as `container.restart: { services: api }`";
                findings.add(&step.at, "this step does nothing", help);
            }
            [kind] => self.kind(kind, step, findings),
            [_, second, ..] => {
                let message = format!("a step does one thing, and `{}` is a second", second.key);
                findings.add(&second.key_at, message, "make it a step of its own");
            }
        }
        self.keys(step, findings);
        self.inside(step, depth, names, findings);
    }

    fn kind(&self, kind: &Entry, step: &Node, findings: &mut Findings<'_>) {
        let Some(spec) = action(&kind.key) else {
            if self.part == Part::Verify && kind.key != "for_each" {
                findings.add(
                    &kind.key_at,
                    "a verification only looks",
                    "use an action that reads",
                );
            }
            return;
        };
        let needs = NEEDS.iter().find(|(name, _)| *name == kind.key);
        for key in needs.map_or(&["services"][..], |(_, needs)| needs) {
            if kind.node.entry(key).is_none() {
                let message = format!("`{}` needs `{key}`", kind.key);
                findings.add(&kind.key_at, message, "");
            }
        }
        if self.part == Part::Verify && spec.risk > Risk::Read {
            let message = format!(
                "a verification only looks, and `{}` changes something",
                kind.key
            );
            findings.add(&kind.key_at, message, "");
        } else if self.declared.is_some_and(|declared| spec.risk > declared) {
            let declared = self.declared.unwrap_or(Risk::Read).word();
            let word = spec.risk.word();
            let message = format!(
                "a {word} step (`{}`) in a runbook of risk `{declared}`",
                kind.key
            );
            findings.add(&kind.key_at, message, &format!("say `risk: {word}`"));
        }
        let repeats = step
            .find(&["retry", "repeat_side_effects"])
            .and_then(Node::text);
        if let Some(retry) = step.entry("retry")
            && !spec.idempotent
            && repeats != Some("true")
        {
            let message = format!(
                "doing `{}` twice is not the same as doing it once",
                kind.key
            );
            let help = "take `retry` out, or add `repeat_side_effects: true`";
            findings.add(&retry.key_at, message, help);
        }
    }

    fn keys(&self, step: &Node, findings: &mut Findings<'_>) {
        let is_loop = step.entry("for_each").is_some();
        for key in ["as", "parallel", "steps"] {
            if let (Some(entry), false) = (step.entry(key), is_loop) {
                let message = format!("`{key}` belongs to a loop");
                findings.add(&entry.key_at, message, "add `for_each`");
            }
        }
        if let Some(entry) = step.entry("for_each")
            && step.entry("steps").is_none()
        {
            findings.add(&entry.key_at, "a loop needs `steps`", "");
        }
        if let (Some(entry), None) = (step.entry("with"), step.entry("call")) {
            findings.add(&entry.key_at, "`with` belongs to a call", "add `call`");
        }
        let group = ["call", "for_each"]
            .into_iter()
            .find(|key| step.entry(key).is_some());
        for key in ["expect", "timeout", "retry", "on_failure"] {
            if let (Some(entry), Some(group)) = (step.entry(key), group) {
                let message = format!("`{key}` means nothing beside `{group}`");
                findings.add(&entry.key_at, message, "say it at the steps inside");
            }
        }
        if let Some(entry) = step.entry("on_failure")
            && entry.node.text() == Some("roll_back")
            && !self.rolls_back
        {
            let help = "add `rollback:` steps, or say `stop`";
            findings.add(&entry.node.at, "there is nothing to roll back with", help);
        }
        within(step, &["parallel"], 1..=20, findings);
        within(step, &["retry", "times"], 1..=10, findings);
    }

    fn inside(&self, step: &Node, depth: usize, names: &mut Names, findings: &mut Findings<'_>) {
        let outside = names.scope.clone();
        for entry in step.entries() {
            match entry.key.as_str() {
                "when" | "expect" => condition(&entry.node, entry.key == "expect", names, findings),
                "for_each" => loop_over(entry, step, depth, names, findings),
                "steps" | "id" | "as" => {}
                "with" => with_secrets(&entry.node, names, findings),
                _ => {
                    templates(&entry.node, names, findings);
                    singles(entry, names, findings);
                }
            }
        }
        if depth <= DEEPEST {
            self.all(step.find(&["steps"]), depth + 1, names, findings);
        }
        names.scope = outside;
    }
}

fn loop_over(
    entry: &Entry,
    step: &Node,
    depth: usize,
    names: &mut Names,
    findings: &mut Findings<'_>,
) {
    if depth == DEEPEST {
        let help = "make the inner steps a runbook and call it";
        findings.add(&entry.key_at, "loops are two deep at most", help);
    }
    if let Some(over) = entry.node.text()
        && !over.contains("{{")
        && !names.scope.contains(over)
    {
        let known: Vec<&str> = names.scope.iter().map(String::as_str).collect();
        let message = format!("`{over}` is not a parameter");
        findings.add(&entry.node.at, message, &super::instead(over, &known));
    }
    let each = step.entry("as");
    let name = each.and_then(|each| each.node.text()).unwrap_or("each");
    if let Some(each) = each
        && (!is_word(name) || names.scope.contains(name))
    {
        let help = "small letters, digits and `_`, and no parameter's name";
        findings.add(
            &each.node.at,
            "a value in a loop cannot be called this",
            help,
        );
    }
    names.scope.insert(name.to_owned());
}

/// An unknown key that is told already was meant to be the action.
fn misspelt(step: &Node) -> bool {
    let known: BTreeSet<&str> = [
        "id",
        "when",
        "expect",
        "timeout",
        "retry",
        "on_failure",
        "with",
        "as",
        "parallel",
        "steps",
    ]
    .into();
    step.entries()
        .iter()
        .any(|entry| !known.contains(entry.key.as_str()))
}

fn within(
    step: &Node,
    path: &[&str],
    range: std::ops::RangeInclusive<i64>,
    findings: &mut Findings<'_>,
) {
    if let Some(node) = step.find(path)
        && let Some(number) = node.text().and_then(|text| text.parse::<i64>().ok())
        && !range.contains(&number)
    {
        let message = format!("expected {} to {}", range.start(), range.end());
        findings.add(&node.at, message, "");
    }
}

/// Where one value is meant, a parameter that holds several cannot stand.
fn singles(entry: &Entry, names: &Names, findings: &mut Findings<'_>) {
    let inner = entry.node.entries().iter();
    let own = std::iter::once(entry);
    for entry in own.chain(inner) {
        let takes_many = matches!(entry.key.as_str(), "services" | "with") || !is_leaf(&entry.node);
        if takes_many && entry.key != "argv" {
            continue;
        }
        let texts = match entry.node.text() {
            Some(_) => vec![&entry.node],
            None => entry.node.items().iter().collect(),
        };
        for node in texts {
            names.one_each(node, findings);
        }
    }
}

fn is_leaf(node: &Node) -> bool {
    node.text().is_some()
}
