//! A command with its options, turned back into the line that somebody at the console would type.

use serde_json::Value;

use crate::action::Risk;
use crate::command::words::{Arg, ArgKind};
use crate::command::{self, WORDS, Word};

/// The option that holds a whole line, and the sub-command it belongs to.
pub(super) const ANY_LINE: &str = "line";

/// What was chosen and filled in: a sub-command with its options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'v> {
    pub(super) name: &'v str,
    pub(super) options: &'v [Value],
}

/// The innermost of what was chosen; groups are only there to find it.
pub(super) fn chosen(data: &Value) -> Chosen<'_> {
    let mut chosen = Chosen {
        name: word(data, "name"),
        options: options(data),
    };
    while let [inner] = chosen.options
        && matches!(inner.get("type").and_then(Value::as_u64), Some(1 | 2))
    {
        chosen = Chosen {
            name: word(inner, "name"),
            options: options(inner),
        };
    }
    chosen
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn options(value: &Value) -> &[Value] {
    let options = value.get("options").and_then(Value::as_array);
    options.map_or(&[], Vec::as_slice)
}

/// What an option holds, as text.
fn given(option: &Value) -> Option<String> {
    match option.get("value")? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Chosen<'_> {
    pub(super) fn option(&self, name: &str) -> Option<String> {
        let option = self.options.iter().find(|of| word(of, "name") == name)?;
        given(option).filter(|text| !text.trim().is_empty())
    }

    /// The line, as if it were typed. `main` is the command that holds all words; any other is a
    /// runbook.
    pub(super) fn line(&self, main: &str, command: &str) -> String {
        if command != main {
            return self.runbook(command);
        }
        if self.name == ANY_LINE {
            return self.option("text").unwrap_or_default();
        }
        match WORDS.iter().find(|word| word.name == self.name) {
            Some(word) => self.of_word(word),
            // an old registration: the answer says what there is instead
            None if self.name == main => "help".to_owned(),
            None => self.name.to_owned(),
        }
    }

    fn of_word(&self, word: &Word) -> String {
        let mut line = word.name.to_owned();
        for arg in word.args {
            if let Some(text) = self.option(&option_name(arg)) {
                line.push(' ');
                line.push_str(&argument(arg, &text));
            }
        }
        let flags = word.flags.iter();
        for flag in flags.filter(|flag| !has_argument(word, flag.name)) {
            let Some(text) = self.option(flag.name) else {
                continue;
            };
            match text.as_str() {
                "false" => {}
                "true" => line.extend([" --", flag.name]),
                text => line.extend([" --", flag.name, " ", &quoted(text)]),
            }
        }
        line
    }

    fn runbook(&self, name: &str) -> String {
        let mut line = format!("run {name}");
        for option in self.options {
            if let Some(value) = given(option).filter(|text| !text.trim().is_empty()) {
                line.extend([" ", word(option, "name"), "=", &quoted(&value)]);
            }
        }
        line
    }
}

fn argument(arg: &Arg, text: &str) -> String {
    match arg.kind {
        // names and values, each as it would be typed: quotes in it mean what they mean at a prompt
        ArgKind::Text if arg.name.contains('=') => text.trim().to_owned(),
        ArgKind::Text => quoted(text.trim()),
        _ => {
            let names = text.split([' ', ',']).filter(|name| !name.is_empty());
            names.map(quoted).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Read back as exactly this, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,@%+".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    command::quoted(text)
}

/// What an argument is called among a command's options: `STACK|SERVICE` is `service`.
pub(super) fn option_name(arg: &Arg) -> String {
    match arg.kind {
        ArgKind::Prunable => "what".to_owned(),
        ArgKind::Text if arg.name.contains('=') => "parameters".to_owned(),
        _ => {
            let last = arg.name.rsplit('|').next().unwrap_or_default();
            let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let name: String = last.chars().filter(|c| inside(*c)).collect();
            name.to_lowercase()
        }
    }
}

/// Whether a word has an argument of this name, so that its flag is not needed.
pub(super) fn has_argument(word: &Word, name: &str) -> bool {
    word.args.iter().any(|arg| option_name(arg) == name)
}

/// The number of an incident.
pub(super) fn is_incident(arg: &Arg) -> bool {
    arg.name == "INCIDENT"
}

/// A service of the stack that stands before it.
pub(super) fn is_service(arg: &Arg) -> bool {
    arg.kind == ArgKind::Text && arg.name == "SERVICE"
}

/// How much the right to a word is worth, for what is offered while somebody types.
pub(super) fn risk(name: &str) -> Risk {
    Word::find(name).map_or(Risk::Read, |word| word.risk)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::command::{Command, parse};

    fn line(data: &Value) -> String {
        chosen(data).line("ops", data["name"].as_str().unwrap())
    }

    #[test]
    fn options_become_the_line_that_would_be_typed() {
        let sub = |name: &str, options: Value| {
            line(
                &json!({ "name": "ops", "options": [{ "type": 1, "name": name, "options": options }] }),
            )
        };
        let option = |name: &str, value: Value| json!({ "name": name, "type": 3, "value": value });
        assert_eq!(sub("status", json!([])), "status");
        let two = sub("restart", json!([option("service", json!("api, shop/db"))]));
        assert_eq!(two, "restart api shop/db");
        let logs = json!([
            option("tail", json!(20)),
            option("service", json!("api")),
            option("grep", json!("a \"b\"")),
            option("timestamps", json!(true)),
            option("follow", json!(false)),
        ]);
        assert_eq!(
            sub("logs", logs),
            r#"logs api --tail 20 --grep "a \"b\"" --timestamps"#
        );
        let run = json!([
            option("runbook", json!("ordered-restart")),
            option("parameters", json!("stack=shop groups='a b'")),
        ]);
        assert_eq!(
            sub("run", run),
            "run ordered-restart stack=shop groups='a b'"
        );
        let deny = json!([
            option("run", json!("01K9")),
            option("reason", json!("not now; it's Friday"))
        ]);
        assert_eq!(sub("deny", deny), r#"deny 01K9 "not now\; it\'s Friday""#);
        assert_eq!(
            sub("line", json!([option("text", json!("help logs"))])),
            "help logs"
        );
        let grouped = json!({ "name": "ops", "options": [{ "type": 2, "name": "engine", "options": [
            { "type": 1, "name": "networks" }] }] });
        assert_eq!(line(&grouped), "networks");
        let own = json!({ "name": "full-reset", "options": [option("stack", json!("shop"))] });
        assert_eq!(line(&own), "run full-reset stack=shop");
    }

    proptest::proptest! {
        #[test]
        fn what_was_filled_in_arrives_as_it_was(text in "\\PC{1,60}") {
            let said = text.trim().to_owned();
            proptest::prop_assume!(!said.is_empty());
            let data = json!({ "name": "ops", "options": [{ "type": 1, "name": "deny", "options": [
                { "name": "run", "type": 3, "value": "01K9" },
                { "name": "reason", "type": 3, "value": text },
            ] }] });
            let Ok(Command::Deny { reason, .. }) = parse(&line(&data)) else {
                return Err(proptest::test_runner::TestCaseError::fail(line(&data)));
            };
            proptest::prop_assert_eq!(reason, Some(said));
        }
    }
}
