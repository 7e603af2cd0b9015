//! Lines on a screen: how wide a text is, where it wraps, how it is cut and filled up. Our own
//! colour sequences take no room and never leak from one line or column into the next.

use unicode_width::UnicodeWidthChar;

use super::style::{ESCAPE, RESET};

/// One step through a text: a character and the columns it takes, or a colour sequence.
enum Step<'t> {
    Char(char, usize),
    Colour(&'t str),
}

fn steps(text: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            ESCAPE => rest.find('m').map_or(rest.len(), |end| end + 1),
            c => c.len_utf8(),
        };
        let (step, after) = rest.split_at(length);
        rest = after;
        Some(match first {
            ESCAPE => Step::Colour(step),
            c => Step::Char(c, c.width().unwrap_or(0)),
        })
    })
}

/// Columns on the screen.
pub(crate) fn width(text: &str) -> usize {
    steps(text)
        .map(|step| match step {
            Step::Char(_, width) => width,
            Step::Colour(_) => 0,
        })
        .sum()
}

/// Filled up with spaces to `columns`.
pub(crate) fn pad(text: &str, columns: usize, right: bool) -> String {
    let fill = " ".repeat(columns.saturating_sub(width(text)));
    if right {
        format!("{fill}{text}")
    } else {
        format!("{text}{fill}")
    }
}

/// Cut with `…` where it would be wider than `columns`.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut line = Pen::default();
    for step in steps(text) {
        match step {
            Step::Char(_, width) if line.width + width + 1 > columns => break,
            step => line.add(&step),
        }
    }
    if columns > 0 {
        line.add(&Step::Char('…', 1));
    }
    line.end()
}

/// Lines of at most `columns`, broken at spaces; a longer word is broken where it has to be.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = Pen::default();
    for word in words(text) {
        let trimmed = word.trim_end_matches(' ');
        if line.width > 0 && line.width + width(trimmed) > columns {
            lines.push(line.turn());
        }
        for step in steps(word) {
            let is_space = matches!(step, Step::Char(' ', _));
            if let Step::Char(_, width) = step
                && line.width + width > columns
                && line.width > 0
            {
                // A space at the edge is the line break.
                if is_space {
                    continue;
                }
                lines.push(line.turn());
            }
            line.add(&step);
        }
    }
    lines.push(line.end());
    lines
}

/// The mark before an item of a list.
pub(crate) const BULLET: &str = "- ";

/// Wrapped lines behind a mark; the lines after the first stand under its text.
pub(crate) fn hang(mark: &str, mut lines: Vec<String>) -> Vec<String> {
    let indent = " ".repeat(mark.len());
    for (index, line) in lines.iter_mut().enumerate() {
        line.insert_str(0, if index == 0 { mark } else { &indent });
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

/// Every word with the spaces behind it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word = rest.find(' ').unwrap_or(rest.len());
        let after = rest.get(word..).unwrap_or_default();
        let spaces = after.len() - after.trim_start_matches(' ').len();
        let (word, after) = rest.split_at(word + spaces);
        rest = after;
        Some(word)
    })
}

/// A line being written, which knows its width and the colour that is on.
#[derive(Default)]
struct Pen {
    line: String,
    width: usize,
    colour: String,
}

impl Pen {
    fn add(&mut self, step: &Step<'_>) {
        match step {
            Step::Char(c, width) => {
                self.line.push(*c);
                self.width += width;
            }
            Step::Colour(sequence) => {
                self.line.push_str(sequence);
                self.colour = if *sequence == RESET {
                    String::new()
                } else {
                    (*sequence).to_owned()
                };
            }
        }
    }

    /// Ends the line; the next one goes on in the same colour.
    fn turn(&mut self) -> String {
        let next = Self {
            line: self.colour.clone(),
            width: 0,
            colour: self.colour.clone(),
        };
        std::mem::replace(self, next).end()
    }

    fn end(mut self) -> String {
        let text = self.line.trim_end_matches(' ').len();
        self.line.truncate(text);
        if !self.colour.is_empty() {
            self.line.push_str(RESET);
        }
        self.line
    }
}
