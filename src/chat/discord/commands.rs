//! The commands as Discord registers them: every word as a sub-command with typed options, generated
//! from the registry of words, and a command of its own for each runbook that asks for one.

use serde_json::{Map, Value, json};

use super::typed::{ANY_LINE, has_argument, is_incident, is_service, option_name};
use crate::command::WORDS;
use crate::command::words::{Arg, ArgKind, Count, Flag, FlagKind, Word};
use crate::runbook::language::{ParamKind, ParamSpec};
use crate::runbook::{Runbook, Shelf};

/// In the menu of a message: what ails the service that it names?
const DIAGNOSE_THIS: &str = "Diagnose this";
/// What Discord takes at each level.
const MOST: usize = 25;
const NAME: usize = 32;
const DESCRIPTION: usize = 100;
/// Commands of runbooks; Discord takes 100 altogether.
const RUNBOOKS: usize = 98;

const SUB_COMMAND: u8 = 1;
const GROUP: u8 = 2;
const STRING: u8 = 3;
const INTEGER: u8 = 4;
const BOOLEAN: u8 = 5;

/// There are more words than one level takes: these stand in groups. A word that is named nowhere
/// stands at the top, where most are looked for.
const GROUPS: &[(&str, &str, &[&str])] = &[
    (
        "engine",
        "what the engine has, and what it takes",
        &[
            "hosts", "networks", "volumes", "images", "disk", "prune", "kill", "remove", "top",
            "inspect", "events", "stats",
        ],
    ),
    (
        "incident",
        "what else can be done about an incident",
        &[
            "note",
            "assign",
            "escalate",
            "merge",
            "retro",
            "silence",
            "silences",
            "unsilence",
        ],
    ),
    (
        "runbook",
        "runbooks before they are run",
        &["runbooks", "plan"],
    ),
    (
        "compose",
        "what compose files say",
        &[
            "lint",
            "preflight",
            "limits",
            "override",
            "rollback",
            "rebuild",
        ],
    ),
];
/// Where the rest goes when the top is full.
const REST: (&str, &str) = ("more", "words that are needed less often");

/// All of them, as one body for Discord. `name` is the command that holds the words.
pub(super) fn commands(name: &str, shelf: &Shelf) -> Value {
    let words = json!({
        "type": 1,
        "name": name,
        "description": "containers: look at them, find the cause, change them with an approval",
        "options": words(),
    });
    let own = shelf
        .iter()
        .filter(|runbook| runbook.file.command && runbook.file.name != name)
        .take(RUNBOOKS)
        .filter_map(|runbook| of_runbook(runbook));
    // in the menu of a message
    let alert = json!({ "type": 3, "name": DIAGNOSE_THIS });
    Value::Array([words, alert].into_iter().chain(own).collect())
}

fn words() -> Vec<Value> {
    let grouped = |name: &str| GROUPS.iter().find(|(.., words)| words.contains(&name));
    let mut top: Vec<Value> = Vec::new();
    let mut rest: Vec<Value> = Vec::new();
    let groups: Vec<Value> = GROUPS
        .iter()
        .filter_map(|(name, about, _)| {
            let inside = WORDS
                .iter()
                .filter(|word| grouped(word.name).is_some_and(|(of, ..)| of == name));
            group(name, about, &inside.map(of_word).collect::<Vec<_>>())
        })
        .collect();
    // the line, the groups, and perhaps the group of what is left
    let room = MOST - groups.len() - 2;
    for word in WORDS.iter().filter(|word| grouped(word.name).is_none()) {
        if top.len() < room {
            top.push(of_word(word));
        } else {
            rest.push(of_word(word));
        }
    }
    top.push(any_line());
    top.extend(groups);
    top.extend(group(REST.0, REST.1, &rest));
    top
}

fn group(name: &str, about: &str, inside: &[Value]) -> Option<Value> {
    (!inside.is_empty())
        .then(|| json!({ "type": GROUP, "name": name, "description": about, "options": inside }))
}

fn any_line() -> Value {
    json!({
        "type": SUB_COMMAND,
        "name": ANY_LINE,
        "description": "any line, as reports and help write it",
        "options": [{
            "type": STRING,
            "name": "text",
            "description": "such as: restart api",
            "required": true,
            "autocomplete": true,
        }],
    })
}

fn of_word(word: &Word) -> Value {
    let mut options: Vec<Value> = word.args.iter().map(of_arg).collect();
    // an argument and a flag may mean the same; Discord takes each name once
    let flags = word
        .flags
        .iter()
        .filter(|flag| !has_argument(word, flag.name));
    options.extend(flags.map(of_flag));
    json!({
        "type": SUB_COMMAND,
        "name": word.name,
        "description": cut(word.about),
        "options": required_first(options),
    })
}

/// Discord refuses an option that has to be given behind one that has not.
fn required_first(mut options: Vec<Value>) -> Vec<Value> {
    options.sort_by_key(|option| option.get("required") != Some(&Value::Bool(true)));
    options.truncate(MOST);
    options
}

fn of_arg(arg: &Arg) -> Value {
    let mut option = Map::new();
    option.insert("type".to_owned(), STRING.into());
    option.insert("name".to_owned(), option_name(arg).into());
    option.insert("description".to_owned(), described(arg).into());
    if matches!(arg.count, Count::One | Count::Some) {
        option.insert("required".to_owned(), true.into());
    }
    match arg.kind {
        ArgKind::Prunable => {
            option.insert("choices".to_owned(), choices(arg.name.split('|')));
        }
        ArgKind::Text if !(arg.name.contains('=') || is_incident(arg) || is_service(arg)) => {}
        _ => {
            option.insert("autocomplete".to_owned(), true.into());
        }
    }
    Value::Object(option)
}

fn described(arg: &Arg) -> String {
    let several = matches!(arg.count, Count::Any | Count::Some);
    let what = match arg.kind {
        ArgKind::Target if several => "[HOST:][STACK/]SERVICE or @GROUP; several with spaces",
        ArgKind::Target => "[HOST:][STACK/]SERVICE",
        ArgKind::Text if arg.name.contains('=') => "values: name=value name=value",
        ArgKind::Prunable => "what nothing uses is removed",
        _ => arg.name,
    };
    cut(&what.replace('|', " or "))
}

fn choices<'c>(of: impl Iterator<Item = &'c str>) -> Value {
    let choice = |choice: &str| json!({ "name": cut(choice), "value": cut(choice) });
    Value::Array(of.take(MOST).map(choice).collect())
}

fn of_flag(flag: &Flag) -> Value {
    let kind = match flag.kind {
        FlagKind::Switch => BOOLEAN,
        FlagKind::Number => INTEGER,
        _ => STRING,
    };
    let mut option = json!({ "type": kind, "name": flag.name, "description": cut(flag.about) });
    if kind == INTEGER {
        set(&mut option, "min_value", 1);
    }
    option
}

fn set(option: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(option) = option.as_object_mut() {
        option.insert(key.to_owned(), value.into());
    }
}

fn of_runbook(runbook: &Runbook) -> Option<Value> {
    let file = &runbook.file;
    if !is_name(&file.name) {
        tracing::warn!(runbook = file.name, "Discord takes no command of this name");
        return None;
    }
    let open = file.params.iter().filter(|(_, spec)| spec.locked.is_none());
    let options = open.filter(|(name, _)| is_name(name)).map(of_param);
    Some(json!({
        "type": 1,
        "name": file.name,
        "description": or_dash(&file.title),
        "options": required_first(options.collect()),
    }))
}

fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    (1..=NAME).contains(&name.len()) && name.chars().all(inside)
}

fn of_param((name, spec): (&String, &ParamSpec)) -> Value {
    let kind = match spec.kind {
        ParamKind::Integer if !spec.many => INTEGER,
        ParamKind::Boolean if !spec.many => BOOLEAN,
        _ => STRING,
    };
    let help = spec.help.as_deref().unwrap_or(spec.kind.word());
    let mut option = json!({ "type": kind, "name": name, "description": or_dash(help) });
    if spec.required {
        set(&mut option, "required", true);
    }
    if kind == INTEGER {
        for (key, limit) in [("min_value", spec.min), ("max_value", spec.max)] {
            if let Some(limit) = limit {
                set(&mut option, key, limit);
            }
        }
    }
    match spec.kind {
        ParamKind::Enum if !spec.many && spec.values.len() <= MOST => {
            let values = spec.values.iter().map(String::as_str);
            set(&mut option, "choices", choices(values));
        }
        ParamKind::Service | ParamKind::Stack | ParamKind::Group | ParamKind::Host => {
            set(&mut option, "autocomplete", true);
        }
        _ => {}
    }
    option
}

/// Discord refuses an empty description.
fn or_dash(text: &str) -> String {
    match text.trim() {
        "" => "–".to_owned(),
        text => cut(text),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(DESCRIPTION).collect()
}

/// A command as far as it is ours to say: without ids, versions and what Discord fills in by
/// itself, so that two can be compared.
pub(super) fn essence(command: &Value) -> Value {
    const OURS: [&str; 9] = [
        "name",
        "type",
        "description",
        "required",
        "autocomplete",
        "choices",
        "options",
        "min_value",
        "max_value",
    ];
    match command {
        Value::Array(all) => Value::Array(all.iter().map(essence).collect()),
        Value::Object(fields) => {
            let empty = |value: &Value| {
                value.is_null()
                    || *value == Value::Bool(false)
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_str() == Some("")
            };
            let is_choice = fields.contains_key("value");
            let kept = fields.iter().filter(|(key, value)| {
                (OURS.contains(&key.as_str()) || (is_choice && *key == "value")) && !empty(value)
            });
            Value::Object(
                kept.map(|(key, value)| (key.clone(), essence(value)))
                    .collect(),
            )
        }
        // a number may come back as one with a fraction
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn leaves(options: &[Value], found: &mut Vec<String>) {
        assert!(options.len() <= MOST, "{}", options.len());
        for option in options {
            match option["type"].as_u64().unwrap() {
                2 => leaves(option["options"].as_array().unwrap(), found),
                _ => found.push(option["name"].as_str().unwrap().to_owned()),
            }
        }
    }

    #[test]
    fn every_word_is_there_once() {
        let all = commands("ops", &Shelf::default());
        let mut found = Vec::new();
        leaves(all[0]["options"].as_array().unwrap(), &mut found);
        let set: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(set.len(), found.len(), "{found:?}");
        for word in WORDS {
            assert!(set.contains(word.name), "{}", word.name);
        }
        assert!(set.contains(ANY_LINE));
    }

    #[test]
    fn what_comes_back_from_discord_is_known_again() {
        let ours = commands("ops", &Shelf::default());
        let mut theirs = ours.clone();
        for command in theirs.as_array_mut().unwrap() {
            set(command, "id", "1");
            set(command, "version", "2");
            set(command, "nsfw", false);
            let options = command.get_mut("options").and_then(Value::as_array_mut);
            for option in options.into_iter().flatten() {
                set(option, "name_localizations", Value::Null);
                set(option, "required", false);
            }
        }
        assert_eq!(essence(&ours), essence(&theirs));
        set(&mut theirs[0]["options"][0], "description", "another");
        assert_ne!(essence(&ours), essence(&theirs));
    }
}
