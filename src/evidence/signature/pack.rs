//! Reading a file of signatures, and the files that are built in.

use std::ops::Range;

use serde::Deserialize;

use super::{Lazy, Level, Signature, literal};
use crate::evidence::Cause;
use crate::text::Name;
use crate::yaml::{Document, Node, Problems};

macro_rules! packs {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../runbooks/", $file)))),*]
    };
}

/// In order of precedence: what a certain program says before what many say alike.
pub(super) const BUILT_IN: &[(&str, &str)] = packs![
    "databases/signatures.yml",
    "web/signatures.yml",
    "brokers/signatures.yml",
    "runtimes/signatures.yml",
    "general/signatures.yml",
    "crashes/signatures.yml",
];

/// What is wrong with a file of signatures.
pub type PackProblem = Problems;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    signatures: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    cause: Cause,
    #[serde(default)]
    level: Level,
    pattern: String,
    #[serde(default)]
    unless: Option<String>,
    examples: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Signature>, PackProblem> {
    let mut document = Document::parse(file, text)?;
    let pack: Option<Pack> = document.read();
    let entries = pack.map(|pack| pack.signatures).unwrap_or_default();
    for entry in &entries {
        if let Some(problem) = complaint(entry) {
            let place = place_of(document.root(), &Name::new(&entry.id));
            document.report(place, format!("signature `{}`: {problem}", entry.id));
        }
    }
    document.finish()?;
    Ok(entries.into_iter().map(signature).collect())
}

/// The same file with what turned out to be wrong with its signatures; none where nothing is.
pub(super) fn reject(file: &str, text: &str, wrong: &[(Name, String)]) -> Option<PackProblem> {
    let mut document = Document::parse(file, text).ok()?;
    for (id, why) in wrong {
        let place = place_of(document.root(), id);
        document.report(place, format!("signature `{id}`: {why}"));
    }
    document.finish().err()
}

/// Where the file names a signature.
fn place_of(root: &Node, id: &Name) -> Range<usize> {
    let entries = root.find(&["signatures"]).map_or(&[][..], Node::items);
    let ids = entries.iter().filter_map(|entry| entry.find(&["id"]));
    ids.filter(|node| node.text() == Some(id.as_str()))
        .map(|node| node.at.clone())
        .next_back()
        .unwrap_or(root.at.start..root.at.start)
}

/// A pattern that cannot be searched for, or that every line would have to be tried with.
fn complaint(entry: &Entry) -> Option<String> {
    for pattern in [Some(&entry.pattern), entry.unless.as_ref()]
        .into_iter()
        .flatten()
    {
        if let Err(error) = regex_syntax::parse(pattern) {
            return Some(format!("the pattern cannot be read: {error}"));
        }
    }
    if entry.examples.is_empty() {
        return Some("it needs an example: a line that it knows".to_owned());
    }
    words(&entry.pattern).is_empty().then(|| {
        "the pattern has no fixed word of three letters, so it would slow down every line"
            .to_owned()
    })
}

pub(super) fn words(pattern: &str) -> Vec<String> {
    regex_syntax::parse(pattern)
        .map(|hir| literal::required(&hir))
        .unwrap_or_default()
}

fn signature(entry: Entry) -> Signature {
    Signature {
        id: Name::new(&entry.id),
        cause: entry.cause,
        level: entry.level,
        pattern: Lazy::new(entry.pattern),
        unless: entry.unless.map(Lazy::new),
        examples: entry.examples,
        counterexamples: entry.not,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Signatures;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_can_be_read_and_knows_its_examples() {
        let all = Signatures::built_in();
        let mut ids = BTreeSet::new();
        let mut wrong = Vec::new();
        for (file, text) in BUILT_IN {
            let signatures = match parse(file, text) {
                Ok(signatures) => signatures,
                Err(problems) => panic!("{problems}"),
            };
            for signature in &signatures {
                assert!(
                    ids.insert(signature.id.to_string()),
                    "twice: {}",
                    signature.id
                );
                assert!(
                    !signature.examples.is_empty(),
                    "no example: {}",
                    signature.id
                );
                for line in &signature.examples {
                    let found = all.find(line).map(|found| found.1.id.to_string());
                    if found.as_deref() != Some(signature.id.as_str()) {
                        wrong.push(format!("{}: {line:?} is {found:?}", signature.id));
                    }
                }
                for line in &signature.counterexamples {
                    let found = all.find(line).map(|found| found.1.id.to_string());
                    if found.as_deref() == Some(signature.id.as_str()) {
                        wrong.push(format!("{}: takes {line:?}", signature.id));
                    }
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn a_pattern_without_a_fixed_word_is_refused() {
        let text = "signatures:\n  - {id: a, cause: app-crash, pattern: '[a-z]+', examples: [x]}\n";
        let problems = parse("own.yml", text)
            .err()
            .map(|problems| problems.to_string());
        assert!(problems.is_some_and(|problems| problems.contains("no fixed word")));
    }
}
