//! What could come next while somebody types: words, flags, and the names that exist right now.

use super::words::{ArgKind, Count, WORDS, Word};

/// The names that exist at this moment, kept fresh by whoever owns the prompt.
#[derive(Debug, Clone, Default)]
pub struct Live {
    pub targets: Vec<String>,
    pub runs: Vec<String>,
    pub runbooks: Vec<String>,
    pub reports: Vec<String>,
    /// Of the configuration.
    pub stacks: Vec<String>,
}

/// What fits at the end of `line`: where the replaced part starts (a byte offset) and the choices,
/// best first.
pub fn complete(line: &str, live: &Live) -> (usize, Vec<String>) {
    let start = line
        .char_indices()
        .rfind(|(_, c)| c.is_whitespace())
        .map_or(0, |(at, c)| at + c.len_utf8());
    let (before, part) = line.split_at(start);
    let mut typed = before
        .split_whitespace()
        .filter(|word| !matches!(*word, "/ops" | "ops"));
    let Some(word) = typed.next() else {
        return (start, matching(part, WORDS.iter().map(|word| word.name)));
    };
    let Some(word) = Word::find(word.strip_prefix('/').unwrap_or(word)) else {
        return (start, Vec::new());
    };
    let given: Vec<&str> = typed.collect();
    if part.starts_with("--") {
        let unused = word
            .flags
            .iter()
            .map(|flag| format!("--{}", flag.name))
            .filter(|flag| !given.contains(&flag.as_str()));
        let unused: Vec<String> = unused.collect();
        return (start, matching(part, unused.iter().map(String::as_str)));
    }
    (start, arguments(word, &given, part, live))
}

fn arguments(word: &Word, given: &[&str], part: &str, live: &Live) -> Vec<String> {
    let position = given.iter().filter(|word| !word.starts_with("--")).count();
    let repeats = |count| matches!(count, Count::Any | Count::Some);
    let arg = word
        .args
        .get(position)
        .or_else(|| word.args.last().filter(|arg| repeats(arg.count)));
    let Some(arg) = arg else { return Vec::new() };
    let names = |names: &[String]| {
        matching(
            part,
            names
                .iter()
                .map(String::as_str)
                .filter(|name| !given.contains(name)),
        )
    };
    match arg.kind {
        ArgKind::Word => matching(part, WORDS.iter().map(|word| word.name)),
        ArgKind::Target => names(&live.targets),
        ArgKind::Run => names(&live.runs),
        ArgKind::Runbook => names(&live.runbooks),
        ArgKind::Report => names(&live.reports),
        ArgKind::Stack => names(&live.stacks),
        ArgKind::Prunable => matching(part, ["cache", "containers", "images", "networks"]),
        ArgKind::Text => Vec::new(),
    }
}

/// Names that start like `part` first, then names that contain it.
fn matching<'a>(part: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let part = part.to_lowercase();
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for name in names {
        let lower = name.to_lowercase();
        if lower.starts_with(&part) {
            first.push(name.to_owned());
        } else if lower.contains(&part) {
            later.push(name.to_owned());
        }
    }
    first.append(&mut later);
    first
}

/// The greyed rest of the line: the first choice that continues what was typed, or the usage.
pub fn hint(line: &str, live: &Live) -> Option<String> {
    if line.trim().is_empty() {
        return None;
    }
    if line.ends_with(' ') {
        let word = Word::find(line.trim())?;
        return word
            .usage()
            .strip_prefix(word.name)
            .map(|rest| rest.trim_start().to_owned());
    }
    let (start, choices) = complete(line, live);
    let part = line.get(start..)?;
    choices
        .first()?
        .strip_prefix(part)
        .filter(|rest| !rest.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Live {
        Live {
            targets: vec!["api".into(), "db".into(), "shop/api".into()],
            ..Live::default()
        }
    }

    #[test]
    fn completes_words_names_and_flags() {
        assert_eq!(
            complete("sta", &live()),
            (
                0,
                vec![
                    "status".into(),
                    "stats".into(),
                    "start".into(),
                    "restart".into()
                ]
            )
        );
        assert_eq!(
            complete("logs a", &live()),
            (5, vec!["api".into(), "shop/api".into()])
        );
        assert_eq!(complete("logs api d", &live()), (9, vec!["db".into()]));
        assert_eq!(complete("logs api --ti", &live()).1, ["--timestamps"]);
        assert_eq!(complete("prune im", &live()).1, ["images"]);
        assert_eq!(complete("diagnose api d", &live()).1, Vec::<String>::new());
    }

    #[test]
    fn hints_the_rest() {
        assert_eq!(hint("diag", &live()).as_deref(), Some("nose"));
        assert_eq!(hint("diagnose ", &live()).as_deref(), Some("SERVICE"));
        assert_eq!(hint("", &live()), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(line in ".{0,40}") {
            let (start, _) = complete(&line, &live());
            proptest::prop_assert!(line.is_char_boundary(start));
            let _unused = hint(&line, &live());
        }
    }
}
