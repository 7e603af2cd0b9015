//! A message as a fragment of HTML. The page around it and its colours are the templates' business.

use super::one_line;
use crate::text::{Block, Clean, Dialect, Line, Message, Span, Style, Table};

pub(super) fn write(message: &Message) -> String {
    let mut text = String::new();
    for block in &message.blocks {
        text.push_str(&written_block(block));
        text.push('\n');
    }
    text
}

fn written_block(block: &Block) -> String {
    match block {
        Block::Heading(line) => format!("<h3>{}</h3>", written(line)),
        Block::Line(line) => format!("<p>{}</p>", written(line)),
        Block::List(lines) => {
            let items = lines
                .iter()
                .map(|line| format!("<li>{}</li>", written(line)));
            format!("<ul>{}</ul>", concat(items))
        }
        Block::Fields(pairs) => {
            let pair = |(label, value): &(Clean, Line)| {
                format!(
                    "<dt>{}</dt><dd>{}</dd>",
                    escape(label.as_str()),
                    written(value)
                )
            };
            format!("<dl>{}</dl>", concat(pairs.iter().map(pair)))
        }
        Block::Table(rows) => table(rows),
        Block::Code(lines) => {
            let lines: Vec<String> = lines
                .iter()
                .map(|line| Dialect::Html.escape_code(line.as_str()))
                .collect();
            format!("<pre>{}</pre>", lines.join("\n"))
        }
    }
}

fn escape(text: &str) -> String {
    Dialect::Html.escape(&one_line(text))
}

fn written(line: &Line) -> String {
    line.0.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let text = escape(span.text.as_str());
    match span.style {
        Style::Plain | Style::Person | Style::Call | Style::Time => text,
        Style::Strong => format!("<strong>{text}</strong>"),
        Style::Code => format!("<code>{text}</code>"),
        Style::Dim => format!(r#"<span class="dim">{text}</span>"#),
        Style::Good => format!(r#"<span class="good">{text}</span>"#),
        Style::Warn => format!(r#"<span class="warn">{text}</span>"#),
        Style::Bad => format!(r#"<span class="bad">{text}</span>"#),
    }
}

fn table(table: &Table) -> String {
    let class = |column: usize| match table.columns.get(column) {
        Some(column) if column.right => r#" class="right""#,
        _ => "",
    };
    let titles = table.columns.iter().enumerate();
    let titles =
        titles.map(|(index, column)| format!("<th{}>{}</th>", class(index), escape(column.title)));
    let row = |row: &Vec<Line>| {
        let cells = row.iter().enumerate();
        let cells =
            cells.map(|(index, cell)| format!("<td{}>{}</td>", class(index), written(cell)));
        format!("<tr>{}</tr>", concat(cells))
    };
    format!(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        concat(titles),
        concat(table.rows.iter().map(row))
    )
}

fn concat(pieces: impl Iterator<Item = String>) -> String {
    pieces.collect::<Vec<_>>().concat()
}
