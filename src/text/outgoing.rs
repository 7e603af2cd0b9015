//! What a place accepts: text already written and escaped for it. Made by `write` and by the
//! report's templates only, so nothing reaches a person around the redactor.

use serde_json::Value;

use super::Dialect;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    dialect: Dialect,
    text: String,
}

impl Outgoing {
    /// The writers' seal: `text` is made of clean parts, escaped for `dialect`.
    pub(crate) fn sealed(dialect: Dialect, text: String) -> Self {
        Self { dialect, text }
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn into_string(self) -> String {
        self.text
    }
}

/// A message in the blocks of a chat, within everything the chat allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    text: String,
    blocks: Vec<Value>,
    spilled: Option<String>,
}

impl Posting {
    /// The writers' seal, as for `Outgoing`.
    pub(super) fn sealed(text: String, blocks: Vec<Value>, spilled: Option<String>) -> Self {
        Self {
            text,
            blocks,
            spilled,
        }
    }

    /// What a notification shows, and clients without blocks.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn blocks(&self) -> &[Value] {
        &self.blocks
    }

    /// The whole as a text file, where the blocks hold only its head and its tail.
    pub fn spilled(&self) -> Option<&str> {
        self.spilled.as_deref()
    }
}

/// A message in Discord's embeds, within everything Discord allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    title: String,
    calls: Calls,
    embeds: Vec<Value>,
    components: Vec<Value>,
    spilled: Option<String>,
}

/// Who is to notice a message, by the chat's own ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    pub people: Vec<String>,
    pub roles: Vec<String>,
}

impl Card {
    /// The writers' seal, as for `Outgoing`.
    pub(super) fn sealed(
        title: String,
        calls: Calls,
        embeds: Vec<Value>,
        components: Vec<Value>,
        spilled: Option<String>,
    ) -> Self {
        Self {
            title,
            calls,
            embeds,
            components,
            spilled,
        }
    }

    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Its first line, not escaped: what a thread or a forum post about it is called, which shows
    /// no markup.
    pub fn title(&self) -> &str {
        &self.title
    }

    pub fn embeds(&self) -> &[Value] {
        &self.embeds
    }

    /// Rows of buttons.
    pub fn components(&self) -> &[Value] {
        &self.components
    }

    /// The whole as a text file, where the embeds hold only its head and its tail.
    pub fn spilled(&self) -> Option<&str> {
        self.spilled.as_deref()
    }
}

impl std::fmt::Display for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
