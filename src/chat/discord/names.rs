//! What could come next, for whoever types a command: names that are there right now, best first, never
//! more of them than this person may touch. Looking them up is never waited for.

use serde_json::Value;

use super::recent;
use super::typed::{ANY_LINE, Chosen, chosen, is_incident, is_service, option_name, risk};
use crate::access::Caller;
use crate::action::Risk;
use crate::bot::Bot;
use crate::bot::choices::Choices;
use crate::command::Word;
use crate::command::complete::{Live, complete};
use crate::command::words::ArgKind;
use crate::runbook::Runbook;

/// What Discord takes.
const MOST: usize = 25;
const LONGEST: usize = 100;

/// What is shown, and what it stands for.
pub(super) type Choice = (String, String);

/// Best first, at most what Discord takes.
pub(super) async fn choices(bot: &Bot, caller: &Caller, main: &str, data: &Value) -> Vec<Choice> {
    let chosen = chosen(data);
    let is_focused = |option: &&Value| option.get("focused") == Some(&Value::Bool(true));
    let Some(option) = chosen.options.iter().find(is_focused) else {
        return Vec::new();
    };
    let text = |key: &str| option.get(key).and_then(Value::as_str).unwrap_or_default();
    let command = data.get("name").and_then(Value::as_str).unwrap_or(main);
    let recent = match Word::find(chosen.name).filter(|_| command == main) {
        Some(word) => recent(bot, caller, (word, text("name"), text("value"))).await,
        None => None,
    };
    if let Some(mut choices) = recent {
        choices.truncate(MOST);
        return choices;
    }
    let (risk, does) = wanted(bot, main, command, &chosen);
    let typist = Typist(Choices {
        bot,
        caller,
        risk,
        does,
        there: bot.known().await,
    });
    let mut choices = if command == main {
        typist.of_word(&chosen, text("name"), text("value"))
    } else {
        typist.of_param(command, text("name"), text("value"))
    };
    choices.retain(|(_, value)| value.chars().count() <= LONGEST);
    choices.truncate(MOST);
    choices
}

/// Somebody who types.
struct Typist<'t>(Choices<'t>);

/// What is kept of the past, which takes no look at hosts; `None` for anything else.
async fn recent(
    bot: &Bot,
    caller: &Caller,
    (word, option, value): (&Word, &str, &str),
) -> Option<Vec<Choice>> {
    let arg = word.args.iter().find(|arg| option_name(arg) == option)?;
    match arg.kind {
        _ if is_incident(arg) => Some(recent::incidents(bot, caller, value).await),
        ArgKind::Run => Some(recent::runs(bot, caller, word.name, value).await),
        ArgKind::Report => Some(recent::reports(bot, caller, value).await),
        _ => None,
    }
}

/// How much what is typed would do, and by which runbook or word.
fn wanted(bot: &Bot, main: &str, command: &str, chosen: &Chosen<'_>) -> (Risk, Option<String>) {
    let runbook = match chosen.name {
        _ if command != main => Some(command.to_owned()),
        "run" => chosen.option("runbook"),
        _ => None,
    };
    let shelf = bot.conduct.library.shelf();
    if let Some(runbook) = runbook.and_then(|name| shelf.get(&name).cloned()) {
        return (runbook.risk, Some(runbook.file.name.clone()));
    }
    let risk = risk(chosen.name);
    // the right to look is asked for without saying by what
    let word = (risk > Risk::Read).then(|| chosen.name.to_owned());
    (risk, word)
}

impl Typist<'_> {
    fn of_word(&self, chosen: &Chosen<'_>, option: &str, value: &str) -> Vec<Choice> {
        if chosen.name == ANY_LINE {
            return whole(value, 0, &self.live());
        }
        let Some(word) = Word::find(chosen.name) else {
            return Vec::new();
        };
        let arg = word.args.iter().find(|arg| option_name(arg) == option);
        match arg.map(|arg| arg.kind) {
            Some(ArgKind::Text) if arg.is_some_and(is_service) => self.of_stack(chosen, value),
            Some(ArgKind::Text) => self.parameters(chosen, value),
            Some(_) => {
                let line = format!("{} {}", word.name, spaced(value));
                whole(&line, word.name.len() + 1, &self.live())
            }
            None => Vec::new(),
        }
    }

    fn live(&self) -> Live {
        let choices = &self.0;
        Live {
            targets: choices.targets(),
            runbooks: choices.runbooks(),
            stacks: choices.configured(),
            ..Live::default()
        }
    }

    /// Services of the stack that was named before; several with spaces.
    fn of_stack(&self, chosen: &Chosen<'_>, value: &str) -> Vec<Choice> {
        let stack = chosen.option("stack").unwrap_or_default();
        let value = spaced(value);
        let (before, last) = match value.rsplit_once(' ') {
            Some((before, last)) => (format!("{before} "), last),
            None => (String::new(), value.as_str()),
        };
        let choice = |name| {
            let whole = format!("{before}{name}");
            (whole.clone(), whole)
        };
        matching(last, self.0.services_of(&stack))
            .map(choice)
            .collect()
    }

    /// `name=` of a runbook's parameters, and what such a parameter may be.
    fn parameters(&self, chosen: &Chosen<'_>, value: &str) -> Vec<Choice> {
        let shelf = self.0.bot.conduct.library.shelf();
        let named = chosen.option("runbook").and_then(|name| shelf.get(&name));
        let Some(runbook) = named else {
            return Vec::new();
        };
        let (before, last) = match value.rsplit_once(' ') {
            Some((before, last)) => (format!("{before} "), last),
            None => (String::new(), value),
        };
        let choices = match last.split_once('=') {
            Some((name, part)) => {
                let values = self.values(runbook, name, part).into_iter();
                values.map(|value| format!("{name}={value}")).collect()
            }
            None => open(runbook, &before, last),
        };
        let choice = |choice| {
            let whole = format!("{before}{choice}");
            (whole.clone(), whole)
        };
        choices.into_iter().map(choice).collect()
    }

    fn of_param(&self, runbook: &str, name: &str, part: &str) -> Vec<Choice> {
        let shelf = self.0.bot.conduct.library.shelf();
        let Some(runbook) = shelf.get(runbook) else {
            return Vec::new();
        };
        let values = self.values(runbook, name, part).into_iter();
        values.map(|value| (value.clone(), value)).collect()
    }

    fn values(&self, runbook: &Runbook, name: &str, part: &str) -> Vec<String> {
        let Some(spec) = runbook.file.params.get(name) else {
            return Vec::new();
        };
        let all = self.0.values(spec);
        let (before, last) = match part.rsplit_once(',').filter(|_| spec.many) {
            Some((before, last)) => (format!("{before},"), last),
            None => (String::new(), part),
        };
        matching(last, all)
            .map(|value| format!("{before}{value}"))
            .collect()
    }
}

/// `api, ca` as it would be typed: `api ca`.
fn spaced(value: &str) -> String {
    let names: Vec<&str> = value
        .split([' ', ','])
        .filter(|name| !name.is_empty())
        .collect();
    let next = if value.ends_with([' ', ',']) { " " } else { "" };
    names.join(" ") + next
}

/// Parameters that can still be given.
fn open(runbook: &Runbook, before: &str, last: &str) -> Vec<String> {
    let params = runbook.file.params.iter();
    let mut open: Vec<(bool, String)> = params
        .filter(|(name, spec)| {
            spec.locked.is_none()
                && name.contains(last)
                && !before
                    .split(' ')
                    .any(|given| given.starts_with(&format!("{name}=")))
        })
        .map(|(name, spec)| (!spec.required, format!("{name}=")))
        .collect();
    open.sort();
    open.into_iter().map(|(_, name)| name).collect()
}

/// What begins so stands before what only has it somewhere.
fn matching(part: &str, all: Vec<String>) -> impl Iterator<Item = String> {
    let part = part.to_lowercase();
    let mut found: Vec<(bool, String)> = all
        .into_iter()
        .filter(|name| name.to_lowercase().contains(&part))
        .map(|name| (!name.to_lowercase().starts_with(&part), name))
        .collect();
    found.sort_by_key(|(later, _)| *later);
    found.into_iter().map(|(_, name)| name)
}

/// The completed option: what is typed already stays in front.
fn whole(line: &str, from: usize, live: &Live) -> Vec<Choice> {
    let (start, choices) = complete(line, live);
    let kept = line.get(from..start).unwrap_or_default();
    let choice = |choice: String| {
        let whole = format!("{kept}{choice}");
        (whole.clone(), whole)
    };
    choices.into_iter().map(choice).collect()
}
