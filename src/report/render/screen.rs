//! Lays the report out on a screen: a label at the left, its text beside it, columns aligned,
//! long lines wrapped under where they began. Commands are never wrapped: they are there to be
//! copied.

use crate::text::write::grid::{Grid, Narrow, VERBATIM};
use crate::text::write::layout::{self, BULLET, hang};

/// Separates the cells of a row. Escaped text holds none.
pub(super) const TAB: char = '\t';

/// Labels are at most this wide, the gap behind them included.
const LABEL_WIDTH: usize = 11;

/// On narrower screens labels get a line of their own.
const NARROW_SCREEN: usize = 60;

/// What stands under a label that has its own line.
const SMALL_INDENT: usize = 2;

/// A remark at the right edge needs so much room left of it.
const ROOM_BESIDE_REMARK: usize = 36;

pub(super) struct Section<'a> {
    /// Already coloured; empty for text from edge to edge.
    pub(super) label: &'a str,
    /// Stands at the right edge of the first line.
    pub(super) remark: &'a str,
    /// How far the lines after the first are indented; `None`: as far as the first.
    pub(super) indent: Option<usize>,
    pub(super) width: usize,
}

impl Section<'_> {
    pub(super) fn lay_out(&self, body: &str) -> String {
        let mut lines = body.lines().filter(|line| !line.trim().is_empty());
        let mut text = String::new();
        let beside = self.beside();
        match self.indent {
            Some(indent) => {
                let first: Vec<&str> = lines.by_ref().take(1).collect();
                self.place(&first, beside, &mut text);
                let rest: Vec<&str> = lines.collect();
                let rest = rows(&rest, self.width.saturating_sub(indent));
                push_lines(&rest, indent, &mut text);
            }
            None => self.place(&lines.collect::<Vec<_>>(), beside, &mut text),
        }
        text
    }

    /// Where text beside the label begins.
    fn beside(&self) -> usize {
        if self.label.is_empty() {
            0
        } else if self.width < NARROW_SCREEN {
            SMALL_INDENT
        } else {
            LABEL_WIDTH
        }
    }

    fn place(&self, body: &[&str], indent: usize, text: &mut String) {
        let room = self.width.saturating_sub(indent);
        let lines = self.with_remark(body, room);
        let labelled = indent == LABEL_WIDTH;
        if !self.label.is_empty() && !labelled {
            text.push_str(self.label);
            text.push('\n');
        }
        let mut placed = String::new();
        push_lines(&lines, indent, &mut placed);
        if labelled {
            let rest = placed.strip_prefix(&" ".repeat(indent)).unwrap_or(&placed);
            text.push_str(&layout::pad(self.label, indent, false));
            text.push_str(rest);
        } else {
            text.push_str(&placed);
        }
    }

    /// The body's lines, the first with the remark at its right edge, or under it on small screens.
    fn with_remark(&self, body: &[&str], room: usize) -> Vec<String> {
        if self.remark.is_empty() {
            return rows(body, room);
        }
        let taken = layout::width(self.remark) + 2;
        if room < taken + ROOM_BESIDE_REMARK {
            let mut lines = rows(body, room);
            lines.extend(layout::wrap(self.remark, room));
            return lines;
        }
        let mut lines = rows(body, room - taken);
        if let Some(first) = lines.first_mut() {
            let gap = room - layout::width(self.remark);
            *first = format!("{}{}", layout::pad(first, gap, false), self.remark);
        }
        lines
    }
}

fn push_lines(lines: &[String], indent: usize, text: &mut String) {
    for line in lines {
        let line = format!("{}{line}", " ".repeat(indent));
        text.push_str(line.trim_end_matches(' '));
        text.push('\n');
    }
}

/// Neighbouring lines with tabs are rows of one grid; other lines are paragraphs.
fn rows(lines: &[&str], room: usize) -> Vec<String> {
    let has_cells = |line: &&str| line.contains(TAB);
    lines
        .chunk_by(|a, b| has_cells(a) && has_cells(b))
        .flat_map(|chunk| match chunk {
            [line] if !has_cells(line) => paragraph(line, room),
            rows => grid(rows, room),
        })
        .collect()
}

fn paragraph(line: &str, room: usize) -> Vec<String> {
    if let Some(verbatim) = line.strip_prefix(VERBATIM) {
        return vec![verbatim.to_owned()];
    }
    match line.strip_prefix(BULLET) {
        Some(item) => hang(
            BULLET,
            layout::wrap(item, room.saturating_sub(BULLET.len())),
        ),
        None => layout::wrap(line, room),
    }
}

fn grid(rows: &[&str], room: usize) -> Vec<String> {
    let cells = rows
        .iter()
        .map(|row| row.split(TAB).map(str::to_owned).collect());
    let grid = Grid {
        rows: cells.collect(),
        right: Vec::new(),
    };
    grid.lines(Some(room), Narrow::Wrap)
}
