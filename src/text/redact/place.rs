//! Secrets known by where they stand: after a name (`password=…`, `"token": "…"`), after a flag
//! (`--password …`), in an authorization header, or as the value beside a name.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};

use super::extent::{self, Quote, Shape};
use super::spans::Spans;
use super::{names, value};

static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "pass", "pw", "secret", "token", "key", "cred", "auth", "dsn", "salt", "seed",
            "pepper", "cookie", "_pat",
        ])
        .expect("a few literals")
});

static PAIR: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"([A-Za-z_][A-Za-z0-9_.\-]*)(\\?["'`])?[ \t]*(=>|:=|==|=|:)[ \t]*"#));

static FLAG: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?:^|[\s"'=\[(,])--?([A-Za-z][A-Za-z0-9\-]*)(?:["'][ \t]*,?[ \t]*|[ \t]+)"#)
});

static NAMED_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(?:^|[\s"'{,\-])name["']?\s*[:=]\s*["']?([A-Za-z_][A-Za-z0-9_.\-]*)["']?\s*,?\s*["']?value["']?\s*[:=][ \t]*"#,
    )
});

/// What may stand before the name that opens a line: lists, shells, image files, diffs.
const LINE_OPENERS: &[&str] = &["", "-", "+", "export", "ENV", "ARG", "set", "+ -", "- -"];

/// Longer than any word that is looked for before or after a name.
const LONGEST_WORD: usize = 24;

const SCHEMES: &[&str] = &["bearer", "basic", "token", "digest", "apikey", "negotiate"];

/// "use the `--password` flag" says nothing secret.
const ABOUT_FLAGS: &[&str] = &[
    "flag",
    "flags",
    "option",
    "argument",
    "instead",
    "via",
    "parameter",
];

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

pub(super) fn find(text: &str, spans: &mut Spans) {
    if !HINTS.is_match(text) {
        return;
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if HINTS.is_match(content) {
            walk(content, offset, &PAIR, pair, spans);
            walk(content, offset, &FLAG, flag, spans);
        }
        offset += line.len();
    }
    named_values(text, spans);
}

/// What one name on a line led to.
struct Seen {
    secret: Option<std::ops::Range<usize>>,
    /// Where to go on: behind the value, so that no byte is read once per name before it.
    next: usize,
}

type Look = fn(&str, &Captures<'_>) -> Seen;

fn walk(line: &str, offset: usize, names: &Regex, look: Look, spans: &mut Spans) {
    let mut at = 0;
    while let Some(found) = names.captures_at(line, at) {
        let seen = look(line, &found);
        if let Some(secret) = seen.secret {
            spans.add(offset + secret.start..offset + secret.end);
        }
        at = seen.next.max(end_of(&found));
        if at > line.len() {
            return;
        }
    }
}

fn end_of(found: &Captures<'_>) -> usize {
    found.get(0).map_or(0, |whole| whole.end())
}

fn start_of(found: &Captures<'_>, group: usize) -> usize {
    found.get(group).map_or(0, |group| group.start())
}

fn group<'t>(found: &Captures<'t>, group: usize) -> &'t str {
    found.get(group).map_or("", |group| group.as_str())
}

fn pair(line: &str, found: &Captures<'_>) -> Seen {
    let (key, separator) = (group(found, 1), group(found, 3));
    let nothing = |next| Seen { secret: None, next };
    if separator == "==" || !announces_secret(line, found) {
        return nothing(end_of(found));
    }
    if is_parser_talk(line, found) || is_user(line, found) {
        return nothing(end_of(found));
    }
    let shape = shape_of(line, found);
    let (start, shape) = after_scheme(line, end_of(found), shape, key);
    let span = extent::of_value(line, start, shape);
    let secret = line.get(span.clone()).unwrap_or_default();
    let quoted = span.start > start;
    if separator == ":" && !quoted && is_talk(found, shape, secret) {
        return nothing(end_of(found));
    }
    Seen {
        next: span.end,
        secret: value::is_worth_hiding(key, secret).then_some(span),
    }
}

/// Whether what follows the colon is no value. A quoted name in the middle of a line belongs to
/// JSON, where a text would be quoted; anything else there is a sentence that quotes a name.
fn is_talk(found: &Captures<'_>, shape: Shape, secret: &str) -> bool {
    let in_json = found.get(2).is_some() && shape == Shape::Word;
    value::is_prose(secret)
        || (in_json && secret.starts_with(char::is_alphabetic))
        || (group(found, 1).ends_with('s') && secret.starts_with(['{', '[']))
}

/// Parsers say "unexpected token: foo" and mean a word.
fn is_parser_talk(line: &str, found: &Captures<'_>) -> bool {
    group(found, 1).eq_ignore_ascii_case("token")
        && ["unexpected", "illegal", "unrecognized"]
            .iter()
            .any(|talk| word_before(line, found).eq_ignore_ascii_case(talk))
}

/// The word in front of the name, as far as it is one that matters here.
fn word_before<'l>(line: &'l str, found: &Captures<'_>) -> &'l str {
    let before = line.get(..start_of(found, 1)).unwrap_or_default();
    let word = before.strip_suffix(' ').unwrap_or_default();
    let letters = word
        .bytes()
        .rev()
        .take(LONGEST_WORD)
        .take_while(u8::is_ascii_alphabetic);
    word.get(word.len() - letters.count()..).unwrap_or_default()
}

/// "api key: …" is said in two words.
fn announces_secret(line: &str, found: &Captures<'_>) -> bool {
    let key = group(found, 1);
    if key.eq_ignore_ascii_case("key") {
        return names::is_secret(&format!("{}_key", word_before(line, found)));
    }
    names::is_secret(key)
}

/// The user of an address is no name of a value: `https://x-access-token:…@host` is `url`'s business.
fn is_user(line: &str, found: &Captures<'_>) -> bool {
    line.get(..start_of(found, 1))
        .is_some_and(|before| before.ends_with("://"))
}

fn shape_of(line: &str, found: &Captures<'_>) -> Shape {
    let key = group(found, 1);
    let before = line.get(..start_of(found, 1)).unwrap_or_default();
    if found.get(2).is_none()
        && let Some(mark @ ('"' | '\'' | '`')) = before.chars().next_back()
    {
        let escaped = before
            .strip_suffix(mark)
            .is_some_and(|text| text.ends_with('\\'));
        return Shape::InQuote(Quote { mark, escaped });
    }
    let variable = group(found, 3) == "=" && !key.chars().any(char::is_lowercase);
    let yaml = group(found, 0).ends_with(": ");
    if key.to_ascii_lowercase().ends_with("cookie") {
        Shape::Rest
    } else if LINE_OPENERS.contains(&before.trim()) && (variable || yaml) {
        Shape::WholeLine
    } else {
        Shape::Word
    }
}

/// `Authorization: Bearer abc` keeps the word that says what kind of secret it is.
fn after_scheme(line: &str, start: usize, shape: Shape, key: &str) -> (usize, Shape) {
    if !key.to_ascii_lowercase().ends_with("authorization") {
        return (start, shape);
    }
    let rest = line.get(start..).unwrap_or_default();
    let quote = Quote::opening(rest);
    let skipped = quote.map_or(0, Quote::len);
    let inside = rest.get(skipped..).unwrap_or_default();
    let start_of_value = inside
        .get(..inside.len().min(LONGEST_WORD))
        .unwrap_or(inside);
    let scheme = start_of_value.split([' ', '\t']).next().unwrap_or_default();
    let is_scheme = SCHEMES
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_scheme || scheme.len() == inside.len() {
        return (start, shape);
    }
    let gap = inside.get(scheme.len()..).unwrap_or_default();
    let gap = gap.len() - gap.trim_start_matches([' ', '\t']).len();
    let shape = match (quote, shape) {
        (Some(quote), _) | (None, Shape::InQuote(quote)) => Shape::InQuote(quote),
        _ => Shape::Word,
    };
    (start + skipped + scheme.len() + gap, shape)
}

fn flag(line: &str, found: &Captures<'_>) -> Seen {
    let key = group(found, 1);
    let start = end_of(found);
    if !names::is_secret(key) {
        // The white space that ended this flag may open the next one.
        let next = start.saturating_sub(1).max(start_of(found, 1));
        return Seen { secret: None, next };
    }
    let span = extent::of_value(line, start, Shape::Word);
    let secret = line.get(span.clone()).unwrap_or_default();
    let is_other = secret.starts_with('-') || ABOUT_FLAGS.contains(&secret);
    let hide = !is_other && !value::is_prose(secret) && value::is_worth_hiding(key, secret);
    Seen {
        next: if is_other { start - 1 } else { span.end },
        secret: hide.then_some(span),
    }
}

/// `{"name": "DB_PASSWORD", "value": "…"}`, also as YAML over two lines.
fn named_values(text: &str, spans: &mut Spans) {
    for found in NAMED_VALUE.captures_iter(text) {
        let key = group(&found, 1);
        if !names::is_secret(key) {
            continue;
        }
        let start = end_of(&found);
        let rest = text.get(start..).unwrap_or_default();
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let span = extent::of_value(line, 0, Shape::Word);
        let secret = line.get(span.clone()).unwrap_or_default();
        if value::is_worth_hiding(key, secret) {
            spans.add(start + span.start..start + span.end);
        }
    }
}
