//! Which plain words every match of a pattern must contain. A line without any of them is never
//! shown to the pattern, and that is nearly every line.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter words would be found everywhere and spare nothing.
const SHORTEST: usize = 3;

/// Words in lower case, one of which is in every match; none where no word is certain.
pub(super) fn required(pattern: &Hir) -> Vec<String> {
    match pattern.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => {
            letter(pattern).map(long_enough).unwrap_or_default()
        }
        HirKind::Capture(group) => required(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub),
        HirKind::Concat(parts) => of_sequence(parts),
        HirKind::Alternation(choices) => of_choices(choices),
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => Vec::new(),
    }
}

fn long_enough(word: String) -> Vec<String> {
    if word.len() < SHORTEST {
        Vec::new()
    } else {
        vec![word]
    }
}

/// The part that says most: its shortest word is the longest.
fn of_sequence(parts: &[Hir]) -> Vec<String> {
    let mut best: Vec<String> = Vec::new();
    let mut run = String::new();
    for part in parts {
        if let Some(text) = letter(part) {
            run.push_str(&text);
            continue;
        }
        keep_better(&mut best, long_enough(std::mem::take(&mut run)));
        keep_better(&mut best, required(part));
    }
    keep_better(&mut best, long_enough(run));
    best
}

fn keep_better(best: &mut Vec<String>, other: Vec<String>) {
    let weight = |words: &[String]| words.iter().map(String::len).min().unwrap_or_default();
    if weight(&other) > weight(best) {
        *best = other;
    }
}

/// Every choice must bring a word of its own, else a match may have none.
fn of_choices(choices: &[Hir]) -> Vec<String> {
    let each: Vec<Vec<String>> = choices.iter().map(required).collect();
    if each.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    each.into_iter().flatten().collect()
}

/// A fixed text, or one letter in either case as `(?i)` makes it.
fn letter(part: &Hir) -> Option<String> {
    match part.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(text.to_ascii_lowercase())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let mut letters = class
                .iter()
                .filter(|range| range.start() == range.end() && range.start().is_ascii_alphabetic())
                .map(|range| range.start().to_ascii_lowercase());
            let first = letters.next()?;
            let both = letters.next() == Some(first) && letters.next().is_none();
            // `(?i)k` also takes the sign for kelvin; nobody logs that
            (both && class.iter().count() <= 3).then(|| first.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str) -> Vec<String> {
        required(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn finds_what_must_be_there() {
        assert_eq!(
            words(r"connect ECONNREFUSED (\S+):(\d+)"),
            ["connect econnrefused "]
        );
        assert_eq!(words(r"(?i)too many open files"), ["too many open files"]);
        assert_eq!(
            words(r"^\S+: (must be set|parameter not set)$"),
            ["must be set", "parameter not set"]
        );
        assert_eq!(words(r"(abc)?[0-9]+"), Vec::<String>::new());
        assert_eq!(words(r"(abc|[0-9])x"), Vec::<String>::new());
    }
}
