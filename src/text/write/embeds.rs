//! A message as Discord's embeds, within every limit Discord has: characters in each part and over
//! all of them, fields, buttons. What does not fit keeps its head and its tail and spills to a file.

use serde_json::{Value, json};

use super::buttons::rows;
use super::chat::{Writer, wrapped};
use super::{cut, terminal};
use crate::text::{Block, Calls, Card, Clean, Dialect, Line, Message, Style};

const TITLE: usize = 256;
const DESCRIPTION: usize = 4096;
const FIELDS: usize = 25;
const NAME: usize = 256;
const VALUE: usize = 1024;
const FOOTER: usize = 2048;
/// Discord takes ten.
const EMBEDS: usize = 10;
/// Characters over all embeds; Discord takes 6000, and a note about what was left out needs some.
const ALTOGETHER: usize = 5800;
/// A code block is cut into blocks of this size, so that head and tail can be told apart.
const CODE: usize = 1200;
/// An embed is narrower than a message: longer lines of a table would be broken anywhere.
const TABLE_WIDTH: usize = 56;
/// People, and roles, that one message calls; Discord takes a hundred of each.
const CALLED: usize = 20;
/// Pairs shorter than this stand beside each other.
const SHORT: usize = 40;

const DISCORD: Dialect = Dialect::Discord;
const WRITER: Writer<'static> = Writer {
    dialect: &DISCORD,
    strong: "**",
};

/// The one way from a message to Discord.
pub fn embeds(message: &Message) -> Card {
    let (components, untold) = rows(&message.actions);
    let mut pieces = pieces(message);
    pieces.extend(untold.iter().map(|line| Piece::Text(written(line))));
    let (pieces, whole) = within_limits(pieces);
    let colour = colour(message);
    let embeds = assembled(pieces)
        .into_iter()
        .take(EMBEDS)
        .map(|embed| embed.json(colour))
        .collect();
    let plain = terminal::write(message, &Dialect::Plain);
    let title = plain.lines().next().unwrap_or_default().trim().to_owned();
    let spilled = super::file::beside(message, whole);
    Card::sealed(title, calls(message), embeds, components, spilled)
}

/// A mention inside an embed reaches nobody, so whoever is called stands beside it as well. Only
/// what the program itself says about people has this style.
fn calls(message: &Message) -> Calls {
    let lines = message.blocks.iter().filter_map(|block| match block {
        Block::Heading(line) | Block::Line(line) => Some(line),
        _ => None,
    });
    let called = lines.flat_map(|line| &line.0);
    let mut calls = Calls::default();
    for span in called.filter(|span| span.style == Style::Call) {
        let (to, id) = match span.text.as_str().split_once(':') {
            Some(("discord", id)) => (&mut calls.people, id),
            Some(("discord-role", id)) => (&mut calls.roles, id),
            _ => continue,
        };
        let is_id = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        if is_id && to.len() < CALLED && !to.iter().any(|known| known == id) {
            to.push(id.to_owned());
        }
    }
    calls
}

/// A part of an embed to be.
#[derive(Clone)]
enum Piece {
    Title(String),
    /// A line or a code block of the description.
    Text(String),
    Field {
        name: String,
        value: String,
        inline: bool,
    },
    Footer(String),
}

impl Piece {
    fn size(&self) -> usize {
        match self {
            Self::Title(text) | Self::Footer(text) => length(text),
            // the line break between two of them
            Self::Text(text) => length(text) + 1,
            Self::Field { name, value, .. } => length(name) + length(value),
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn pieces(message: &Message) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let last = message.blocks.len().saturating_sub(1);
    for (index, block) in message.blocks.iter().enumerate() {
        match block {
            Block::Heading(line) if pieces.is_empty() => pieces.push(title(line)),
            Block::Heading(line) => pieces.push(Piece::Text(strong(line))),
            Block::Line(line) if index == last && index > 0 && is_aside(line) => {
                pieces.push(footer(line));
            }
            Block::Line(line) => pieces.push(Piece::Text(written(line))),
            Block::List(lines) => {
                let items = lines.iter().map(|line| format!("• {}", written(line)));
                pieces.extend(items.map(Piece::Text));
            }
            Block::Fields(pairs) => fields(pairs, &mut pieces),
            Block::Table(table) => code(&wrapped(table, TABLE_WIDTH), &mut pieces),
            Block::Code(lines) => {
                let lines: Vec<String> = lines.iter().map(Clean::to_string).collect();
                code(&lines, &mut pieces);
            }
        }
    }
    pieces
}

fn words(line: &Line) -> String {
    line.0.iter().map(|span| span.text.as_str()).collect()
}

fn title(line: &Line) -> Piece {
    let escaped = DISCORD.escape(&words(line).replace('\n', " "));
    if length(&escaped) <= TITLE && !escaped.trim().is_empty() {
        Piece::Title(escaped)
    } else {
        Piece::Text(strong(line))
    }
}

fn strong(line: &Line) -> String {
    let strong = WRITER.heading(line);
    if length(&strong) <= DESCRIPTION - 6 {
        strong
    } else {
        DISCORD.escape_to_fit(&words(line), CODE)
    }
}

/// A line too long for an embed gives up its styles before its end.
fn written(line: &Line) -> String {
    let text = WRITER.line(line);
    if length(&text) <= CODE * 2 {
        text
    } else {
        DISCORD.escape_to_fit(&words(line), CODE * 2)
    }
}

/// Nothing in it needs markup, so it can stand below.
fn is_aside(line: &Line) -> bool {
    !line.0.is_empty() && line.0.iter().all(|span| span.style == Style::Dim)
}

/// Footers show no markup, so they are not escaped for it.
fn footer(line: &Line) -> Piece {
    Piece::Footer(Dialect::Plain.escape_to_fit(&words(line).replace('\n', " "), FOOTER))
}

fn fields(pairs: &[(Clean, Line)], pieces: &mut Vec<Piece>) {
    let written: Vec<(String, String)> = pairs
        .iter()
        .map(|(label, value)| {
            let value = match WRITER.line(value) {
                text if length(&text) <= VALUE => text,
                _ => DISCORD.escape_to_fit(&words(value), VALUE),
            };
            (DISCORD.escape_to_fit(label.as_str(), NAME), value)
        })
        .collect();
    let inline = written
        .iter()
        .all(|(name, value)| length(name) + length(value) <= SHORT);
    pieces.extend(written.into_iter().map(|(name, value)| Piece::Field {
        // Discord refuses a field with an empty side
        name: or_dash(name),
        value: or_dash(value),
        inline,
    }));
}

fn or_dash(text: String) -> String {
    if text.trim().is_empty() {
        "–".to_owned()
    } else {
        text
    }
}

/// Code is cut into blocks between its lines, so that each is a whole code block.
fn code(lines: &[String], pieces: &mut Vec<Piece>) {
    let mut text = String::new();
    for line in lines.iter().flat_map(|line| line.split('\n')) {
        for piece in cut(line) {
            let piece = DISCORD.escape_code(&piece);
            if !text.is_empty() && length(&text) + length(&piece) + 1 > CODE {
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
        pieces.push(Piece::Text(format!("```\n{code}```")));
    }
}

/// Parts from the beginning and from the end while there is room; whether all found some.
fn within_limits(mut pieces: Vec<Piece>) -> (Vec<Piece>, bool) {
    let total: usize = pieces.iter().map(Piece::size).sum();
    if total <= ALTOGETHER && assembled(pieces.clone()).len() <= EMBEDS {
        return (pieces, true);
    }
    let head = fitting(pieces.iter(), ALTOGETHER * 6 / 10);
    let rest = pieces.len() - head;
    let tail = fitting(pieces.iter().rev(), ALTOGETHER * 4 / 10).min(rest);
    let left_out = rest - tail;
    let note = format!("*… {left_out} parts left out here; the whole is in the file*");
    pieces.splice(head..head + left_out, [Piece::Text(note)]);
    (pieces, false)
}

fn fitting<'p>(pieces: impl Iterator<Item = &'p Piece>, room: usize) -> usize {
    let mut used = 0;
    pieces
        .take_while(|piece| {
            used += piece.size();
            used <= room
        })
        .count()
}

#[derive(Default)]
struct Embed {
    title: Option<String>,
    description: String,
    fields: Vec<Value>,
    footer: Option<String>,
}

impl Embed {
    /// Discord shows the description above the fields and the footer below: what comes later in
    /// the message and would stand higher begins a new embed.
    fn takes(&self, piece: &Piece) -> bool {
        match piece {
            Piece::Title(_) => false,
            Piece::Text(text) => {
                self.fields.is_empty()
                    && self.footer.is_none()
                    && length(&self.description) + length(text) < DESCRIPTION
            }
            Piece::Field { .. } => self.fields.len() < FIELDS && self.footer.is_none(),
            Piece::Footer(_) => self.footer.is_none(),
        }
    }

    fn add(&mut self, piece: Piece) {
        match piece {
            Piece::Title(text) => self.title = Some(text),
            Piece::Text(text) => {
                if !self.description.is_empty() {
                    self.description.push('\n');
                }
                self.description.push_str(&text);
            }
            Piece::Field {
                name,
                value,
                inline,
            } => self
                .fields
                .push(json!({ "name": name, "value": value, "inline": inline })),
            Piece::Footer(text) => self.footer = Some(text),
        }
    }

    fn json(self, colour: Option<u32>) -> Value {
        let mut embed = serde_json::Map::new();
        if let Some(title) = self.title {
            embed.insert("title".to_owned(), title.into());
        }
        if !self.description.trim().is_empty() {
            embed.insert("description".to_owned(), self.description.into());
        }
        if !self.fields.is_empty() {
            embed.insert("fields".to_owned(), self.fields.into());
        }
        if let Some(footer) = self.footer {
            embed.insert("footer".to_owned(), json!({ "text": footer }));
        }
        if let Some(colour) = colour {
            embed.insert("color".to_owned(), colour.into());
        }
        if embed.keys().all(|key| key == "color") {
            embed.insert("description".to_owned(), "…".into());
        }
        Value::Object(embed)
    }
}

fn assembled(pieces: Vec<Piece>) -> Vec<Embed> {
    let mut embeds = vec![Embed::default()];
    for (index, piece) in pieces.into_iter().enumerate() {
        match embeds.last_mut() {
            Some(last) if index == 0 || last.takes(&piece) => last.add(piece),
            _ => {
                let mut next = Embed::default();
                next.add(piece);
                embeds.push(next);
            }
        }
    }
    embeds
}

const GREEN: u32 = 0x002e_a043;
const AMBER: u32 = 0x00d2_9922;
const RED: u32 = 0x00da_3633;
const BLUE: u32 = 0x0038_8bfd;
const GREY: u32 = 0x008b_949e;

/// The state that the first line tells, by its sign or its style.
fn colour(message: &Message) -> Option<u32> {
    let (Block::Heading(first) | Block::Line(first)) = message.blocks.first()? else {
        return None;
    };
    let by_sign = match words(first).chars().next()? {
        '🟢' => Some(GREEN),
        '🟡' | '🟠' => Some(AMBER),
        '🔴' => Some(RED),
        '🔵' => Some(BLUE),
        '⚪' => Some(GREY),
        _ => None,
    };
    by_sign.or_else(|| match first.0.first()?.style {
        Style::Good => Some(GREEN),
        Style::Warn => Some(AMBER),
        Style::Bad => Some(RED),
        _ => None,
    })
}
