//! A message as Slack's Block Kit, within every limit Slack has: blocks, characters in each of
//! them, characters altogether. What does not fit keeps its head and its tail and spills to a file.

use serde_json::{Value, json};

use super::chat::{Writer, aligned};
use super::{cut, terminal};
use crate::text::{Action, Ask, Block, Clean, Dialect, Line, Message, Posting, Style};

/// Slack takes 50; some room is left for the note about what was left out, and for buttons.
const MOST_BLOCKS: usize = 46;
/// Characters in one section; Slack takes 3000.
const SECTION: usize = 2900;
const FIELDS: usize = 10;
/// A value beside its label longer than this reads better on a line of its own; Slack takes 2000.
const FIELD: usize = 300;
/// A longer line is no aside.
const ASIDE: usize = 1000;
const HEADER: usize = 150;
/// Slack refuses messages from about 13,200 characters on, whatever their blocks.
const ALTOGETHER: usize = 11_000;
const FALLBACK: usize = 2000;
const BUTTONS: usize = 25;
const BUTTON: usize = 75;

const SLACK: Dialect = Dialect::Slack;
const WRITER: Writer<'static> = Writer {
    dialect: &SLACK,
    strong: "*",
};

/// The one way from a message to Slack.
pub fn block_kit(message: &Message) -> Posting {
    let mut pieces = Vec::new();
    for block in &message.blocks {
        add(block, &mut pieces);
    }
    let plain = terminal::write(message, &Dialect::Plain);
    let (mut blocks, whole) = within_limits(pieces);
    if let Some(buttons) = buttons(&message.actions) {
        blocks.push(buttons);
    }
    let fallback = match plain.trim() {
        "" => "…".to_owned(),
        words => SLACK.escape_to_fit(words, FALLBACK),
    };
    Posting::sealed(fallback, blocks, super::file::beside(message, whole))
}

/// One block to be, and how many characters it takes.
enum Piece {
    /// Mrkdwn; neighbours are put together while they fit.
    Text(String),
    Block(Value, usize),
}

fn add(block: &Block, pieces: &mut Vec<Piece>) {
    match block {
        Block::Heading(line) => pieces.push(heading(line)),
        Block::Line(line) if is_aside(line) => aside(pieces, &written(line)),
        Block::Line(line) => push_text(pieces, written(line)),
        Block::List(lines) => {
            for line in lines {
                push_text(pieces, format!("• {}", written(line)));
            }
        }
        Block::Fields(pairs) => fields(pairs, pieces),
        Block::Table(table) => code(&aligned(table), pieces),
        Block::Code(lines) => {
            let lines: Vec<String> = lines.iter().map(Clean::to_string).collect();
            code(&lines, pieces);
        }
    }
}

/// Who asked, an id, where it was seen: what is read last stands small.
fn is_aside(line: &Line) -> bool {
    let quiet = |style| matches!(style, Style::Dim | Style::Person);
    let said = line.0.iter().any(|span| !span.text.is_empty());
    said && line.0.iter().all(|span| quiet(span.style))
        && line.0.iter().any(|span| span.style == Style::Dim)
}

fn aside(pieces: &mut Vec<Piece>, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let size = length(text);
    if size > ASIDE {
        return push_text(pieces, text.to_owned());
    }
    let block = json!({ "type": "context", "elements": [mrkdwn(text)] });
    pieces.push(Piece::Block(block, size));
}

/// Lines of text grow together into one section.
fn push_text(pieces: &mut Vec<Piece>, text: String) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(last)) = pieces.last_mut()
        && length(last) + 1 + length(&text) <= SECTION
    {
        last.push('\n');
        last.push_str(&text);
        return;
    }
    pieces.push(Piece::Text(text));
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A line too long for a section gives up its styles before its end.
fn written(line: &Line) -> String {
    let text = WRITER.line(line);
    if length(&text) <= SECTION {
        text
    } else {
        SLACK.escape_to_fit(&words(line), SECTION)
    }
}

fn words(line: &Line) -> String {
    line.0.iter().map(|span| span.text.as_str()).collect()
}

/// Slack's headers are plain text: what would have to be escaped goes into a strong line instead.
fn heading(line: &Line) -> Piece {
    let plain = Dialect::Plain.escape(&words(line)).replace('\n', " ");
    let fits = !plain.trim().is_empty() && length(&plain) <= HEADER;
    if fits && SLACK.escape(&plain) == plain {
        let size = length(&plain);
        let text = json!({ "type": "plain_text", "text": plain, "emoji": false });
        return Piece::Block(json!({ "type": "header", "text": text }), size);
    }
    let strong = WRITER.heading(line);
    Piece::Text(if length(&strong) <= SECTION {
        strong
    } else {
        SLACK.escape_to_fit(&plain, SECTION)
    })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

/// Short pairs stand in two columns, long ones below each other.
fn fields(pairs: &[(Clean, Line)], pieces: &mut Vec<Piece>) {
    let texts: Vec<(String, String)> = pairs
        .iter()
        .map(|(label, value)| {
            let label = SLACK.escape_to_fit(label.as_str(), BUTTON);
            (WRITER.strong(&label), written(value))
        })
        .collect();
    if texts.iter().any(|(_, value)| length(value) > FIELD) {
        for (label, value) in texts {
            let line = format!("{label} {value}");
            let fits = length(&line) <= SECTION;
            push_text(pieces, if fits { line } else { value });
        }
        return;
    }
    for group in texts.chunks(FIELDS) {
        let texts: Vec<String> = group
            .iter()
            .map(|(label, value)| format!("{label}\n{value}"))
            .collect();
        let size = texts.iter().map(|text| length(text)).sum();
        let fields: Vec<Value> = texts.iter().map(|text| mrkdwn(text)).collect();
        pieces.push(Piece::Block(
            json!({ "type": "section", "fields": fields }),
            size,
        ));
    }
}

/// Code is cut into blocks between its lines, so that each is a whole code block.
fn code(lines: &[String], pieces: &mut Vec<Piece>) {
    let mut text = String::new();
    for line in lines.iter().flat_map(|line| line.split('\n')) {
        for piece in cut(line) {
            let piece = SLACK.escape_code(&piece);
            if !text.is_empty() && length(&text) + length(&piece) + 1 > SECTION - 8 {
                push_code(&mut text, pieces);
            }
            text.push_str(&piece);
            text.push('\n');
        }
    }
    push_code(&mut text, pieces);
}

fn push_code(text: &mut String, pieces: &mut Vec<Piece>) {
    let code = std::mem::take(text);
    if !code.trim().is_empty() {
        let section = format!("```\n{code}```");
        let size = length(&section);
        let block = json!({ "type": "section", "text": mrkdwn(&section) });
        pieces.push(Piece::Block(block, size));
    }
}

/// Blocks from the beginning and from the end while there is room; whether all found some.
fn within_limits(pieces: Vec<Piece>) -> (Vec<Value>, bool) {
    let says = |piece: &Piece| !matches!(piece, Piece::Text(text) if text.trim().is_empty());
    let pieces = pieces.into_iter().filter(says);
    let sized: Vec<(Value, usize)> = pieces.map(finished).collect();
    let total: usize = sized.iter().map(|(_, size)| size).sum();
    if total <= ALTOGETHER && sized.len() <= MOST_BLOCKS {
        return (sized.into_iter().map(|(block, _)| block).collect(), true);
    }
    let head = fitting(sized.iter(), ALTOGETHER * 6 / 10, MOST_BLOCKS / 2);
    let rest = sized.len() - head;
    let tail = fitting(sized.iter().rev(), ALTOGETHER * 4 / 10, MOST_BLOCKS / 2 - 1).min(rest);
    let left_out = rest - tail;
    let note = mrkdwn(&format!(
        "_{left_out} parts left out here; the whole is in the file_"
    ));
    let note = json!({ "type": "context", "elements": [note] });
    let mut blocks: Vec<Value> = sized.into_iter().map(|(block, _)| block).collect();
    blocks.splice(head..head + left_out, [note]);
    (blocks, false)
}

fn finished(piece: Piece) -> (Value, usize) {
    match piece {
        Piece::Block(block, size) => (block, size),
        Piece::Text(text) => {
            let size = length(&text);
            (json!({ "type": "section", "text": mrkdwn(&text) }), size)
        }
    }
}

fn fitting<'p>(
    pieces: impl Iterator<Item = &'p (Value, usize)>,
    room: usize,
    most: usize,
) -> usize {
    let mut used = 0;
    pieces
        .take(most)
        .take_while(|(_, size)| {
            used += size;
            used <= room
        })
        .count()
}

/// The line that a press types is the button's value; what it still asks for is in its id.
fn buttons(actions: &[Action]) -> Option<Value> {
    let buttons: Vec<Value> = actions
        .iter()
        .take(BUTTONS)
        .enumerate()
        .map(|(index, action)| button(index, action))
        .collect();
    (!buttons.is_empty()).then(|| json!({ "type": "actions", "elements": buttons }))
}

fn button(index: usize, action: &Action) -> Value {
    let label = Dialect::Plain.escape(action.label.as_str());
    let label: String = label.chars().take(BUTTON).collect();
    let id = match &action.ask {
        None => format!("line:{index}"),
        Some(Ask::Reason) => format!("reason:{index}"),
        Some(Ask::Word(word)) => format!("word:{index}:{word}"),
    };
    let text = json!({ "type": "plain_text", "text": label, "emoji": false });
    let mut button = json!({
        "type": "button",
        "action_id": id,
        "text": text,
        "value": action.line.as_str(),
    });
    let style = match action.style {
        Style::Good => Some("primary"),
        Style::Bad => Some("danger"),
        _ => None,
    };
    if let (Some(style), Some(button)) = (style, button.as_object_mut()) {
        button.insert("style".to_owned(), style.into());
    }
    button
}
