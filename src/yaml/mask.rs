//! Keeps values out of excerpts. A line is shown with the one value a problem points at, and not
//! even that one where its key, or its shape, says that it is a secret.

use std::ops::Range;

use super::problem::Line;
use super::tree::{Node, Value};

/// A value in the text that may have to be covered.
pub(super) struct Shade {
    at: Range<usize>,
    secret: bool,
}

/// Parts of a key that say its value is a secret.
const TELLTALES: [&str; 8] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "credential",
    "private",
    "api_key",
];

/// Every value as it stands in the text: those of the tree, and those that were dropped, of
/// which nothing is known.
pub(super) fn shades(root: &Node, dropped: &[Node], text: &str) -> Vec<Shade> {
    let mut found = Vec::new();
    collect(root, text, false, &mut found);
    for node in dropped {
        collect(node, text, true, &mut found);
    }
    found
}

fn collect(node: &Node, text: &str, secret: bool, found: &mut Vec<Shade>) {
    if let Value::Text(_) = node.value {
        let written = text.get(node.at.clone()).unwrap_or_default();
        found.push(Shade {
            at: node.at.clone(),
            secret: secret || has_credentials(written),
        });
    }
    for item in node.items() {
        collect(item, text, secret, found);
    }
    for entry in node.entries() {
        if secret {
            // What looks like a section under `token` may be a token in braces.
            let at = entry.key_at.clone();
            found.push(Shade { at, secret });
        }
        let secret = secret || is_telltale(&entry.key);
        collect(&entry.node, text, secret, found);
    }
}

fn is_telltale(key: &str) -> bool {
    let key = key.to_lowercase();
    TELLTALES.iter().any(|telltale| key.contains(telltale))
}

/// `scheme://user:password@host`.
fn has_credentials(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        user.contains(':')
    })
}

/// The line with every value covered that may not be shown.
pub(super) fn line(text: &str, line: &Line, shades: &[Shade]) -> String {
    let pointed = &line.pointed;
    let pointed_at = |shade: &Shade| {
        !pointed.is_empty() && shade.at.start <= pointed.start && pointed.start < shade.at.end
    };
    let covered: Vec<Range<usize>> = shades
        .iter()
        .filter(|shade| shade.at.start < line.whole.end && line.whole.start < shade.at.end)
        .filter(|shade| shade.secret || !pointed_at(shade))
        .map(|shade| shade.at.clone())
        .collect();
    let start = line.whole.start;
    cover(line.of(text), |byte| {
        covered.iter().any(|range| range.contains(&(start + byte)))
    })
}

/// A line of which nothing is known: all words are covered but what looks like a key.
pub(super) fn words(line: &str) -> String {
    let key = line.find(": ").unwrap_or(0);
    cover(line, |byte| byte >= key)
}

/// Puts a `*` for each byte of a covered word; signs, blanks and `${…}` stay, and so do columns.
fn cover(line: &str, covered: impl Fn(usize) -> bool) -> String {
    let references = references(line);
    let mut out = String::with_capacity(line.len());
    for (byte, c) in line.char_indices() {
        let referred = references.iter().any(|range| range.contains(&byte));
        if c.is_ascii_whitespace() || "\"'[]{},:#".contains(c) || referred || !covered(byte) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
    out
}

/// Where `${…}` stands: a name of a secret is none.
fn references(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = line.get(from..).and_then(|rest| rest.find("${")) {
        let start = from + start;
        let Some(len) = line.get(start..).and_then(|rest| rest.find('}')) else {
            break;
        };
        // A default may be a secret: only the name stays readable.
        let reference = line.get(start..start + len).unwrap_or_default();
        let named = reference.find(":-").unwrap_or(len);
        found.push(start..start + named + usize::from(named == len));
        from = start + len + 1;
    }
    found
}
