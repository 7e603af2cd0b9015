//! The rules of the house, held by a scan of the sources: who imports whom, where each outside
//! library lives, how long files and functions are, and that the map names every module.

#![expect(
    clippy::string_slice,
    reason = "the sources are ours, and a panic fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our modules each module may use. Levels go down the list; nothing looks back up.
const IMPORTS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("clock", &[]),
    ("yaml", &["command", "text"]),
    ("setting", &["command", "text"]),
    ("action", &["text"]),
    ("command", &["action"]),
    ("stack", &["action", "command", "setting", "text", "yaml"]),
    ("engine", &["action", "text"]),
    ("host", &["clock", "engine", "setting", "text"]),
    (
        "compose",
        &[
            "action", "engine", "evidence", "host", "stack", "text", "yaml",
        ],
    ),
    ("evidence", &["action", "stack", "text", "yaml"]),
    (
        "diagnose",
        &["action", "command", "evidence", "stack", "text"],
    ),
    (
        "report",
        &["action", "diagnose", "evidence", "stack", "store", "text"],
    ),
    (
        "survey",
        &[
            "action", "clock", "engine", "evidence", "host", "stack", "text", "yaml",
        ],
    ),
    ("access", &["action", "command", "setting", "text"]),
    ("store", &["setting"]),
    (
        "incident",
        &["access", "clock", "report", "setting", "store", "text"],
    ),
    (
        "runbook",
        &[
            "action", "command", "evidence", "setting", "stack", "text", "yaml",
        ],
    ),
    (
        "run",
        &[
            "access", "action", "clock", "compose", "diagnose", "engine", "evidence", "host",
            "report", "runbook", "stack", "store", "survey", "text",
        ],
    ),
    (
        "bot",
        &[
            "access", "action", "clock", "command", "compose", "diagnose", "engine", "evidence",
            "host", "incident", "report", "run", "runbook", "stack", "store", "survey", "text",
            "watch",
        ],
    ),
    (
        "heal",
        &[
            "access", "action", "bot", "command", "incident", "run", "runbook", "stack", "store",
            "survey", "text",
        ],
    ),
    (
        "duty",
        &[
            "bot", "diagnose", "heal", "host", "incident", "report", "store", "survey", "text",
        ],
    ),
    (
        "live",
        &[
            "access", "action", "bot", "clock", "diagnose", "incident", "report", "run", "store",
            "text",
        ],
    ),
    (
        "chat",
        &[
            "access", "action", "bot", "clock", "command", "live", "report", "run", "runbook",
            "setting", "store", "survey", "text",
        ],
    ),
    (
        "watch",
        &[
            "action", "clock", "engine", "evidence", "host", "incident", "setting", "stack",
            "store", "text", "yaml",
        ],
    ),
    (
        "web",
        &[
            "bot", "chat", "diagnose", "incident", "report", "setting", "store", "text", "watch",
        ],
    ),
    (
        "config",
        &[
            "access", "chat", "host", "incident", "runbook", "setting", "stack", "store", "survey",
            "watch", "web", "yaml",
        ],
    ),
    ("sim", &["clock"]),
    (
        "rehearsal",
        &[
            "access", "action", "clock", "engine", "host", "run", "runbook", "sim", "stack",
            "store", "survey", "text",
        ],
    ),
];

/// The only modules that see everything: wiring and the command line.
const ABOVE_ALL: &[&str] = &["app", "cli", "lib", "main"];

/// Where each outside library may be named.
const HOMES: &[(&str, &[&str])] = &[
    ("bollard", &["engine"]),
    ("nix", &["host", "cli", "store"]),
    ("openssh", &["host/ssh", "host/program.rs"]),
    ("handlebars", &["report/render"]),
    ("granit_parser", &["yaml"]),
    ("sqlx", &["store"]),
    ("axum", &["web", "sim"]),
    ("slack_morphism", &["chat/slack"]),
    ("serenity", &["chat/discord"]),
    ("reqwest", &["chat/discord"]),
    ("tokio_tungstenite", &["chat/discord/session.rs"]),
    ("ring", &["chat/discord/signature.rs"]),
    ("rustyline", &["chat/console"]),
    ("indicatif", &["chat/console"]),
    ("clap", &["cli"]),
    ("prometheus_client", &["web", "watch/tally.rs"]),
    ("tracing_subscriber", &["cli"]),
    ("aho_corasick", &["text/redact", "evidence/signature"]),
    ("regex_syntax", &["evidence/signature"]),
];

/// Calls that few may make: the seal of the outbound gate, and every change to a container.
const RESERVED: &[(&str, &[&str])] = &[
    ("Outgoing::sealed(", &["text/write", "report/render"]),
    ("Posting::sealed(", &["text/write"]),
    ("Card::sealed(", &["text/write"]),
    ("Clean::sealed(", &["text/redact"]),
    ("Clean::said(", &["text/clean.rs"]),
    ("engine.perform(", &["run"]),
    ("engine.start(", &[]),
    ("engine.stop(", &[]),
    ("engine.restart(", &[]),
    ("engine.kill(", &[]),
    ("engine.remove(", &[]),
    ("engine.remove_volume(", &[]),
    ("engine.prune(", &[]),
    (
        "engine.exec(",
        &[
            "survey/inside.rs",
            "survey/probes.rs",
            "watch/check/inside.rs",
        ],
    ),
];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 80;
const LONGEST_MAP: usize = 150;

struct Source {
    /// Below `src`, with `/`.
    path: String,
    module: String,
    /// Without its test module.
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    found.sort();
    found
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| read(&path))
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"))
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Source {
    let below = path
        .strip_prefix(root().join("src"))
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/");
    let whole = fs::read_to_string(path).unwrap();
    let text = whole
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned();
    let module = below
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs")
        .to_owned();
    Source {
        path: below,
        module,
        text,
    }
}

/// Code without comments, so that prose may name anything.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_code = |(_, line): &(usize, &str)| !line.trim_start().starts_with("//");
    source
        .text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(is_code)
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn imports_point_one_way() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let mut problems = Vec::new();
    for source in sources() {
        if ABOVE_ALL.contains(&source.module.as_str()) {
            continue;
        }
        let Some(allowed) = table.get(source.module.as_str()) else {
            problems.push(format!(
                "{}: the module `{}` is not in the import table",
                source.path, source.module
            ));
            continue;
        };
        for (line, text) in code(&source) {
            for used in crate_paths(text) {
                let known = table.contains_key(used) || ABOVE_ALL.contains(&used);
                if known && used != source.module && !allowed.contains(&used) {
                    problems.push(format!(
                        "{}:{line}: `{}` may not use `{used}`",
                        source.path, source.module
                    ));
                }
            }
        }
    }
    none(&problems);
}

/// `crate::module` in a line of code.
fn crate_paths(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.split("crate::")
        .skip(1)
        .map(move |rest| rest.split(|c| !is_name(c)).next().unwrap_or_default())
}

#[test]
fn the_import_table_has_no_circle() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    loop {
        let free = |module: &&&str| {
            !settled.contains(**module) && table[**module].iter().all(|used| settled.contains(used))
        };
        let Some(next) = table.keys().find(free).copied() else {
            break;
        };
        settled.insert(next);
    }
    let stuck: Vec<String> = table
        .keys()
        .filter(|module| !settled.contains(**module))
        .map(|module| (*module).to_owned())
        .collect();
    none(&stuck);
}

#[test]
fn libraries_stay_at_home() {
    let mut problems = Vec::new();
    for source in sources() {
        for (library, homes) in HOMES {
            let at_home = homes.iter().any(|home| source.path.starts_with(home));
            if at_home || (ABOVE_ALL.contains(&source.module.as_str()) && *library != "bollard") {
                continue;
            }
            for (line, text) in code(&source) {
                let named = [
                    format!("use {library}::"),
                    format!(" {library}::"),
                    format!("({library}::"),
                    format!("<{library}::"),
                ];
                if named.iter().any(|form| text.contains(form.as_str()))
                    || text.starts_with(&format!("{library}::"))
                {
                    problems.push(format!(
                        "{}:{line}: `{library}` lives in {}",
                        source.path,
                        homes.join(" and ")
                    ));
                }
            }
        }
    }
    none(&problems);
}

#[test]
fn reserved_calls_stay_where_they_belong() {
    let mut problems = Vec::new();
    for source in sources() {
        for (call, homes) in RESERVED {
            let allowed = homes.iter().any(|home| source.path.starts_with(home))
                || source.path.starts_with("engine/");
            for (line, text) in code(&source) {
                if !allowed && text.contains(call) {
                    problems.push(format!(
                        "{}:{line}: `{call}…)` is reserved for {homes:?}",
                        source.path
                    ));
                }
            }
        }
    }
    none(&problems);
}

/// `say!("{name}")` would take a part around the check that it may be shown.
#[test]
fn sentences_take_their_parts_as_arguments() {
    let mut problems = Vec::new();
    for source in sources() {
        for (at, _) in source.text.match_indices("say!(") {
            let rest = &source.text[at + 5..];
            let words = rest
                .trim_start()
                .strip_prefix('"')
                .and_then(|words| words.split('"').next())
                .unwrap_or_default();
            let mut inside = words.replace("{{", "").replace("}}", "");
            while let Some(open) = inside.find('{') {
                let name = inside[open + 1..].chars().next().unwrap_or('}');
                if name.is_alphanumeric() || name == '_' {
                    problems.push(format!(
                        "{}: `say!(\"{words}\")` captures a name",
                        source.path
                    ));
                }
                inside = inside[open + 1..].to_owned();
            }
        }
    }
    none(&problems);
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    let mut problems = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            problems.push(format!("{}: begins without `//!`", source.path));
        }
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            problems.push(format!(
                "{}: {lines} lines, at most {LONGEST_FILE}",
                source.path
            ));
        }
    }
    none(&problems);
}

#[test]
fn functions_stay_short() {
    let mut problems = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if !is_function(line.trim_start()) {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[start..]
                .iter()
                .position(|line| *line == close)
                .unwrap_or(0)
                + 1;
            if length > LONGEST_FUNCTION {
                problems.push(format!(
                    "{}:{}: {length} lines, at most {LONGEST_FUNCTION}",
                    source.path,
                    start + 1
                ));
            }
        }
    }
    none(&problems);
}

fn is_function(line: &str) -> bool {
    let line = line.split('(').next().unwrap_or_default();
    let is_head = line.split_whitespace().any(|word| word == "fn");
    // a field or an argument that holds a function has no name after the word
    is_head && !line.trim_end().ends_with("fn") && !line.ends_with(';') && !line.contains('"')
}

#[test]
fn the_map_names_every_module() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let modules: BTreeSet<String> = sources().into_iter().map(|source| source.module).collect();
    let mut problems: Vec<String> = modules
        .iter()
        .filter(|module| !["lib", "main"].contains(&module.as_str()))
        .filter(|module| {
            !map.contains(&format!("`{module}"))
                && !map.contains(&format!("{module}/"))
                && !map.contains(&format!("{module}.rs"))
        })
        .map(|module| format!("ARCHITECTURE.md does not name `{module}`"))
        .collect();
    let lines = map.lines().count();
    if lines > LONGEST_MAP {
        problems.push(format!(
            "ARCHITECTURE.md has {lines} lines, at most {LONGEST_MAP}"
        ));
    }
    none(&problems);
}
