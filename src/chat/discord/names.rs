//! The names that exist right now, for whoever types a command: kept for a few seconds, so that a
//! choice is there at once, and never more of them than this person may touch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::recent;
use super::typed::{ANY_LINE, Chosen, chosen, is_incident, option_name, risk};
use crate::access::Caller;
use crate::action::Risk;
use crate::bot::Bot;
use crate::command::Word;
use crate::command::complete::{Live, complete};
use crate::command::words::ArgKind;
use crate::runbook::Runbook;
use crate::runbook::language::{ParamKind, ParamSpec};
use crate::survey::Survey;
use crate::text::Name;

/// Older names are looked up anew behind the choice, much older ones before it.
const FRESH: Duration = Duration::from_secs(5);
const STALE: Duration = Duration::from_mins(2);
/// A host that takes longer is left out.
const LOOKING: Duration = Duration::from_secs(5);
/// What Discord takes.
const MOST: usize = 25;
const LONGEST: usize = 100;

/// What is shown, and what it stands for.
pub(super) type Choice = (String, String);

/// One service, as it is called on its host.
#[derive(Debug, Clone)]
struct Known {
    host: Name,
    stack: Option<Name>,
    service: String,
}

type Seen = Option<(Instant, Arc<Vec<Known>>)>;

#[derive(Debug, Default)]
pub(super) struct Names {
    seen: Arc<Mutex<Seen>>,
    looking: Arc<tokio::sync::Mutex<()>>,
}

/// Somebody who types, and how much what they type may do.
struct Typist<'t> {
    bot: &'t Bot,
    caller: &'t Caller,
    risk: Risk,
    /// What a role may name.
    runbook: Option<String>,
    known: Arc<Vec<Known>>,
}

impl Names {
    /// Best first, at most what Discord takes.
    pub(super) async fn choices(
        &self,
        bot: &Arc<Bot>,
        caller: &Caller,
        main: &str,
        data: &Value,
    ) -> Vec<Choice> {
        let chosen = chosen(data);
        let is_focused = |option: &&Value| option.get("focused") == Some(&Value::Bool(true));
        let Some(option) = chosen.options.iter().find(is_focused) else {
            return Vec::new();
        };
        let text = |key: &str| option.get(key).and_then(Value::as_str).unwrap_or_default();
        let command = data.get("name").and_then(Value::as_str).unwrap_or(main);
        let (risk, runbook) = wanted(bot, main, command, &chosen);
        let typist = Typist {
            bot,
            caller,
            risk,
            runbook,
            known: self.known(bot).await,
        };
        let mut choices = if command == main {
            typist.of_word(&chosen, text("name"), text("value")).await
        } else {
            typist.of_param(command, text("name"), text("value"))
        };
        choices.retain(|(_, value)| value.chars().count() <= LONGEST);
        choices.truncate(MOST);
        choices
    }

    /// What was there a moment ago; looked up behind the answer where that was longer ago.
    async fn known(&self, bot: &Arc<Bot>) -> Arc<Vec<Known>> {
        let seen = self.seen();
        let age = seen.as_ref().map(|(at, _)| at.elapsed());
        if age.is_none_or(|age| age > FRESH)
            && let Ok(looking) = Arc::clone(&self.looking).try_lock_owned()
        {
            let (bot, seen) = (Arc::clone(bot), Arc::clone(&self.seen));
            tokio::spawn(async move {
                let known = Arc::new(look(&bot).await);
                *seen.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Instant::now(), known));
                drop(looking);
            });
        }
        if age.is_none_or(|age| age > STALE) {
            drop(self.looking.lock().await);
        }
        self.seen().map(|(_, known)| known).unwrap_or_default()
    }

    fn seen(&self) -> Seen {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn look(bot: &Bot) -> Vec<Known> {
    let looks = bot.fleet.names().into_iter().map(|host| async move {
        let look = async {
            let reached = bot.fleet.host(Some(&host)).await.ok()?;
            Survey::take(&reached, bot.clock, &bot.secrets).await.ok()
        };
        let seen = timeout(LOOKING, look).await.ok().flatten();
        let services = seen.map(|seen| seen.inventory.services);
        let services = services.into_iter().flatten();
        services
            .map(|service| Known {
                host: Name::new(&host),
                stack: service.key.stack.clone(),
                service: service.name().to_string(),
            })
            .collect::<Vec<_>>()
    });
    join_all(looks).await.into_iter().flatten().collect()
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
    async fn of_word(&self, chosen: &Chosen<'_>, option: &str, value: &str) -> Vec<Choice> {
        if chosen.name == ANY_LINE {
            return whole(value, 0, &self.live());
        }
        let Some(word) = Word::find(chosen.name) else {
            return Vec::new();
        };
        let arg = word.args.iter().find(|arg| option_name(arg) == option);
        if arg.is_some_and(is_incident) {
            return recent::incidents(self.bot, self.caller, value).await;
        }
        match arg.map(|arg| arg.kind) {
            Some(ArgKind::Run) => recent::runs(self.bot, self.caller, word.name, value).await,
            Some(ArgKind::Report) => recent::reports(self.bot, self.caller, value).await,
            Some(ArgKind::Text) => self.parameters(chosen, value),
            Some(_) => {
                let line = format!("{} {}", word.name, spaced(value));
                whole(&line, word.name.len() + 1, &self.live())
            }
            None => Vec::new(),
        }
    }

    /// The services that this person may touch, each on its own host.
    fn open(&self) -> impl Iterator<Item = &Known> {
        let policy = &self.bot.policy;
        self.known.iter().filter(|known| {
            let spot = (Some(&known.host), known.stack.as_ref());
            policy
                .decide_on(self.caller, spot, self.runbook.as_deref(), self.risk)
                .is_ok()
        })
    }

    /// Services, stacks and `stack/service`, the short ones first; with the host in front where
    /// several have one of that name.
    fn targets(&self) -> Vec<String> {
        let mut hosts: BTreeMap<(bool, String), BTreeSet<&Name>> = BTreeMap::new();
        for known in self.open() {
            let mut add = |long, name| hosts.entry((long, name)).or_default().insert(&known.host);
            add(false, known.service.clone());
            if let Some(stack) = &known.stack {
                add(false, stack.to_string());
                add(true, format!("{stack}/{}", known.service));
            }
        }
        let typed = |((_, name), hosts): ((bool, String), BTreeSet<&Name>)| {
            let alone = hosts.len() == 1;
            let with_host = move |host: &Name| {
                if alone {
                    name.clone()
                } else {
                    format!("{host}:{name}")
                }
            };
            hosts.into_iter().map(with_host).collect::<Vec<_>>()
        };
        hosts.into_iter().flat_map(typed).collect()
    }

    fn stacks(&self) -> Vec<String> {
        let stacks = self.open().filter_map(|known| known.stack.as_ref());
        let stacks: BTreeSet<&Name> = stacks.collect();
        stacks.into_iter().map(ToString::to_string).collect()
    }

    fn runbooks(&self) -> Vec<String> {
        let shelf = self.bot.conduct.library.shelf();
        let policy = &self.bot.policy;
        shelf
            .iter()
            .map(|runbook| (&runbook.file.name, runbook.risk))
            .filter(|(name, risk)| policy.may_run_somewhere(self.caller, name, *risk))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn live(&self) -> Live {
        Live {
            targets: self.targets(),
            runbooks: self.runbooks(),
            ..Live::default()
        }
    }

    /// `name=` of a runbook's parameters, and what such a parameter may be.
    fn parameters(&self, chosen: &Chosen<'_>, value: &str) -> Vec<Choice> {
        let shelf = self.bot.conduct.library.shelf();
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
        let shelf = self.bot.conduct.library.shelf();
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
        let all = self.all_values(spec);
        let (before, last) = match part.rsplit_once(',').filter(|_| spec.many) {
            Some((before, last)) => (format!("{before},"), last),
            None => (String::new(), part),
        };
        matching(last, all)
            .map(|value| format!("{before}{value}"))
            .collect()
    }

    fn all_values(&self, spec: &ParamSpec) -> Vec<String> {
        match spec.kind {
            ParamKind::Service => self.targets(),
            ParamKind::Stack => self.stacks(),
            ParamKind::Host => self.bot.fleet.names(),
            ParamKind::Enum => spec.values.clone(),
            ParamKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            _ => Vec::new(),
        }
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
