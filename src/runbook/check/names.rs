//! Names inside texts: `{{placeholders}}` and the variables of conditions, each found in its place
//! within the value.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Findings, instead};
use crate::runbook::condition::Condition;
use crate::runbook::language::{ParamKind, RunbookFile};
use crate::runbook::template::{Piece, pieces};
use crate::yaml::Node;

/// What a text of this runbook may name.
pub(super) struct Names {
    /// Parameters, and the values of the loops around.
    pub(super) scope: BTreeSet<String>,
    pub(super) steps: BTreeSet<String>,
    many: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Names {
    pub(super) fn of(file: &RunbookFile) -> Self {
        let named = |wanted: &dyn Fn(&crate::runbook::language::ParamSpec) -> bool| {
            let params = file.params.iter();
            params
                .filter(|(_, param)| wanted(param))
                .map(|(name, _)| name.clone())
                .collect()
        };
        Self {
            scope: named(&|_| true),
            many: named(&|param| param.many),
            secrets: named(&|param| param.kind == ParamKind::Secret),
            steps: BTreeSet::new(),
        }
    }

    pub(super) fn one_each(&self, node: &Node, findings: &mut Findings<'_>) {
        for piece in pieces(node.text().unwrap_or_default()) {
            if let Piece::Name(name) = piece
                && self.many.contains(name)
            {
                let at = locate(findings.text, &node.at, name);
                let message =
                    format!("`{{{{{name}}}}}` holds several values, and one is meant here");
                findings.add(&at, message, "loop over it with `for_each`");
            }
        }
    }
}

/// Every placeholder in a value and in what is inside it.
pub(super) fn templates(node: &Node, names: &Names, findings: &mut Findings<'_>) {
    walk(node, false, names, findings);
}

fn walk(node: &Node, in_env: bool, names: &Names, findings: &mut Findings<'_>) {
    if let Some(text) = node.text() {
        one(node, text, in_env, names, findings);
    }
    for item in node.items() {
        walk(item, false, names, findings);
    }
    for entry in node.entries() {
        // the variables of a program are one level deeper
        if entry.key == "env" {
            with_secrets(&entry.node, names, findings);
        } else {
            walk(&entry.node, false, names, findings);
        }
    }
}

/// Values among which a secret may stand: variables of a program, what is handed to another runbook.
pub(super) fn with_secrets(values: &Node, names: &Names, findings: &mut Findings<'_>) {
    for value in values.entries() {
        walk(&value.node, true, names, findings);
    }
}

fn one(node: &Node, text: &str, in_env: bool, names: &Names, findings: &mut Findings<'_>) {
    let pieces = pieces(text);
    let alone = pieces.len() == 1;
    for piece in pieces {
        match piece {
            Piece::Open(_) => {
                let at = locate(findings.text, &node.at, "{{");
                findings.add(&at, "`{{` has no `}}`", "close it");
            }
            Piece::Name(name) if !names.scope.contains(name) => {
                let at = locate(findings.text, &node.at, name);
                let known: Vec<&str> = names.scope.iter().map(String::as_str).collect();
                let message = format!("`{{{{{name}}}}}` is not a parameter");
                findings.add(&at, message, &instead(name, &known));
            }
            Piece::Name(name) if names.secrets.contains(name) && !(in_env && alone) => {
                let at = locate(findings.text, &node.at, name);
                let message =
                    format!("`{name}` is a secret, which may only be a variable of a program");
                findings.add(
                    &at,
                    message,
                    "put it under `env` of `container.exec` or `with` of a call, alone",
                );
            }
            Piece::Plain(_) | Piece::Name(_) => {}
        }
    }
}

/// A condition compiles, and names what there is.
pub(super) fn condition(node: &Node, after: bool, names: &Names, findings: &mut Findings<'_>) {
    let Some(text) = node.text() else { return };
    let compiled = match Condition::compile(text) {
        Ok(compiled) => compiled,
        Err(why) => {
            findings.add(&node.at, format!("this is no condition: {why}"), "");
            return;
        }
    };
    let mut known: Vec<&str> = vec!["params", "outcomes"];
    if after {
        known.push("outcome");
    }
    known.extend(names.scope.iter().map(String::as_str));
    for name in compiled.variables() {
        if !known.contains(&name.as_str()) {
            let at = locate(findings.text, &node.at, &name);
            let message = format!("a condition cannot see `{name}`");
            findings.add(&at, message, &format!("it sees `{}`", known.join("`, `")));
        }
    }
    for (of, name) in compiled.fields() {
        let known: &BTreeSet<String> = match of.as_str() {
            "outcomes" => &names.steps,
            "params" => &names.scope,
            _ => continue,
        };
        if !known.contains(&name) {
            let at = locate(findings.text, &node.at, &name);
            let what = if of == "params" { "parameter" } else { "step" };
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("there is no {what} `{name}`");
            findings.add(&at, message, &instead(&name, &known));
        }
    }
}

/// Where `part` stands in a value; the whole value where that is not clear.
fn locate(text: &str, value: &Range<usize>, part: &str) -> Range<usize> {
    let written = text.get(value.clone()).unwrap_or_default();
    match written.find(part) {
        Some(start) => value.start + start..value.start + start + part.len(),
        None => value.clone(),
    }
}
