//! A message on a screen or in a file: aligned columns, colour where there is any, no spaces at
//! the end of a line.

use super::grid::{Grid, Narrow};
use super::layout::{self, BULLET, hang};
use super::one_line;
use super::style::paint;
use crate::text::{Block, Clean, Dialect, Line, Message, Style, Table};

const INDENT: &str = "  ";

pub(super) fn write(message: &Message, dialect: &Dialect) -> String {
    let mut text = String::new();
    let mut previous = None;
    for block in &message.blocks {
        if previous.is_some_and(|previous| is_apart(previous, block)) {
            text.push('\n');
        }
        for line in lines_of(block, dialect) {
            text.push_str(&line);
            text.push('\n');
        }
        previous = Some(block);
    }
    text
}

/// Whether an empty line goes between two blocks.
fn is_apart(previous: &Block, block: &Block) -> bool {
    match (previous, block) {
        (_, Block::Heading(_)) => true,
        (Block::Heading(_), _) | (Block::Line(_), Block::Line(_) | Block::List(_)) => false,
        _ => true,
    }
}

fn lines_of(block: &Block, dialect: &Dialect) -> Vec<String> {
    match block {
        Block::Heading(line) => wrapped(&heading(line, dialect), dialect),
        Block::Line(line) => wrapped(&written(line, dialect), dialect),
        Block::List(lines) => lines
            .iter()
            .flat_map(|line| item(&written(line, dialect), dialect))
            .collect(),
        Block::Fields(pairs) => fields(pairs, dialect),
        Block::Table(table) => grid(table, dialect).lines(dialect.width(), Narrow::Cut),
        Block::Code(lines) => code(lines, dialect),
    }
}

/// One line of spans, escaped and coloured.
pub(super) fn written(line: &Line, dialect: &Dialect) -> String {
    line.0
        .iter()
        .map(|span| {
            let text = dialect.escape(&one_line(span.text.as_str()));
            paint(span.style, &text, dialect)
        })
        .collect()
}

/// Headings are strong throughout, except where a span says something of its own.
fn heading(line: &Line, dialect: &Dialect) -> String {
    let mut line = line.clone();
    for span in &mut line.0 {
        if span.style == Style::Plain {
            span.style = Style::Strong;
        }
    }
    written(&line, dialect)
}

fn wrapped(text: &str, dialect: &Dialect) -> Vec<String> {
    match dialect.width() {
        Some(columns) => layout::wrap(text, columns),
        None => vec![text.trim_end_matches(' ').to_owned()],
    }
}

fn item(text: &str, dialect: &Dialect) -> Vec<String> {
    let lines = match dialect.width() {
        Some(columns) => layout::wrap(text, columns - BULLET.len()),
        None => vec![text.to_owned()],
    };
    hang(BULLET, lines)
}

fn fields(pairs: &[(Clean, Line)], dialect: &Dialect) -> Vec<String> {
    let rows = pairs.iter().map(|(label, value)| {
        let label = dialect.escape(&one_line(label.as_str()));
        vec![paint(Style::Dim, &label, dialect), written(value, dialect)]
    });
    let grid = Grid {
        rows: rows.collect(),
        right: Vec::new(),
    };
    grid.lines(dialect.width(), Narrow::Wrap)
}

/// A table without a single title has no head.
pub(super) fn grid(table: &Table, dialect: &Dialect) -> Grid {
    let titles = table
        .columns
        .iter()
        .map(|column| paint(Style::Dim, &dialect.escape(column.title), dialect));
    let mut rows = Vec::with_capacity(table.rows.len() + 1);
    if table.columns.iter().any(|column| !column.title.is_empty()) {
        rows.push(titles.collect());
    }
    rows.extend(table.rows.iter().map(|row| {
        let cells = row.iter().map(|cell| written(cell, dialect));
        cells.collect::<Vec<_>>()
    }));
    Grid {
        rows,
        right: table.columns.iter().map(|column| column.right).collect(),
    }
}

/// Code is never wrapped: it is there to be copied.
fn code(lines: &[Clean], dialect: &Dialect) -> Vec<String> {
    lines
        .iter()
        .flat_map(Clean::lines)
        .map(|line| format!("{INDENT}{}", dialect.escape(line.as_str())))
        .map(|line| line.trim_end_matches(' ').to_owned())
        .collect()
}
