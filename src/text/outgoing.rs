//! What a place accepts: text already written and escaped for it. Made by `write` and by the
//! report's templates only, so nothing reaches a person around the redactor.

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

impl std::fmt::Display for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
