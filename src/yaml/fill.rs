//! `${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$${` inside values. It works on values that
//! are parsed already, so what comes in can hold quotes or line ends and change no structure.

use std::io;
use std::ops::Range;
use std::path::Path;

use super::problem::Problem;
use super::tree::{Node, Value};

/// Where names and files are looked up.
pub struct Lookup<'a> {
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Fills the tree in place; what is missing comes back with the id of its node.
pub(super) fn fill(
    node: &mut Node,
    source: &str,
    lookup: &Lookup<'_>,
    missing: &mut Vec<(usize, Problem)>,
) {
    match &mut node.value {
        Value::Null => {}
        Value::List(items) => {
            for item in items {
                fill(item, source, lookup, missing);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                fill(&mut entry.node, source, lookup, missing);
            }
        }
        Value::Text(text) if !text.text.contains("${") => {}
        Value::Text(text) => match expand(&text.text, lookup) {
            // `${NAME:-}` is how a person says "if there is one".
            Ok(filled) if filled.is_empty() => node.value = Value::Null,
            Ok(filled) => {
                text.text = filled;
                text.plain = true;
            }
            Err(gap) => {
                let at = locate(source, &node.at, &gap.reference);
                missing.push((node.id, Problem::new(at, gap.why).help(gap.advice)));
            }
        },
    }
}

/// A reference that leads nowhere.
struct Gap {
    /// As it is written, from `${` on.
    reference: String,
    why: String,
    advice: String,
}

fn expand(text: &str, lookup: &Lookup<'_>) -> Result<String, Gap> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((reference, after)) = after.split_once('}') else {
            return Err(Gap {
                reference: "${".to_owned(),
                why: "`${` has no `}`".to_owned(),
                advice: "close it, or write `$${` for a literal `${`".to_owned(),
            });
        };
        out.push_str(&resolve(reference, lookup)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(reference: &str, lookup: &Lookup<'_>) -> Result<String, Gap> {
    if let Some(path) = reference.strip_prefix("file:") {
        return read_file(reference, path, lookup);
    }
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if !is_variable(name) {
        return Err(Gap {
            reference: format!("${{{reference}}}"),
            why: "`${…}` must hold `NAME`, `NAME:-default` or `file:PATH`".to_owned(),
            advice: "write `$${` for a literal `${`".to_owned(),
        });
    }
    let found = (lookup.environment)(name);
    match (found, default) {
        (Some(value), _) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (found, None) => {
            let state = if found.is_some() { "empty" } else { "not set" };
            Err(Gap {
                reference: format!("${{{reference}}}"),
                why: format!("the environment variable `{name}` is {state}"),
                advice: format!("set it, or write `${{{name}:-}}` if it may be missing"),
            })
        }
    }
}

fn read_file(reference: &str, path: &str, lookup: &Lookup<'_>) -> Result<String, Gap> {
    let gap = |why: String| Gap {
        reference: format!("${{{reference}}}"),
        why,
        advice: "a relative path starts at the directory of this file".to_owned(),
    };
    match (lookup.file)(Path::new(path)) {
        Ok(content) => {
            let content = content.trim_end_matches(['\n', '\r']);
            if content.is_empty() {
                return Err(gap(format!("the file `{path}` is empty")));
            }
            Ok(content.to_owned())
        }
        Err(error) => Err(gap(format!("cannot read the file `{path}`: {error}"))),
    }
}

fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The reference's own place where it can be found in the text, else that of the whole value.
fn locate(source: &str, value: &Range<usize>, reference: &str) -> Range<usize> {
    let written = source.get(value.clone()).unwrap_or_default();
    match written.find(reference) {
        Some(start) => value.start + start..value.start + start + reference.len(),
        None => value.clone(),
    }
}
