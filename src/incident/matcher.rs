//! Which troubles a silence, a window, a known issue or a route means: `shop/api`,
//! `stack=shop,what=died`, `severity=critical`, `*`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::Member;
use crate::access::matches;

const EXPECTED: &str = "expected `[HOST:][STACK/]SERVICE`, or `FIELD=PATTERN` with commas between, \
     where a field is host, stack, service, what, severity or source, and `*` stands for anything";

const FIELDS: [&str; 6] = ["host", "stack", "service", "what", "severity", "source"];

/// Every part has to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Matcher(Vec<(usize, String)>);

impl Matcher {
    pub fn fits(&self, member: &Member) -> bool {
        self.0
            .iter()
            .all(|(field, pattern)| matches(pattern, value(member, *field)))
    }

    /// The one host it can fit, if it says one.
    pub fn host(&self) -> Option<&str> {
        self.only(0)
    }

    /// The one stack it can fit, if it says one.
    pub fn stack(&self) -> Option<&str> {
        self.only(1)
    }

    fn only(&self, field: usize) -> Option<&str> {
        let named = self.0.iter().find(|(of, _)| *of == field);
        named
            .map(|(_, pattern)| pattern.as_str())
            .filter(|pattern| !pattern.contains('*'))
    }
}

fn value(member: &Member, field: usize) -> &str {
    match field {
        0 => &member.print.host,
        1 => &member.print.stack,
        2 => &member.print.service,
        3 => &member.print.what,
        4 => member.severity.word(),
        _ => member.source.word(),
    }
}

impl TryFrom<String> for Matcher {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(EXPECTED);
        }
        if text == "*" {
            return Ok(Self::default());
        }
        if !text.contains('=') {
            return Ok(target(text));
        }
        let part = |part: &str| {
            let (field, pattern) = part.split_once('=')?;
            let field = FIELDS.iter().position(|known| *known == field.trim())?;
            Some((field, pattern.trim().to_owned()))
        };
        let parts: Option<Vec<_>> = text.split(',').map(part).collect();
        parts.map(Self).ok_or(EXPECTED)
    }
}

/// `[HOST:][STACK/]SERVICE`
fn target(text: &str) -> Matcher {
    let (host, rest) = match text.split_once(':') {
        Some((host, rest)) => (Some(host), rest),
        None => (None, text),
    };
    let (stack, service) = match rest.split_once('/') {
        Some((stack, service)) => (Some(stack), service),
        None => (None, rest),
    };
    let parts = [(0, host), (1, stack), (2, Some(service))];
    let named = parts
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?.to_owned())));
    Matcher(named.collect())
}

impl From<Matcher> for String {
    fn from(matcher: Matcher) -> Self {
        matcher.to_string()
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("*");
        }
        let named = self.0.iter().filter_map(|(field, pattern)| {
            let field = FIELDS.get(*field)?;
            Some(format!("{field}={pattern}"))
        });
        f.write_str(&named.collect::<Vec<_>>().join(","))
    }
}
