//! Writes a `Message` for the place that shows it, one file per family of places. The layout of
//! lines and columns (`layout`, `grid`, `style`) serves the report's terminal form as well.

pub(crate) mod grid;
mod block_kit;
mod buttons;
mod chat;
mod embeds;
mod file;
mod html;
pub(crate) mod layout;
pub(crate) mod markdown;
pub(crate) mod style;
mod terminal;

pub use block_kit::block_kit;
pub use embeds::embeds;

use super::{Dialect, Message, Outgoing};

/// The one way from a message to something that can be sent.
pub fn write(message: &Message, dialect: &Dialect) -> Outgoing {
    let whole = message.whole.as_deref().unwrap_or(message);
    let text = match dialect {
        Dialect::Plain | Dialect::Terminal { .. } => terminal::write(whole, dialect),
        Dialect::Markdown => markdown::write(whole),
        Dialect::Html => html::write(whole),
        Dialect::Slack => chat::write(message, dialect, "*"),
        Dialect::Discord => chat::write(message, dialect, "**"),
    };
    Outgoing::sealed(*dialect, text)
}

/// A character is at most five when it is escaped, so this many never fill what a chat takes at once.
const RAW_PIECE: usize = 500;

/// Cut before escaping, so that no escape is cut in two.
fn cut(line: &str) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars
        .chunks(RAW_PIECE)
        .map(|piece| piece.iter().collect())
        .collect()
}

/// Foreign line breaks inside something that is one line.
fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// Marks around a text, inside the spaces that surround it: markup may not begin or end with one.
fn around(text: &str, open: &str, close: &str) -> String {
    let inner = text.trim();
    if inner.is_empty() {
        return text.to_owned();
    }
    let (before, rest) = text.split_at(text.len() - text.trim_start().len());
    let (_, after) = rest.split_at(inner.len());
    format!("{before}{open}{inner}{close}{after}")
}
