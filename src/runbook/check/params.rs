//! Parameters: keys that belong to a type, and defaults that fit it.

use regex::Regex;

use super::{Findings, is_word};
use crate::runbook::bind::accepts;
use crate::runbook::language::{ParamSpec, RunbookFile};
use crate::yaml::{Entry, Node};

/// Which keys mean something for which types only.
const BELONGS: [(&str, &[&str]); 4] = [
    ("pattern", &["string"]),
    ("min", &["integer"]),
    ("max", &["integer"]),
    ("values", &["enum"]),
];

/// Names that conditions use for themselves.
const TAKEN: [&str; 3] = ["params", "outcome", "outcomes"];

pub(super) fn check(root: &Node, file: &RunbookFile, findings: &mut Findings<'_>) {
    let params = root.find(&["params"]).map_or(&[][..], Node::entries);
    for param in params {
        if !is_word(&param.key) || TAKEN.contains(&param.key.as_str()) {
            let help = "small letters, digits and `_`, and not `params`, `outcome` or `outcomes`";
            findings.add(&param.key_at, "this cannot be a parameter's name", help);
        }
        one(param, file.params.get(&param.key), findings);
    }
}

fn one(param: &Entry, spec: Option<&ParamSpec>, findings: &mut Findings<'_>) {
    let text = |key: &str| param.node.find(&[key]).and_then(Node::text);
    let kind = text("type").unwrap_or("string");
    for (key, kinds) in BELONGS {
        if let Some(entry) = param.node.entry(key)
            && !kinds.contains(&kind)
        {
            let message = format!("`{key}` means nothing for a parameter of type `{kind}`");
            let help = format!("it belongs to `{}`", kinds.join("`, `"));
            findings.add(&entry.key_at, message, &help);
        }
    }
    if kind == "enum" && param.node.entry("values").is_none() {
        let help = "add `values: [one, other]`";
        findings.add(&param.key_at, "an `enum` needs its `values`", help);
    }
    if kind == "secret"
        && let Some(entry) = param.node.entry("many")
    {
        findings.add(&entry.key_at, "a secret is one", "");
    }
    pattern(param, findings);
    range(param, findings);
    given(param, spec, findings);
}

fn pattern(param: &Entry, findings: &mut Findings<'_>) {
    if let Some(entry) = param.node.entry("pattern")
        && let Some(text) = entry.node.text()
        && super::super::bind::whole(text).is_err()
    {
        // the engine's message quotes the pattern over several lines
        let help = match Regex::new(text) {
            Err(error) => error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
            Ok(_) => "it is too large".to_owned(),
        };
        findings.add(&entry.node.at, "this is no regular expression", &help);
    }
}

fn range(param: &Entry, findings: &mut Findings<'_>) {
    let number = |key: &str| {
        let text = param.node.find(&[key]).and_then(Node::text)?;
        text.parse::<i64>().ok()
    };
    if let (Some(min), Some(max), Some(entry)) =
        (number("min"), number("max"), param.node.entry("min"))
        && min > max
    {
        findings.add(&entry.node.at, "`min` is larger than `max`", "");
    }
}

/// Where a value is written down, it has to fit.
fn given(param: &Entry, spec: Option<&ParamSpec>, findings: &mut Findings<'_>) {
    let is_set = |key: &str| {
        let found = param.node.find(&[key]).and_then(Node::text);
        found == Some("true")
    };
    if let (Some(entry), true) = (param.node.entry("default"), is_set("required")) {
        let help = "take `required` or `default` out";
        findings.add(&entry.key_at, "what has to be given needs no default", help);
    }
    if let (Some(entry), Some(_)) = (param.node.entry("default"), param.node.entry("locked")) {
        findings.add(
            &entry.key_at,
            "a locked parameter has no default",
            "take one out",
        );
    }
    for key in ["default", "locked"] {
        let Some(entry) = param.node.entry(key) else {
            continue;
        };
        let values: Vec<&Node> = match entry.node.text() {
            Some(_) => vec![&entry.node],
            None => entry.node.items().iter().collect(),
        };
        if values.len() > 1 && !is_set("many") {
            let help = "add `many: true`, or give one";
            findings.add(&entry.node.at, "this parameter holds one value", help);
        }
        for value in values {
            let text = value.text().unwrap_or_default();
            if let Some(Err(why)) = spec.map(|spec| accepts(spec, text)) {
                findings.add(&value.at, why, "");
            }
        }
    }
}
