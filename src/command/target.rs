//! `[HOST:][STACK/]SERVICE` and `@GROUP`: what a command is about, before it is looked up.

use std::fmt;

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    pub host: Option<String>,
    pub stack: Option<String>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A service, a container, or (where the word allows it) a stack.
    Named(String),
    Group(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    #[error("a target is empty; write `[HOST:][STACK/]SERVICE` or `@GROUP`")]
    Empty,
    #[error("`{0}` has an empty part; write `[HOST:][STACK/]SERVICE` or `@GROUP`")]
    EmptyPart(String),
    #[error("`{text}` has `{found}` in it; names have letters, digits, `.`, `_` and `-`")]
    BadCharacter { text: String, found: char },
}

impl Target {
    pub fn service(name: impl Into<String>) -> Self {
        Self {
            host: None,
            stack: None,
            what: What::Named(name.into()),
        }
    }

    #[must_use]
    pub fn in_stack(mut self, stack: impl Into<String>) -> Self {
        self.stack = Some(stack.into());
        self
    }

    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        let (host, rest) = match text.split_once(':') {
            Some((host, rest)) => (Some(host), rest),
            None => (None, text),
        };
        let (stack, last) = match rest.split_once('/') {
            Some((stack, last)) => (Some(stack), last),
            None => (None, rest),
        };
        let (group, name) = match last.strip_prefix('@') {
            Some(name) => (true, name),
            None => (false, last),
        };
        for part in [host, stack, Some(name)].into_iter().flatten() {
            check(part, text)?;
        }
        let what = if group {
            What::Group(name.to_owned())
        } else {
            What::Named(name.to_owned())
        };
        Ok(Self {
            host: host.map(str::to_owned),
            stack: stack.map(str::to_owned),
            what,
        })
    }
}

fn check(part: &str, whole: &str) -> Result<(), TargetError> {
    if part.is_empty() {
        return Err(TargetError::EmptyPart(whole.to_owned()));
    }
    match part
        .chars()
        .find(|c| !(c.is_alphanumeric() || "._-".contains(*c)))
    {
        Some(found) => Err(TargetError::BadCharacter {
            text: whole.to_owned(),
            found,
        }),
        None => Ok(()),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}:")?;
        }
        if let Some(stack) = &self.stack {
            write!(f, "{stack}/")?;
        }
        match &self.what {
            What::Named(name) => f.write_str(name),
            What::Group(name) => write!(f, "@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        for text in [
            "api",
            "shop/api",
            "vps:api",
            "vps:shop/api",
            "@workers",
            "shop/@workers",
            "vps:shop/@db-1",
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        assert_eq!(Target::parse("").unwrap_err(), TargetError::Empty);
        assert_eq!(
            Target::parse("shop/").unwrap_err(),
            TargetError::EmptyPart("shop/".to_owned())
        );
        assert!(matches!(
            Target::parse("a;b").unwrap_err(),
            TargetError::BadCharacter { found: ';', .. }
        ));
        assert!(matches!(
            Target::parse("a/b/c").unwrap_err(),
            TargetError::BadCharacter { found: '/', .. }
        ));
    }
}
