//! Lists, sections and choices of the tree, one item after another. What was rejected is passed
//! over; what fails is told with its place.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::read::{Fault, Pass};
use super::tree::{Entry, Node};
use super::value::Reader;

pub(super) struct Items<'t> {
    pub items: std::slice::Iter<'t, Node>,
    pub pass: &'t Pass<'t>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let pass = self.pass;
        let Some(node) = self.items.find(|node| !pass.passes_over(node)) else {
            return Ok(None);
        };
        seed.deserialize(Reader { node, pass })
            .map(Some)
            .map_err(|fault| fault.at(node, &node.at))
    }
}

pub(super) struct Entries<'t> {
    pub rest: std::slice::Iter<'t, Entry>,
    pub current: Option<&'t Entry>,
    pub pass: &'t Pass<'t>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let pass = self.pass;
        self.current = self.rest.find(|entry| !pass.passes_over(&entry.node));
        let Some(entry) = self.current else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Fault> = entry.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|fault| fault.at(&entry.node, &entry.key_at))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let entry = self
            .current
            .take()
            .ok_or_else(|| Fault::new("a value was asked for before its key"))?;
        let reader = Reader {
            node: &entry.node,
            pass: self.pass,
        };
        seed.deserialize(reader).map_err(|fault| {
            let at = if entry.node.at.is_empty() || fault.is_text {
                &entry.key_at
            } else {
                &entry.node.at
            };
            fault.at(&entry.node, at)
        })
    }
}

/// `key: value`, where the key is the choice.
pub(super) struct Choice<'t> {
    pub of: Reader<'t>,
    pub entry: &'t Entry,
}

impl<'t> Choice<'t> {
    fn reader(&self) -> Reader<'t> {
        Reader {
            node: &self.entry.node,
            pass: self.of.pass,
        }
    }
}

impl<'de> de::EnumAccess<'de> for Choice<'_> {
    type Error = Fault;
    type Variant = Self;

    /// A choice without its key is none: what is rejected is the whole.
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let key: StrDeserializer<'_, Fault> = self.entry.key.as_str().into_deserializer();
        match seed.deserialize(key) {
            Ok(chosen) => Ok((chosen, self)),
            Err(fault) => Err(fault.at(self.of.node, &self.entry.key_at)),
        }
    }
}

impl<'de> de::VariantAccess<'de> for Choice<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.entry.node.is_null() {
            return Ok(());
        }
        let fault = Fault::new(format!("`{}` takes nothing after it", self.entry.key));
        Err(fault.at(self.of.node, &self.entry.key_at))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        let fault = |fault: Fault| fault.at(self.of.node, &self.entry.node.at);
        seed.deserialize(self.reader()).map_err(fault)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.reader().items()?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let fault = |fault: Fault| fault.at(self.of.node, &self.entry.key_at);
        de::Deserializer::deserialize_struct(self.reader(), "", keys, visitor).map_err(fault)
    }
}
