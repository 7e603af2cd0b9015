//! `{{name}}` in a runbook's texts. A template is one value: filling it gives one text, whatever
//! is in the parameter, so one placeholder never becomes two arguments and never meets a shell.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

/// The values in scope, by name; several where a parameter holds several.
pub type Scope = BTreeMap<String, Vec<String>>;

/// A text with `{{name}}` in it, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Text(#[schemars(with = "Scalar")] pub String);

/// What YAML allows where one value is meant.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum Scalar {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    Plain(&'t str),
    /// The name between `{{` and `}}`.
    Name(&'t str),
    /// `{{` that is never closed, with what follows.
    Open(&'t str),
}

/// Takes a template apart. Every text can be.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        if !before.is_empty() {
            pieces.push(Piece::Plain(before));
        }
        match after.split_once("}}") {
            Some((name, after)) => {
                pieces.push(Piece::Name(name.trim()));
                rest = after;
            }
            None => {
                pieces.push(Piece::Open(after));
                return pieces;
            }
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

impl Text {
    /// One text, whatever the values are. Several values where one is meant are joined by commas;
    /// the checks refuse that wherever it could matter.
    pub fn fill(&self, scope: &Scope) -> String {
        let mut out = String::new();
        for piece in pieces(&self.0) {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Name(name) => {
                    out.push_str(&scope.get(name).map(|v| v.join(",")).unwrap_or_default());
                }
                Piece::Open(rest) => {
                    out.push_str("{{");
                    out.push_str(rest);
                }
            }
        }
        out
    }

    /// The name where the whole text is one placeholder.
    pub fn sole_name(&self) -> Option<&str> {
        match pieces(&self.0).as_slice() {
            [Piece::Name(name)] => Some(name),
            _ => None,
        }
    }
}

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema)]
#[schemars(inline)]
pub struct OneOrMany(#[schemars(with = "ScalarOrList")] pub Vec<Text>);

#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum ScalarOrList {
    One(Scalar),
    Many(Vec<Scalar>),
}

impl OneOrMany {
    /// Every value: a template that is one placeholder stands for all the values of its parameter.
    pub fn fill(&self, scope: &Scope) -> Vec<String> {
        self.0
            .iter()
            .flat_map(
                |text| match text.sole_name().and_then(|name| scope.get(name)) {
                    Some(values) => values.clone(),
                    None => vec![text.fill(scope)],
                },
            )
            .filter(|value| !value.is_empty())
            .collect()
    }

    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|text| text.0.clone()).collect()
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> de::Visitor<'de> for Values {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![Text(text.to_owned())]))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<OneOrMany, E> {
                self.visit_str(&flag.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<OneOrMany, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<OneOrMany, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_unit<E: de::Error>(self) -> Result<OneOrMany, E> {
                Ok(OneOrMany::default())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element::<Text>()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }

        from.deserialize_any(Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(pairs: &[(&str, &[&str])]) -> Scope {
        pairs
            .iter()
            .map(|(name, values)| {
                let values = values.iter().map(ToString::to_string).collect();
                ((*name).to_owned(), values)
            })
            .collect()
    }

    #[test]
    fn fills_what_is_in_scope() {
        let scope = scope(&[("a", &["1"]), ("b", &["x", "y"])]);
        let fill = |text: &str| Text(text.to_owned()).fill(&scope);
        assert_eq!(fill("<{{a}}|{{ a }}>"), "<1|1>");
        assert_eq!(fill("{{a"), "{{a");
        let many = OneOrMany(vec![Text("{{b}}".into()), Text("@{{a}}".into())]);
        assert_eq!(many.fill(&scope), ["x", "y", "@1"]);
    }

    proptest::proptest! {
        #[test]
        fn a_value_is_never_read_as_a_template(value in ".{0,30}") {
            let scope = scope(&[("a", &[&value]), ("b", &["no"])]);
            proptest::prop_assert_eq!(Text("{{a}}".into()).fill(&scope), value.clone());
            let twice = Text("-{{a}}{{b}}".into()).fill(&scope);
            proptest::prop_assert_eq!(twice, format!("-{value}no"));
        }

        #[test]
        fn every_text_comes_apart(text in ".{0,40}") {
            let _pieces = pieces(&text);
        }
    }
}
