//! The JSON Schema for editors and the page for people, both written from the language's types and
//! the built-in runbooks.

use std::fmt::Write as _;

use serde_json::Value;

use super::language::RunbookFile;
use super::library::Library;
use super::shelf::Runbook;
use super::steps::ACTIONS;

/// The JSON Schema of a runbook file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(RunbookFile);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

const INTRODUCTION: &str = "\
# Runbooks

<!-- Written from the language's types by `UPDATE_GENERATED=1 cargo test --test it runbooks`. -->

A runbook is a YAML file: what it asks for, what it does step by step, how that is checked, and
tests that say what must come of it. The built-in ones are below; put your own into a directory and
name that under `runbooks.directory`. `dogwatch check` tells every problem of every file with its
place and runs the tests; `config/runbook-schema.json` lets an editor help while you write. The
guide `docs/guides/first-runbook.md` takes ten minutes.

`{{name}}` in a text is the value of a parameter. It fills one value or one argument of a program,
whatever is in it: values never meet a shell. Conditions (`when`, `expect`) are CEL and see `params`,
`outcomes.STEP.state` (`done`, `failed`, `not_needed`, `skipped`, `cancelled`, `unknown`) with what
that step saw, the values of loops, and in `expect` the step's own `outcome`.
";

/// What each action lets conditions see beyond `state`.
const SEEN: [(&str, &str); 7] = [
    ("container.exec", "`exit_code`, `stdout`, `stderr`"),
    (
        "container.inspect",
        "`status`, `health`, `exit_code`, `restarts`, `image`",
    ),
    ("container.logs", "`lines`, `text`"),
    ("engine.prune", "`removed`, `reclaimed`"),
    (
        "network.probe",
        "`ok`, `address`, `tcp`, `greeting`, `tool`",
    ),
    ("stack.bundle", "`path`, `files`"),
    ("stack.health", "`well`, `unhealthy`, `total`"),
];

/// The reference page.
pub fn reference() -> String {
    let mut out = INTRODUCTION.to_owned();
    built_in(&mut out);
    actions(&mut out);
    keys(&mut out);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn built_in(out: &mut String) {
    line(out, "\n## Built in");
    for runbook in Library::default().shelf().iter() {
        one(out, runbook);
    }
}

fn one(out: &mut String, runbook: &Runbook) {
    let file = &runbook.file;
    // writing to a string cannot fail
    let _infallible = writeln!(
        out,
        "\n### `{}`\n\n{} ({}).",
        file.name,
        file.title,
        runbook.risk.word()
    );
    if let Some(description) = &file.description {
        let _infallible = writeln!(out, "{}", description.trim());
    }
    if file.params.is_empty() {
        return;
    }
    line(out, "\n| parameter | type | default | |\n|---|---|---|---|");
    for (name, param) in &file.params {
        let default = match (&param.default, param.required) {
            (_, true) => "has to be given".to_owned(),
            (Some(default), _) => format!("`{}`", default.texts().join(",")),
            (None, false) => String::new(),
        };
        let kind = if param.many {
            format!("{}, several", param.kind.word())
        } else {
            param.kind.word().to_owned()
        };
        let help = param.help.as_deref().unwrap_or_default();
        let _infallible = writeln!(out, "| `{name}` | {kind} | {default} | {help} |");
    }
}

fn actions(out: &mut String) {
    line(
        out,
        "\n## Actions\n\n| action | risk | what it does | conditions see |\n|---|---|---|---|",
    );
    for (name, spec) in ACTIONS {
        let seen = SEEN.iter().find(|(action, _)| action == name);
        let seen = seen.map_or("", |(_, seen)| seen);
        let _infallible = writeln!(
            out,
            "| `{name}` | {} | {} | {seen} |",
            spec.risk.word(),
            spec.about
        );
    }
}

/// Every key of the language, from the schema.
fn keys(out: &mut String) {
    let schema = schemars::schema_for!(RunbookFile).to_value();
    line(out, "\n## Keys");
    section(out, "A runbook", &schema);
    let definitions = schema.get("$defs").and_then(Value::as_object);
    for (name, definition) in definitions.into_iter().flatten() {
        section(out, title(name), definition);
    }
}

fn title(name: &str) -> &str {
    match name {
        "StepSpec" => "A step",
        "ParamSpec" => "A parameter",
        "RetrySpec" => "`retry`",
        "ReportSpec" => "`report`",
        "TestSpec" => "A test",
        "ExpectSpec" => "`expect` of a test",
        "Services" => "Actions on services",
        "StopArgs" => "`container.stop`, `container.restart`",
        "KillArgs" => "`container.kill`",
        "RemoveArgs" => "`container.remove`",
        "LogsArgs" => "`container.logs`",
        "ExecArgs" => "`container.exec`",
        "ScaleArgs" => "`service.scale`",
        "ProbeArgs" => "`network.probe`",
        "PortArgs" => "`port.holder`",
        "PruneArgs" => "`engine.prune`",
        other => other,
    }
}

fn section(out: &mut String, title: &str, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let _infallible = writeln!(out, "\n### {title}\n\n| key | |\n|---|---|");
    for (key, property) in properties {
        let about = property.get("description").and_then(Value::as_str);
        let about = about.unwrap_or_default().replace('\n', " ");
        let _infallible = writeln!(out, "| `{key}` | {about} |");
    }
}
