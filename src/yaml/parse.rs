//! From parser events to the tree. Duplicate keys, tags and the like are noted and parsing goes
//! on; only text that is not YAML stops it.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::problem::{Problem, line_of};
use super::tree::{Entry, Node, Text, Value};

/// More than any file a person keeps; aliases that multiply end here.
const MOST_NODES: usize = 20_000;
const DEEPEST: usize = 64;

pub(super) struct Parsed {
    pub root: Node,
    /// What did not come into the tree; it still stands in the text.
    pub dropped: Vec<Node>,
    pub problems: Vec<Problem>,
}

/// Reads one document. An empty text is an empty one.
pub(super) fn parse(text: &str) -> Result<Parsed, Problem> {
    let mut builder = Builder {
        text,
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        nodes: 0,
        dropped: Vec::new(),
        problems: Vec::new(),
    };
    let root = builder.document()?;
    Ok(Parsed {
        root,
        dropped: builder.dropped,
        problems: builder.problems,
    })
}

struct Builder<'t, E> {
    text: &'t str,
    events: E,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    dropped: Vec<Node>,
    problems: Vec<Problem>,
}

impl<'t, E> Builder<'t, E>
where
    E: Iterator<Item = Result<(Event<'t>, Span), ScanError>>,
{
    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    return Err(Problem::new(at, "a second document; one is expected"));
                }
                event => root = Some(self.node(event, at, 0)?),
            }
        }
        match root {
            Some(root) => Ok(root),
            None => self.make(0..0, Value::Null),
        }
    }

    /// The next event that is not a comment, and its place.
    fn next(&mut self) -> Result<Option<(Event<'t>, Range<usize>)>, Problem> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, span.byte_range().unwrap_or(0..0)))),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(self.text.len());
                let why = format!("not valid YAML: {}", error.info());
                let problem = Problem::new(at..at, why);
                let line = self.text.lines().nth(line_of(self.text, at) - 1);
                if line.is_some_and(|line| line.contains("${")) {
                    let help = "between `{` and `}` a value with `${…}` must be in quotes";
                    return Err(problem.help(help));
                }
                Err(problem)
            }
        }
    }

    fn expect(&mut self) -> Result<(Event<'t>, Range<usize>), Problem> {
        let end = self.text.len()..self.text.len();
        self.next()?
            .ok_or_else(|| Problem::new(end, "not valid YAML: it ends too early"))
    }

    fn make(&mut self, at: Range<usize>, value: Value) -> Result<Node, Problem> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Problem::new(at, "too many values in one file"));
        }
        let id = self.nodes;
        Ok(Node { id, at, value })
    }

    fn node(&mut self, event: Event<'t>, at: Range<usize>, depth: usize) -> Result<Node, Problem> {
        if depth > DEEPEST {
            return Err(Problem::new(at, "nested too deep"));
        }
        if let Some(tag) = event.tag()
            && !tag.is_yaml_core_schema()
        {
            self.problems.push(
                Problem::new(at.clone(), "tags (`!name`) mean nothing here")
                    .help("write the value itself"),
            );
        }
        let anchor = event.anchor_id();
        let node = match event {
            Event::Scalar(text, style, ..) => self.make(at, scalar(&text, style))?,
            Event::SequenceStart(..) => self.list(at, depth)?,
            Event::MappingStart(..) => self.map(at, depth)?,
            Event::Alias(id) => self.alias(id, &at)?,
            _ => return Err(Problem::new(at, "not valid YAML: a value is expected")),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, at: Range<usize>, depth: usize) -> Result<Node, Problem> {
        let mut items = Vec::new();
        loop {
            match self.expect()? {
                (Event::SequenceEnd, _) => break,
                (event, at) => items.push(self.node(event, at, depth + 1)?),
            }
        }
        self.make(at, Value::List(items))
    }

    fn map(&mut self, at: Range<usize>, depth: usize) -> Result<Node, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, key_at) = self.expect()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, key_at.clone(), depth + 1)?;
            let (event, value_at) = self.expect()?;
            let node = self.node(event, value_at, depth + 1)?;
            match self.key(&key, &key_at, &entries) {
                Some(key) => entries.push(Entry { key, key_at, node }),
                None if key.text().is_some() => self.dropped.push(node),
                None => self.dropped.extend([key, node]),
            }
        }
        self.make(at, Value::Map(entries))
    }

    /// The key's text, unless the entry cannot stand; why is noted then.
    fn key(&mut self, key: &Node, at: &Range<usize>, before: &[Entry]) -> Option<String> {
        let Some(text) = key.text() else {
            let problem = Problem::new(at.clone(), "a key must be a plain text");
            self.problems.push(problem);
            return None;
        };
        if text == "<<" {
            let problem = Problem::new(at.clone(), "merge keys (`<<`) are not read here");
            self.problems.push(problem.help("write the keys out"));
            return None;
        }
        if let Some(first) = before.iter().find(|entry| entry.key == text) {
            let line = line_of(self.text, first.key_at.start);
            let what = format!("`{text}` is given twice; it is in line {line} already");
            self.problems.push(Problem::new(at.clone(), what));
            return None;
        }
        Some(text.to_owned())
    }

    /// A copy of what the alias stands for, with places of the original.
    fn alias(&mut self, id: usize, at: &Range<usize>) -> Result<Node, Problem> {
        match self.anchors.get(&id).cloned() {
            Some(node) => self.copy(node),
            None => Err(Problem::new(
                at.clone(),
                "an alias inside what it stands for",
            )),
        }
    }

    /// Copies are told apart by their ids, so that a problem in one does not hide the other.
    fn copy(&mut self, node: Node) -> Result<Node, Problem> {
        let value = match node.value {
            Value::List(items) => {
                let items: Result<_, _> = items.into_iter().map(|item| self.copy(item)).collect();
                Value::List(items?)
            }
            Value::Map(entries) => {
                let copy = |entry: Entry| {
                    let node = self.copy(entry.node)?;
                    Ok(Entry { node, ..entry })
                };
                let entries: Result<_, _> = entries.into_iter().map(copy).collect();
                Value::Map(entries?)
            }
            plain => plain,
        };
        self.make(node.at, value)
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Text(Text {
        text: text.to_owned(),
        plain,
    })
}
