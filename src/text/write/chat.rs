//! A message as one text for Slack or Discord. Their blocks, embeds and buttons are their
//! adapters' business.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::grid::Narrow;
use super::{around, one_line, terminal};
use crate::text::{Block, Clean, Dialect, Line, MOMENT, Message, Style, Table};

/// Phones show about this many characters of a code block's line.
const TABLE_WIDTH: usize = 72;

pub(super) fn write(message: &Message, dialect: &Dialect, strong: &str) -> String {
    let writer = Writer { dialect, strong };
    let blocks: Vec<String> = message
        .blocks
        .iter()
        .map(|block| writer.block(block))
        .collect();
    let mut text = blocks.join("\n");
    text.push('\n');
    text
}

pub(super) struct Writer<'a> {
    pub(super) dialect: &'a Dialect,
    /// What the place puts around strong text.
    pub(super) strong: &'a str,
}

impl Writer<'_> {
    fn block(&self, block: &Block) -> String {
        match block {
            Block::Heading(line) | Block::Line(line) if line.0.is_empty() => String::new(),
            Block::Heading(line) => self.heading(line),
            Block::Line(line) => self.line(line),
            Block::List(lines) => {
                let lines: Vec<String> = lines
                    .iter()
                    .map(|line| format!("• {}", self.line(line)))
                    .collect();
                lines.join("\n")
            }
            Block::Fields(pairs) => {
                let pair = |(label, value): &(Clean, Line)| {
                    let label = self.strong(&self.escape(label.as_str()));
                    format!("{label} {}", self.line(value))
                };
                pairs.iter().map(pair).collect::<Vec<_>>().join("\n")
            }
            Block::Table(table) => self.table(table),
            Block::Code(lines) => {
                let lines: Vec<String> = lines
                    .iter()
                    .map(|line| self.dialect.escape_code(line.as_str()))
                    .collect();
                format!("```\n{}\n```", lines.join("\n"))
            }
        }
    }

    pub(super) fn heading(&self, line: &Line) -> String {
        let text: String = line
            .0
            .iter()
            .map(|span| self.escape(span.text.as_str()))
            .collect();
        self.strong(&text)
    }

    pub(super) fn line(&self, line: &Line) -> String {
        let spans = line.0.iter().map(|span| {
            let text = span.text.as_str();
            match span.style {
                Style::Code => self.code(text),
                Style::Strong | Style::Warn | Style::Bad => self.strong(&self.escape(text)),
                Style::Person | Style::Call => self.person(text),
                Style::Time => self.time(text),
                Style::Plain | Style::Dim | Style::Good => self.escape(text),
            }
        });
        spans.collect()
    }

    /// A chat shows the name of whoever an id of its own belongs to. Only what the program itself
    /// says about people comes here, so no log line can call anybody.
    fn person(&self, text: &str) -> String {
        let (before, id) = match (self.dialect, text.split_once(':')) {
            (Dialect::Slack, Some(("slack", id))) | (Dialect::Discord, Some(("discord", id))) => {
                ("@", id)
            }
            (Dialect::Slack, Some(("slack-group", id))) => ("!subteam^", id),
            (Dialect::Discord, Some(("discord-role", id))) => ("@&", id),
            _ => return self.escape(text),
        };
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
            return self.escape(text);
        }
        format!("<{before}{id}>")
    }

    /// By the clock of whoever reads it; the words themselves where that cannot be.
    fn time(&self, text: &str) -> String {
        let Ok(at) = DateTime::strptime(MOMENT, text).and_then(|at| at.to_zoned(TimeZone::UTC))
        else {
            return self.escape(text);
        };
        let second = at.timestamp().as_second();
        match self.dialect {
            Dialect::Slack => format!("<!date^{second}^{{date_short_pretty}} {{time}}|{text}>"),
            Dialect::Discord => format!("<t:{second}:t> (<t:{second}:R>)"),
            _ => self.escape(text),
        }
    }

    fn escape(&self, text: &str) -> String {
        self.dialect.escape(&one_line(text))
    }

    pub(super) fn strong(&self, escaped: &str) -> String {
        around(escaped, self.strong, self.strong)
    }

    fn code(&self, text: &str) -> String {
        // Neither place can quote a backtick inside code; its twin looks the same.
        let code = self.dialect.escape_code(&one_line(text).replace('`', "ˋ"));
        around(&code, "`", "`")
    }

    /// Neither place has tables, so the columns are aligned inside a code block.
    fn table(&self, table: &Table) -> String {
        format!(
            "```\n{}\n```",
            self.dialect.escape_code(&aligned(table).join("\n"))
        )
    }
}

/// A table's lines as a code block shows them, not escaped yet.
pub(super) fn aligned(table: &Table) -> Vec<String> {
    terminal::grid(table, &Dialect::Plain).lines(Some(TABLE_WIDTH), Narrow::Cut)
}

/// The same for a place that is narrower: what does not fit goes on in the next line.
pub(super) fn wrapped(table: &Table, width: usize) -> Vec<String> {
    terminal::grid(table, &Dialect::Plain).lines(Some(width), Narrow::Wrap)
}
