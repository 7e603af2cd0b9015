//! A message as Markdown, and the pieces of Markdown the report needs as well.

use super::{around, one_line};
use crate::text::{Block, Clean, Dialect, Line, Message, Style, Table};

pub(super) fn write(message: &Message) -> String {
    let blocks: Vec<String> = message.blocks.iter().map(block).collect();
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(line) => format!("### {}", written(line)),
        Block::Line(line) => written(line),
        Block::List(lines) => bullets(lines.iter().map(written)),
        Block::Fields(pairs) => bullets(pairs.iter().map(|(label, value)| {
            let label = strong(&escape(label.as_str()));
            format!("{label}: {}", written(value))
        })),
        Block::Table(rows) => table(rows),
        Block::Code(lines) => {
            let lines: Vec<&str> = lines.iter().map(Clean::as_str).collect();
            fence(&lines.join("\n"), "")
        }
    }
}

fn bullets(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {line}")).collect();
    lines.join("\n")
}

fn escape(text: &str) -> String {
    Dialect::Markdown.escape(&one_line(text))
}

fn written(line: &Line) -> String {
    let spans = line.0.iter().map(|span| match span.style {
        Style::Code => code_span(span.text.as_str()),
        Style::Strong | Style::Warn | Style::Bad => strong(&escape(span.text.as_str())),
        Style::Plain | Style::Dim | Style::Person | Style::Call | Style::Time | Style::Good => {
            escape(span.text.as_str())
        }
    });
    spans.collect::<String>().trim().to_owned()
}

fn strong(escaped: &str) -> String {
    around(escaped, "**", "**")
}

/// Code inside a line, in as many backticks as it needs. A bar would end a table's cell.
pub(crate) fn code_span(text: &str) -> String {
    let text = Dialect::Markdown.escape_code(&one_line(text));
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_ticks(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Lines of code between fences longer than any inside.
pub(crate) fn fence(text: &str, language: &str) -> String {
    let text = Dialect::Markdown.escape_code(text);
    let ticks = "`".repeat((longest_ticks(&text) + 1).max(3));
    format!("{ticks}{language}\n{}\n{ticks}", text.trim_end())
}

fn longest_ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn table(table: &Table) -> String {
    let titles = table.columns.iter().map(|column| escape(column.title));
    let rules = table.columns.iter().map(|column| {
        let rule = if column.right { "---:" } else { "---" };
        rule.to_owned()
    });
    let mut lines = vec![row(titles), row(rules)];
    lines.extend(table.rows.iter().map(|cells| row(cells.iter().map(cell))));
    lines.join("\n")
}

/// Bars are escaped in text already; inside code they have to be escaped once more.
fn cell(line: &Line) -> String {
    let spans = line.0.iter().map(|span| match span.style {
        Style::Code => code_span(span.text.as_str()).replace('|', "\\|"),
        _ => written(&Line(vec![span.clone()])),
    });
    spans.collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {} |", cells.join(" | "))
}
