//! What a word is made of: its arguments, flags and risk, and how its usage is written.

use super::words::WORDS;
use crate::action::Risk;

/// What an argument is, so that it can be checked and completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    Word,
    Target,
    Run,
    Runbook,
    Report,
    Stack,
    Prunable,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Optional,
    /// Any number, also none.
    Any,
    /// At least one.
    Some,
}

#[derive(Debug, Clone, Copy)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    pub count: Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagKind {
    Switch,
    Duration,
    Number,
    Pattern,
    Text,
}

#[derive(Debug, Clone, Copy)]
pub struct Flag {
    pub name: &'static str,
    pub kind: FlagKind,
    pub about: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub struct Word {
    pub name: &'static str,
    pub args: &'static [Arg],
    pub flags: &'static [Flag],
    pub risk: Risk,
    pub about: &'static str,
    pub example: &'static str,
}

pub(super) const fn arg(name: &'static str, kind: ArgKind, count: Count) -> Arg {
    Arg { name, kind, count }
}

pub(super) const fn flag(name: &'static str, kind: FlagKind, about: &'static str) -> Flag {
    Flag { name, kind, about }
}

pub(super) const fn word(name: &'static str, risk: Risk, about: &'static str) -> Word {
    Word {
        name,
        args: &[],
        flags: &[],
        risk,
        about,
        example: name,
    }
}

impl Word {
    pub fn find(name: &str) -> Option<&'static Self> {
        WORDS.iter().find(|word| word.name == name)
    }

    /// `logs SERVICE… [--since TIME] …`, as help shows it.
    pub fn usage(&self) -> String {
        let args = self.args.iter().map(Arg::usage);
        let flags = self.flags.iter().map(Flag::usage);
        let parts: Vec<String> = [self.name.to_owned()]
            .into_iter()
            .chain(args)
            .chain(flags)
            .collect();
        parts.join(" ")
    }
}

impl Arg {
    fn usage(&self) -> String {
        match self.count {
            Count::One => self.name.to_owned(),
            Count::Optional => format!("[{}]", self.name),
            Count::Any => format!("[{}…]", self.name),
            Count::Some => format!("{}…", self.name),
        }
    }
}

impl Flag {
    fn usage(&self) -> String {
        let value = match self.kind {
            FlagKind::Switch => "",
            FlagKind::Duration => " TIME",
            FlagKind::Number => " N",
            FlagKind::Pattern => " RE",
            FlagKind::Text => " TEXT",
        };
        format!("[--{}{value}]", self.name)
    }
}
