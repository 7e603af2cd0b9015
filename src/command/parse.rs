//! From words to a `Command`: the word is found, its flags and arguments are taken apart by the
//! list in `words`, and every value is checked for its shape.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::{Regex, RegexBuilder};

use super::error::CommandError;
use super::lex::{LONGEST_LINE, Token, lex};
use super::suggest::nearest;
use super::target::{Target, TargetError};
pub use super::values::{duration, prunable, signal_name};
use super::words::{Arg, ArgKind, Count, Flag, FlagKind, WORDS, Word};
use super::words_stack;
use super::{Change, Command, LogsCommand, RunCommand, incident};

/// A pattern may not grow larger than this when compiled.
const PATTERN_LIMIT: usize = 1 << 20;

/// Understands one line. A leading slash or `ops` is allowed: people paste from chat.
pub fn parse(line: &str) -> Result<Command, CommandError> {
    let length = line.chars().count();
    if length > LONGEST_LINE {
        return Err(CommandError::TooLong(length));
    }
    let tokens = lex(line)?;
    let mut tokens = tokens.as_slice();
    if let [first, rest @ ..] = tokens
        && matches!(first.text.as_str(), "/ops" | "ops")
    {
        tokens = rest;
    }
    let [first, rest @ ..] = tokens else {
        return Err(CommandError::Nothing);
    };
    let typed = first
        .text
        .strip_prefix('/')
        .unwrap_or(&first.text)
        .to_lowercase();
    let Some(word) = Word::find(&typed) else {
        let nearest = nearest(&typed, WORDS.iter().map(|word| word.name)).map(str::to_owned);
        return Err(CommandError::UnknownWord {
            typed: first.text.clone(),
            nearest,
        });
    };
    build(word, &Parts::take(word, rest)?)
}

/// A word's arguments and flags, apart but not yet typed.
pub(super) struct Parts {
    word: &'static Word,
    args: Vec<String>,
    flags: BTreeMap<&'static str, String>,
}

impl Parts {
    fn take(word: &'static Word, tokens: &[Token]) -> Result<Self, CommandError> {
        let mut parts = Self {
            word,
            args: Vec::new(),
            flags: BTreeMap::new(),
        };
        let mut tokens = tokens.iter();
        while let Some(token) = tokens.next() {
            match token.text.strip_prefix("--") {
                Some(name) if !token.quoted && !name.is_empty() => parts.flag(name, &mut tokens)?,
                _ => parts.args.push(token.text.clone()),
            }
        }
        parts.check_count()?;
        Ok(parts)
    }

    fn flag<'t>(
        &mut self,
        text: &str,
        rest: &mut impl Iterator<Item = &'t Token>,
    ) -> Result<(), CommandError> {
        let (name, given) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let flag = self.known_flag(name)?;
        let value = match (flag.kind, given) {
            (FlagKind::Switch, Some(_)) => {
                return Err(CommandError::SwitchWithValue { flag: flag.name });
            }
            (FlagKind::Switch, None) => String::new(),
            (_, Some(value)) => value,
            (_, None) => match rest.next() {
                Some(token) => token.text.clone(),
                None => {
                    return Err(CommandError::FlagWithoutValue {
                        flag: flag.name,
                        about: flag.about,
                    });
                }
            },
        };
        match self.flags.insert(flag.name, value) {
            None => Ok(()),
            Some(_) => Err(CommandError::FlagTwice { flag: flag.name }),
        }
    }

    fn known_flag(&self, name: &str) -> Result<&'static Flag, CommandError> {
        let known = || self.word.flags.iter();
        known()
            .find(|flag| flag.name == name)
            .ok_or_else(|| CommandError::UnknownFlag {
                word: self.word.name,
                typed: name.to_owned(),
                nearest: nearest(name, known().map(|flag| flag.name))
                    .map(|name| format!("--{name}")),
            })
    }

    fn check_count(&self) -> Result<(), CommandError> {
        let needed = self
            .word
            .args
            .iter()
            .filter(|arg| matches!(arg.count, Count::One | Count::Some))
            .count();
        if let Some(arg) = self.word.args.get(self.args.len())
            && self.args.len() < needed
        {
            return Err(CommandError::Missing {
                word: self.word.name,
                name: arg.name,
                usage: self.word.usage(),
            });
        }
        let open_ended = self
            .word
            .args
            .iter()
            .any(|arg| matches!(arg.count, Count::Any | Count::Some));
        match self.args.get(self.word.args.len()) {
            Some(extra) if !open_ended => Err(CommandError::TooMany {
                word: self.word.name,
                extra: extra.clone(),
                usage: self.word.usage(),
            }),
            _ => Ok(()),
        }
    }

    fn targets(&self) -> Result<Vec<Target>, CommandError> {
        // several targets may also be given as one argument, `api,worker`
        let names = self
            .args
            .iter()
            .flat_map(|arg| arg.split(','))
            .filter(|name| !name.is_empty());
        let targets: Vec<Target> = names.map(Target::parse).collect::<Result<_, _>>()?;
        match self.word.args.first() {
            Some(Arg {
                kind: ArgKind::Target,
                count: Count::Some | Count::One,
                ..
            }) if targets.is_empty() => Err(TargetError::Empty.into()),
            _ => Ok(targets),
        }
    }

    fn target(&self) -> Result<Target, CommandError> {
        Ok(Target::parse(self.args.first().map_or("", String::as_str))?)
    }

    fn text(&self, index: usize) -> Option<String> {
        self.args.get(index).cloned()
    }

    pub(super) fn required(&self, index: usize) -> String {
        self.text(index).unwrap_or_default()
    }

    pub(super) fn rest(&self, from: usize) -> Option<String> {
        let rest = self.args.get(from..)?;
        (!rest.is_empty()).then(|| rest.join(" "))
    }

    pub(super) fn flag_text(&self, name: &str) -> Option<String> {
        self.flags.get(name).cloned()
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    pub(super) fn duration(&self, flag: &'static str) -> Result<Option<Duration>, CommandError> {
        self.value(flag, duration)
    }

    fn number(&self, flag: &'static str) -> Result<Option<usize>, CommandError> {
        self.value(flag, |value| {
            value
                .parse()
                .map_err(|_| "say a whole number, like 100".to_owned())
        })
    }

    fn pattern(&self, flag: &'static str) -> Result<Option<Regex>, CommandError> {
        self.value(flag, |value| {
            RegexBuilder::new(value)
                .size_limit(PATTERN_LIMIT)
                .build()
                .map_err(|error| last_line(&error.to_string()))
        })
    }

    fn value<T>(
        &self,
        flag: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CommandError> {
        let Some(value) = self.flags.get(flag) else {
            return Ok(None);
        };
        let bad = |why| CommandError::BadFlagValue {
            flag,
            value: value.clone(),
            why,
        };
        read(value).map(Some).map_err(bad)
    }
}

fn last_line(text: &str) -> String {
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}

fn build(word: &'static Word, parts: &Parts) -> Result<Command, CommandError> {
    let flag = |name: &str| parts.flags.get(name).cloned();
    if let Some(command) = words_stack::command(word.name, &parts.args, flag) {
        return Ok(command);
    }
    if let Some(command) = incident::build(word.name, parts)? {
        return Ok(Command::Incident(command));
    }
    Ok(match word.name {
        "status" => Command::Status {
            targets: parts.targets()?,
        },
        "health" => Command::Health {
            targets: parts.targets()?,
            all: parts.switch("all"),
        },
        "diagnose" => Command::Diagnose {
            target: parts.target()?,
        },
        "logs" => Command::Logs(logs(parts)?),
        "stats" => Command::Stats {
            targets: parts.targets()?,
        },
        "inspect" => Command::Inspect {
            target: parts.target()?,
        },
        "top" => Command::Top {
            target: parts.target()?,
        },
        "events" => Command::Events {
            targets: parts.targets()?,
            since: parts.duration("since")?.unwrap_or(Duration::from_hours(1)),
        },
        "networks" => Command::Networks,
        "volumes" => Command::Volumes,
        "images" => Command::Images,
        "disk" => Command::Disk,
        "hosts" => Command::Hosts,
        "start" | "stop" | "restart" | "kill" | "remove" => Command::Change {
            change: change(word.name, parts)?,
            targets: parts.targets()?,
        },
        "prune" => Command::Prune {
            what: prunable(&parts.required(0))?,
        },
        "runbooks" => Command::Runbooks,
        "run" | "plan" => Command::Run(RunCommand {
            runbook: parts.required(0),
            given: parts
                .args
                .iter()
                .skip(1)
                .map(|arg| assignment(arg))
                .collect(),
            plan_only: word.name == "plan",
            yes: parts.switch("yes"),
            queue: parts.switch("queue"),
        }),
        "runs" => Command::Runs,
        "approve" => Command::Approve {
            run: parts.required(0),
            typed: parts.text(1),
        },
        "deny" => Command::Deny {
            run: parts.required(0),
            reason: parts.rest(1),
        },
        "cancel" => Command::Cancel {
            run: parts.required(0),
        },
        "report" => Command::Report { id: parts.text(0) },
        "doctor" => Command::Doctor,
        "whoami" => Command::Whoami,
        _ => Command::Help {
            topic: parts.text(0),
        },
    })
}

fn logs(parts: &Parts) -> Result<LogsCommand, CommandError> {
    Ok(LogsCommand {
        targets: parts.targets()?,
        since: parts.duration("since")?,
        until: parts.duration("until")?,
        tail: parts.number("tail")?,
        grep: parts.pattern("grep")?,
        follow: parts.switch("follow"),
        timestamps: parts.switch("timestamps"),
    })
}

/// `name=value`; what does not look like one is a value.
pub fn assignment(text: &str) -> (Option<String>, String) {
    let is_name = |name: &str| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(inside)
    };
    match text.split_once('=') {
        Some((name, value)) if is_name(name) => (Some(name.to_owned()), value.to_owned()),
        _ => (None, text.to_owned()),
    }
}

fn change(verb: &str, parts: &Parts) -> Result<Change, CommandError> {
    Ok(match verb {
        "start" => Change::Start,
        "stop" => Change::Stop {
            grace: parts.duration("grace")?,
        },
        "restart" => Change::Restart {
            grace: parts.duration("grace")?,
        },
        "remove" => Change::Remove,
        _ => Change::Kill {
            signal: signal(parts)?,
        },
    })
}

fn signal(parts: &Parts) -> Result<String, CommandError> {
    Ok(parts
        .value("signal", signal_name)?
        .unwrap_or_else(|| "SIGKILL".to_owned()))
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
