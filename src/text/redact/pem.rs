//! Private keys in PEM: the whole block, the same block on one line, a block cut short, and a
//! single line of one that a log brings alone.

use std::sync::LazyLock;

use regex::Regex;

use super::spans::Spans;

/// The lengths at which tools break the text of a key.
const LINE_LENGTHS: &[usize] = &[64, 70, 76];

/// In a block whose lines carry a prefix, shorter words than this are words.
const SHORTEST_RUN: usize = 16;

/// A block on one line: real line breaks lost, or written as `\n`.
static INLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:([^\n]+?)-----END |([A-Za-z0-9+/=\\]+))",
    )
    .expect("a constant pattern")
});

pub(super) fn find(text: &str, spans: &mut Spans) {
    if text.contains("PRIVATE KEY") {
        for found in INLINE.captures_iter(text) {
            if let Some(body) = found.get(1).or_else(|| found.get(2)) {
                spans.add(body.range());
            }
        }
    }
    find_lines(text, spans);
}

fn find_lines(text: &str, spans: &mut Spans) {
    let lines = lines(text);
    let mut inside = false;
    for (index, (offset, line)) in lines.iter().enumerate() {
        if is_marker(line, "-----BEGIN ") {
            // A sentence about a missing marker opens nothing.
            inside = line.trim_end().ends_with("-----") && !line.contains("-----END ");
            continue;
        }
        let before_end = lines
            .get(index + 1)
            .is_some_and(|(_, next)| is_marker(next, "-----END "));
        inside = inside && (before_end || is_body(line));
        if inside || before_end || is_lone_key_line(line) {
            let run = last_word(line);
            if is_base64(run) && !is_header(line) {
                let end = offset + line.trim_end().len();
                spans.add(end - run.len()..end);
            }
        }
    }
}

/// Every line with where it starts.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut offset = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let start = offset;
            offset += line.len();
            (start, line)
        })
        .collect()
}

fn is_marker(line: &str, edge: &str) -> bool {
    line.contains(edge) && line.contains("PRIVATE KEY")
}

/// A line of the key, of its headers, or the blank line between.
fn is_body(line: &str) -> bool {
    let run = last_word(line);
    let alone = run.len() == line.trim().len();
    run.is_empty()
        || is_header(line)
        || run.starts_with('•')
        || (is_base64(run) && (alone || run.len() >= SHORTEST_RUN))
}

fn is_header(line: &str) -> bool {
    ["Proc-Type:", "DEK-Info:", "Version:", "Comment:"]
        .iter()
        .any(|header| line.contains(header))
}

/// Digests are hexadecimal and shorter words are words; 64 mixed characters alone on a line are a key.
fn is_lone_key_line(line: &str) -> bool {
    let line = line.trim();
    let has = |kind: fn(&char) -> bool| line.chars().any(|c| kind(&c));
    LINE_LENGTHS.contains(&line.len())
        && is_base64(line)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

fn last_word(line: &str) -> &str {
    line.split_whitespace().next_back().unwrap_or_default()
}

fn is_base64(run: &str) -> bool {
    !run.is_empty()
        && run
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
}
