//! What a line still needs, asked for all at once, before anybody has decided where: a place with
//! forms shows one, any other says what to type. Nothing here knows markup.

use super::{Clean, Name};

/// A form. Its answers are added to its line as `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub title: Clean,
    /// One sentence: what comes of it.
    pub about: Clean,
    /// What the button says that sends it.
    pub submit: Clean,
    /// What was typed so far: `run restart`. It holds no secret.
    pub line: Clean,
    /// What has to be given stands first.
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The parameter's name: the label, and what the answer is known by.
    pub name: Name,
    /// What it means; may be empty.
    pub help: Clean,
    pub required: bool,
    pub input: Input,
    /// What it is if nobody changes it: what stands there already.
    pub preset: Vec<Clean>,
}

/// How an answer is given. Whatever the place checks by itself, it is checked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// One line of text, with an example of it (may be empty).
    Text { like: Clean },
    /// A whole number.
    Whole { min: Option<i64>, max: Option<i64> },
    /// One of these, or several.
    Choice { of: Vec<Choice>, many: bool },
    /// `true` or `false`.
    YesOrNo,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: Clean,
    /// What it is listed under, such as its stack; may be empty. Neighbours share it.
    pub under: Clean,
}

/// What is wrong with an answer, to be shown at its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub field: Name,
    pub why: Clean,
}
