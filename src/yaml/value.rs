//! The tree as serde sees it. The reader of a value decides what its text means; unknown keys are
//! reported on the way and passed over.

use serde::de::value::StrDeserializer;
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Choice, Entries, Items};
use super::problem::{Problem, nearest};
use super::read::{Fault, MOST_LISTED, Pass, did_you_mean, one_of};
use super::tree::{Entry, Node, Text, Value};

#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    pub node: &'t Node,
    pub pass: &'t Pass<'t>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(node: &'t Node, pass: &'t Pass<'t>) -> Self {
        Self { node, pass }
    }

    fn text(self, expected: &str) -> Result<&'t Text, Fault> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            Value::Null => Err(Fault::new(format!("expected {expected}, found nothing"))),
            Value::List(_) => Err(Fault::new(format!("expected {expected}, found a list"))),
            Value::Map(_) => Err(Fault::new(format!("expected {expected}, found a section"))),
        }
    }

    pub(super) fn items(self) -> Result<Items<'t>, Fault> {
        match &self.node.value {
            Value::List(items) => Ok(Items {
                items: items.iter(),
                pass: self.pass,
            }),
            Value::Null => Ok(Items {
                items: [].iter(),
                pass: self.pass,
            }),
            Value::Text(_) => Err(Fault::text_instead("expected a list, such as `[one, two]`")),
            Value::Map(_) => Err(Fault::new("expected a list, found a section")),
        }
    }

    fn entries(self) -> Result<Entries<'t>, Fault> {
        match &self.node.value {
            Value::Map(_) | Value::Null => Ok(Entries {
                rest: self.node.entries().iter(),
                current: None,
                pass: self.pass,
            }),
            Value::Text(_) => Err(Fault::text_instead(
                "expected a section of `key: value` lines",
            )),
            Value::List(_) => Err(Fault::new("expected a section, found a list")),
        }
    }

    fn report_unknown(self, known: &[&str]) {
        if self.pass.rejected.borrow().takes_unknown {
            return;
        }
        for entry in self.node.entries() {
            if known.contains(&entry.key.as_str()) || self.pass.passes_over(&entry.node) {
                continue;
            }
            let problem = unknown(entry, known);
            self.pass.reject(&entry.node, problem);
        }
    }
}

fn unknown(entry: &Entry, known: &[&str]) -> Problem {
    let problem = Problem::new(entry.key_at.clone(), format!("unknown key `{}`", entry.key));
    if let Some(name) = nearest(&entry.key, known.iter().copied()) {
        return problem.help(did_you_mean(name));
    }
    if known.len() > MOST_LISTED {
        return problem;
    }
    let mut known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    known.sort();
    problem.help(format!("keys here: {}", known.join(", ")))
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $number:ty),* $(,)?) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let expected = match <$number>::BITS {
                64 => "a whole number".to_owned(),
                _ => format!("a whole number from {} to {}", <$number>::MIN, <$number>::MAX),
            };
            match self.text(&expected)?.text.parse::<$number>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Fault::new(format!("expected {expected}"))),
            }
        }
    )* };
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    whole_numbers! {
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::List(_) => visitor.visit_seq(self.items()?),
            Value::Map(_) => visitor.visit_map(self.entries()?),
            Value::Text(Text { text, plain: false }) => visitor.visit_str(text),
            Value::Text(Text { text, .. }) => match text.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                text => match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(whole), _) => visitor.visit_i64(whole),
                    (_, Ok(number)) if number.is_finite() => visitor.visit_f64(number),
                    _ => visitor.visit_str(text),
                },
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text("`true` or `false`")?.text.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Fault::new("expected `true` or `false`")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text("a number")?.text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => Err(Fault::new("expected a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(&self.text("a text")?.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.entries()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.report_unknown(keys);
        visitor.visit_map(self.entries()?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// A choice is one word, or one key with what belongs to it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let [entry] = self.node.entries() {
            return visitor.visit_enum(Choice { of: self, entry });
        }
        let text = self.text(&one_of(words))?;
        let word: StrDeserializer<'_, Fault> = text.text.as_str().into_deserializer();
        visitor.visit_enum(word)
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}
