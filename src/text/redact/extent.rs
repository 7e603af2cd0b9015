//! How far a value reaches, by the way it is written down. Whether it is a secret is `value`'s
//! business.

use std::ops::Range;

/// How many closing brackets after a value are not taken for a part of it.
const DEEPEST_NESTING: usize = 4;

/// How a value is written down, which decides where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The name stands inside quotes together with the value: `"KEY=value"`.
    InQuote(Quote),
    /// The name opens the line, as in `env` output and YAML: the value lasts until the next name.
    WholeLine,
    /// All that follows on the line, other pairs included.
    Rest,
    /// Among others on a line.
    Word,
}

/// A quotation mark, and whether a backslash stands before it because it is quoted itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) mark: char,
    pub(super) escaped: bool,
}

impl Quote {
    pub(super) fn opening(text: &str) -> Option<Self> {
        let (escaped, text) = match text.strip_prefix('\\') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mark = text.chars().next().filter(|c| "\"'`".contains(*c))?;
        Some(Self { mark, escaped })
    }

    pub(super) fn len(self) -> usize {
        self.mark.len_utf8() + usize::from(self.escaped)
    }

    /// Where it is closed; an unclosed one lasts to the end.
    fn close(self, text: &str) -> usize {
        if self.escaped {
            let close = format!("\\{}", self.mark);
            text.find(&close).unwrap_or(text.len())
        } else {
            until_quote(text, self.mark)
        }
    }
}

/// The value that starts at `start` of one line.
pub(super) fn of_value(line: &str, start: usize, shape: Shape) -> Range<usize> {
    let rest = line.get(start..).unwrap_or_default();
    if let Some(quote) = Quote::opening(rest) {
        let start = start + quote.len();
        return start..start + quote.close(line.get(start..).unwrap_or_default());
    }
    let length = match shape {
        Shape::InQuote(quote) => quote.close(rest),
        Shape::WholeLine => next_pair(rest).map_or(rest.len(), |end| {
            let value = rest.get(..end).unwrap_or_default();
            value.trim_end_matches([',', ';']).len()
        }),
        Shape::Rest => rest.len(),
        Shape::Word => word(rest),
    };
    start..start + length
}

/// Where the closing quote stands; a backslash protects one.
fn until_quote(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Where ` NAME=` begins: several variables can share a line.
fn next_pair(line: &str) -> Option<usize> {
    let mut offset = 0;
    for word in line.split_inclusive(' ') {
        if offset > 0 && opens_pair(word) {
            return Some(offset - 1);
        }
        offset += word.len();
    }
    None
}

fn opens_pair(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
    let Some(end) = end.filter(|end| *end > 0) else {
        return false;
    };
    text.get(end..)
        .is_some_and(|rest| rest.starts_with(['=', ':']))
}

/// A word ends at white space, at a quote, or at a separator after which another pair begins.
fn word(line: &str) -> usize {
    let mut end = line.len();
    for (at, c) in line.char_indices() {
        let rest = || line.get(at + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            '"' | '\'' | '`' | '<' => true,
            ',' | ';' | '&' => {
                let rest = rest();
                rest.is_empty() || rest.starts_with([' ', '\t', '"', '\'']) || opens_pair(rest)
            }
            c => c.is_whitespace(),
        };
        if ends {
            end = at;
            break;
        }
    }
    without_closers(line.get(..end).unwrap_or_default())
}

/// `(password=abc)` ends before the bracket; `pass(word)` does not. Structures nest a few deep.
fn without_closers(value: &str) -> usize {
    let mut kept = value;
    for _ in 0..DEEPEST_NESTING {
        let opener = match kept.chars().next_back() {
            Some(')') => '(',
            Some(']') => '[',
            Some('}') => '{',
            _ => break,
        };
        if kept.contains(opener) {
            break;
        }
        kept = kept.get(..kept.len() - 1).unwrap_or_default();
    }
    kept.len()
}
