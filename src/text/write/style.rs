//! Styles as a terminal shows them. The only place that makes escape sequences.

use crate::text::{Dialect, Style};

/// Starts every escape sequence of ours; foreign text has none after escaping.
pub(crate) const ESCAPE: char = '\x1b';
pub(crate) const RESET: &str = "\x1b[0m";

/// What turns the style on, where it shows at all.
fn code(style: Style) -> Option<&'static str> {
    match style {
        Style::Plain | Style::Person | Style::Call | Style::Time => None,
        Style::Strong => Some("\x1b[1m"),
        Style::Dim => Some("\x1b[2m"),
        Style::Code => Some("\x1b[36m"),
        Style::Good => Some("\x1b[32m"),
        Style::Warn => Some("\x1b[33m"),
        Style::Bad => Some("\x1b[1;31m"),
    }
}

/// `text` is already escaped.
pub(crate) fn paint(style: Style, text: &str, dialect: &Dialect) -> String {
    match code(style) {
        Some(code) if dialect.has_colour() => super::around(text, code, RESET),
        _ => text.to_owned(),
    }
}
