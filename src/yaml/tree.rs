//! A YAML document as a tree in which every key and value knows its place. It has no `Debug`:
//! after filling it holds secrets.

use std::ops::Range;

/// A value and where it stands, in bytes of the text.
#[derive(Clone)]
pub struct Node {
    pub(super) id: usize,
    pub at: Range<usize>,
    pub value: Value,
}

#[derive(Clone)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A scalar. What it means is decided by who reads it: `8080` can be a number or a name.
#[derive(Clone)]
pub struct Text {
    pub text: String,
    /// Written without quotes, so it may be a number or a yes-or-no.
    pub plain: bool,
}

#[derive(Clone)]
pub struct Entry {
    pub key: String,
    pub key_at: Range<usize>,
    pub node: Node,
}

impl Node {
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(&text.text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value under `path`, key by key.
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        let mut node = self;
        for key in path {
            node = &node.entry(key)?.node;
        }
        Some(node)
    }
}
