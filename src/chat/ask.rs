//! What a form asks, and what is said where none can be opened: words that every chat shows the same.
//! How a form looks and comes back belongs to each chat.

use crate::command::{self, LONGEST_LINE, quoted};
use crate::say;
use crate::text::{Action, Clean, Form, Line, Message, Name, Redactor, Style};

/// The one thing that a press has to ask before its line is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// What comes of it: `Approve`.
    pub(super) does: String,
    pub(super) asks: String,
    /// Without an answer the line says nothing.
    pub(super) required: bool,
}

impl Question {
    /// About a line; `word` is what has to be typed, if it is anything in particular.
    pub(super) fn new(line: &str, word: Option<&str>) -> Self {
        let does = capitalized(line.split_whitespace().next().unwrap_or_default());
        if let Some(word) = word {
            return Self {
                does,
                asks: format!("Type {word} to let it go"),
                required: true,
            };
        }
        let required = command::parse(line).is_err();
        let asks = if required {
            "Why?"
        } else {
            "Why? (may stay empty)"
        };
        Self {
            does,
            asks: asks.to_owned(),
            required,
        }
    }
}

/// What a press is about, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    pub(super) what: Clean,
    /// Who asked for the run, where it is one.
    pub(super) asked: Option<Name>,
}

impl About {
    pub(super) fn line(&self) -> Line {
        let what = Line::new().plain(self.what.clone());
        match &self.asked {
            Some(who) => what
                .plain(", asked for by ")
                .styled(Style::Person, who.clone()),
            None => what,
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// The whole line, as if it were typed.
pub(super) fn answered(line: &str, word: Option<&str>, answer: &str) -> String {
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    match word {
        _ if answer.is_empty() => line.to_owned(),
        Some(_) => format!("{line} {answer}"),
        None => format!("{line} {}", quoted(&answer)),
    }
}

/// A line on its way into a message or a form; what the redactor would hide must not travel.
pub(super) fn shown(line: &str) -> Clean {
    Redactor::shapes_only().clean(line)
}

/// What a form's line lacks, and how to give it by hand; by a button as well, where one can open it.
pub(super) fn by_hand(form: &Form, opens: bool) -> Message {
    let missing = form.fields.iter().filter(|field| field.required);
    let names: Vec<Clean> = missing.map(|field| Clean::from(&field.name)).collect();
    let first = Line::new()
        .code(form.line.clone())
        .plain(say!(" needs {}", Clean::join(&names, ", ")));
    let values: Vec<Clean> = names.iter().map(|name| say!("{}=…", name)).collect();
    let typed = say!("{} {}", form.line, Clean::join(&values, " "));
    let message = Message::new()
        .line(first)
        .line(Line::new().dim("type ").code(typed));
    if opens && form.line.as_str().len() < LONGEST_LINE {
        message.action(Action::new("Fill in", form.line.clone()).style(Style::Good))
    } else {
        message
    }
}
