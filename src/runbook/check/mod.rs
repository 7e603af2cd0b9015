//! What no value of a runbook can know by itself: names that must be parameters, risks that must
//! be declared, keys that need each other. Each problem has its place in the file.

mod params;
mod steps;
mod names;
mod calls;

use std::collections::BTreeSet;
use std::ops::Range;

pub(super) use calls::{All, risk_of};

use super::language::RunbookFile;
use crate::yaml::{Document, Node, nearest};

/// Adds to the document's problems. `text` is the file itself, for places inside values.
pub(super) fn check(document: &mut Document, text: &str, file: &RunbookFile) {
    let mut findings = Findings {
        text,
        found: Vec::new(),
    };
    let root = document.root();
    heading(root, file, &mut findings);
    params::check(root, file, &mut findings);
    steps::check(root, file, &mut findings);
    tests(root, file, &mut findings);
    tell(document, findings);
}

/// Adds what is known only when every file was read.
pub(super) fn check_calls(document: &mut Document, text: &str, file: &RunbookFile, all: &All<'_>) {
    let mut findings = Findings {
        text,
        found: Vec::new(),
    };
    calls::check(document.root(), file, all, &mut findings);
    tell(document, findings);
}

fn tell(document: &mut Document, findings: Findings<'_>) {
    for Finding { at, message, help } in findings.found {
        document.report(at, message).help = help;
    }
}

pub(super) struct Finding {
    at: Range<usize>,
    message: String,
    help: Option<String>,
}

pub(super) struct Findings<'t> {
    pub(super) text: &'t str,
    pub(super) found: Vec<Finding>,
}

impl Findings<'_> {
    pub(super) fn add(&mut self, at: &Range<usize>, message: impl Into<String>, help: &str) {
        self.found.push(Finding {
            at: at.clone(),
            message: message.into(),
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }
}

/// The one word that must be told apart from every other name in a shell, a chat and a path.
pub(super) fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(inside)
        && name.len() <= 63
}

/// A name that conditions can use: letters, digits, `_`.
pub(super) fn is_word(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(inside)
}

fn heading(root: &Node, file: &RunbookFile, findings: &mut Findings<'_>) {
    let start = root.at.start..root.at.start;
    match root.entry("name") {
        None => findings.add(
            &start,
            "a runbook needs a `name`",
            "add `name: restart-api`",
        ),
        Some(entry) if !is_name(&file.name) => findings.add(
            &entry.node.at,
            "a runbook's name has small letters, digits and `-` only",
            "",
        ),
        Some(_) => {}
    }
    if root.entry("title").is_none() {
        findings.add(
            &start,
            "a runbook needs a `title`",
            "say in one line what it does",
        );
    }
    if root
        .entry("steps")
        .is_none_or(|steps| steps.node.items().is_empty())
    {
        findings.add(&start, "a runbook needs `steps`", "");
    }
}

fn tests(root: &Node, file: &RunbookFile, findings: &mut Findings<'_>) {
    let params: Vec<&str> = file.params.keys().map(String::as_str).collect();
    let tests = root.find(&["tests"]).map_or(&[][..], Node::items);
    let mut seen = BTreeSet::new();
    for test in tests {
        match test.entry("name") {
            None => findings.add(&test.at, "a test needs a `name`", ""),
            Some(entry) => {
                let name = entry.node.text().unwrap_or_default().to_owned();
                if !seen.insert(name) {
                    findings.add(&entry.node.at, "there is a test of this name already", "");
                }
            }
        }
        for entry in test.find(&["run"]).map_or(&[][..], Node::entries) {
            if !params.contains(&entry.key.as_str()) {
                let message = format!("`{}` is not a parameter", entry.key);
                findings.add(&entry.key_at, message, &instead(&entry.key, &params));
            }
        }
    }
}

/// What to write instead.
pub(super) fn instead(written: &str, known: &[&str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "this runbook has no parameters".to_owned(),
        None => format!("this runbook has `{}`", known.join("`, `")),
    }
}
