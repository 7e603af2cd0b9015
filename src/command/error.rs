//! What can be wrong with a typed line, each with what to do about it.

use thiserror::Error;

use super::lex::{LONGEST_LINE, LexError};
use super::target::TargetError;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    #[error("nothing was typed; try `help`")]
    Nothing,
    #[error("the line has {0} characters; at most {LONGEST_LINE} are read")]
    TooLong(usize),
    #[error(transparent)]
    Lex(#[from] LexError),
    #[error("`{typed}` is not a command{hint}", hint = did_you_mean(nearest.as_deref(), "try `help`"))]
    UnknownWord {
        typed: String,
        nearest: Option<String>,
    },
    #[error("`{word}` has no flag `--{typed}`{hint}", hint = did_you_mean(nearest.as_deref(), "its usage is below"))]
    UnknownFlag {
        word: &'static str,
        typed: String,
        nearest: Option<String>,
    },
    #[error("`--{flag}` needs a value: {about}")]
    FlagWithoutValue {
        flag: &'static str,
        about: &'static str,
    },
    #[error("`--{flag}` is given twice; give it once")]
    FlagTwice { flag: &'static str },
    #[error("`--{flag}` takes no value")]
    SwitchWithValue { flag: &'static str },
    #[error("`{value}` is not right for `--{flag}`: {why}")]
    BadFlagValue {
        flag: &'static str,
        value: String,
        why: String,
    },
    #[error("`{word}` needs {name}; usage: {usage}")]
    Missing {
        word: &'static str,
        name: &'static str,
        usage: String,
    },
    #[error("`{word}` does not know what to do with `{extra}`; usage: {usage}")]
    TooMany {
        word: &'static str,
        extra: String,
        usage: String,
    },
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(
        "`{typed}` cannot be pruned; say one of containers, images, networks, cache (volumes are never pruned)"
    )]
    NotPrunable { typed: String },
}

fn did_you_mean(nearest: Option<&str>, otherwise: &str) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; {otherwise}"),
    }
}
