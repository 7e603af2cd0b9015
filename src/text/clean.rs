//! Three kinds of text, told apart by type. `Raw` was observed and may hold secrets; it cannot be
//! printed. `Name` is an identifier. `Clean` may be shown, and only a `Redactor` or `say!` makes it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text as it was observed: a log line, a health check's output, an environment value.
/// It has no `Display` and no `Serialize`; the way out is `Redactor::clean`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Raw(String);

impl Raw {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for matching and parsing. Never put it in something a person reads.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// The longest identifier that is kept whole.
const LONGEST_NAME: usize = 200;

/// An identifier of a service, stack, container, image, network, volume, host or person:
/// letters, digits and `_ . - / : @ +` only, so that it can stand in any sentence.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Keeps what an identifier may hold and turns everything else into `_`.
    pub fn new(text: &str) -> Self {
        let keep = |c: char| {
            if c.is_alphanumeric() || "_.-/:@+".contains(c) {
                c
            } else {
                '_'
            }
        };
        Self(text.chars().take(LONGEST_NAME).map(keep).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(from)?))
    }
}

/// Text that may be shown, stored and logged.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean(String);

impl Clean {
    /// Our own words.
    pub fn from_static(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The redactor's seal; nobody else calls it.
    pub(super) fn sealed(text: String) -> Self {
        Self(text)
    }

    /// What `say!` expands to. Call the macro instead: it checks that every part may be shown.
    #[doc(hidden)]
    pub fn said(parts: fmt::Arguments<'_>) -> Self {
        Self(parts.to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Several pieces as one, with our own words between them.
    pub fn join<'a>(pieces: impl IntoIterator<Item = &'a Self>, between: &'static str) -> Self {
        let pieces: Vec<&str> = pieces.into_iter().map(Self::as_str).collect();
        Self(pieces.join(between))
    }

    /// Each line on its own.
    pub fn lines(&self) -> impl Iterator<Item = Self> + '_ {
        self.0.lines().map(|line| Self(line.to_owned()))
    }

    /// A part of clean text is clean.
    #[must_use]
    pub fn map(&self, cut: impl FnOnce(&str) -> &str) -> Self {
        Self(cut(&self.0).to_owned())
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&'static str> for Clean {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<Name> for Clean {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

impl From<&Name> for Clean {
    fn from(name: &Name) -> Self {
        Self(name.0.clone())
    }
}

impl Serialize for Clean {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// Text that comes back from storage passes the redactor again: there is no other way in.
impl<'de> Deserialize<'de> for Clean {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(super::Redactor::shapes_only().clean(&text))
    }
}

/// What may stand in a sentence: our own words, numbers, identifiers, and text already clean.
pub trait Say: fmt::Display {}

impl Say for Clean {}
impl Say for Name {}
impl Say for &'static str {}
impl Say for bool {}
impl Say for char {}
impl Say for jiff::Timestamp {}
impl Say for std::net::IpAddr {}
impl<T: Say> Say for &T {}

macro_rules! numbers {
    ($($number:ty),*) => { $(impl Say for $number {})* };
}
numbers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);

/// The check behind `say!`.
#[doc(hidden)]
pub fn sayable<T: Say>(part: T) -> T {
    part
}

/// A sentence made only of parts that may be shown: `say!("{} exited with {}", name, code)`.
/// Parts are arguments, never names inside the braces: a test refuses `{name}`.
#[macro_export]
macro_rules! say {
    ($words:literal $(, $part:expr)* $(,)?) => {
        {
            // bound first, so that the borrowed arguments do not live on across an await
            let said = $crate::text::Clean::said(format_args!(
                $words $(, $crate::text::clean::sayable(&$part))*
            ));
            said
        }
    };
}
