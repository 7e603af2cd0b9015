//! The form for a `run` or `plan` that does not have all its values yet, with what is there to
//! choose from, and what becomes of its answers: checked by type, then a line as if it were typed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::one_host::{Contradiction, host_of};
use super::run::{clean, given};
use crate::access::Caller;
use crate::action::Risk;
use crate::bot::Bot;
use crate::bot::choices::Choices;
use crate::command::{self, Command, RunCommand};
use crate::runbook::language::{ParamKind, ParamSpec};
use crate::runbook::template::OneOrMany;
use crate::runbook::{Given, Runbook, accepts};
use crate::say;
use crate::stack::inventory::Service;
use crate::text::{Choice, Clean, Field, Form, Input, Name, Objection};

/// Answers by parameter, as a form gives them.
pub type Answers = BTreeMap<String, Vec<String>>;

impl Bot {
    /// The form that a line needs before it can be done. `None` where it is complete, or wrong in a
    /// way that no form mends: then `handle` says what there is to say.
    pub async fn form(&self, caller: &Caller, line: &str) -> Option<Form> {
        let (wanted, runbook) = self.runbook_of(line)?;
        let given = given(&runbook, &wanted).ok()?;
        let is_known = |name: &String| runbook.file.params.contains_key(name);
        if !given.keys().all(is_known) || !open(&runbook, &given).any(|(_, spec)| spec.required) {
            return None;
        }
        let risk = risk_of(&wanted, &runbook);
        let name = &runbook.file.name;
        if !self.policy.may_run_somewhere(caller, name, risk) {
            return None;
        }
        let typed = clean(line);
        if typed.as_str() != line {
            // a secret was typed; the form would carry it, or lose it
            return None;
        }
        let host = host_of(&runbook, &given).ok()?;
        let there = self.known_for_form(host.as_deref()).await;
        let sight = Sight {
            choices: Choices {
                bot: self,
                caller,
                risk,
                does: Some(name.clone()),
                there,
            },
            several: self.fleet.names().len() > 1,
        };
        let (word, submit) = if wanted.plan_only {
            ("plan", "Show the plan")
        } else {
            ("run", "Run")
        };
        let mut open: Vec<_> = open(&runbook, &given).collect();
        open.sort_by_key(|(name, spec)| (!spec.required, *name));
        Some(Form {
            title: say!("{} {}", word, Name::new(name)),
            about: clean(&runbook.file.title),
            submit: submit.into(),
            line: typed,
            fields: open
                .into_iter()
                .map(|(name, spec)| sight.field(name, spec))
                .collect(),
        })
    }

    /// The whole line of a form that was filled in, or what is wrong with its answers. What only
    /// the host knows is found out when the line is done.
    pub fn filled(&self, line: &str, answers: &Answers) -> Result<String, Vec<Objection>> {
        let Some((wanted, runbook)) = self.runbook_of(line) else {
            return Ok(line.to_owned());
        };
        let params = &runbook.file.params;
        let objections: Vec<Objection> = answers
            .iter()
            .filter_map(|(name, values)| {
                let why = objection(params.get(name)?, values)?;
                Some(Objection {
                    field: Name::new(name),
                    why: clean(&why),
                })
            })
            .collect();
        if !objections.is_empty() {
            return Err(objections);
        }
        let given = given(&runbook, &wanted).unwrap_or_default();
        if let Some(objection) = contradiction(&runbook, given, answers) {
            return Err(vec![objection]);
        }
        Ok(finished(line, answers))
    }

    fn runbook_of(&self, line: &str) -> Option<(RunCommand, Arc<Runbook>)> {
        let Ok(Command::Run(wanted)) = command::parse(line) else {
            return None;
        };
        let runbook = self.conduct.library.shelf().get(&wanted.runbook).cloned()?;
        Some((wanted, runbook))
    }
}

/// A plan is only looked at, whatever it would do.
fn risk_of(wanted: &RunCommand, runbook: &Runbook) -> Risk {
    if wanted.plan_only {
        Risk::Read
    } else {
        runbook.risk
    }
}

/// Parameters that can still be given.
fn open<'r>(
    runbook: &'r Runbook,
    given: &Given,
) -> impl Iterator<Item = (&'r String, &'r ParamSpec)> {
    let params = runbook.file.params.iter();
    params.filter(|(name, spec)| spec.locked.is_none() && !given.contains_key(*name))
}

/// What can be chosen, for which runbook.
struct Sight<'s> {
    choices: Choices<'s>,
    /// Names have their host in front.
    several: bool,
}

impl Sight<'_> {
    fn field(&self, name: &str, spec: &ParamSpec) -> Field {
        let preset = spec.default.as_ref().map(OneOrMany::texts);
        let preset: Vec<Clean> = preset.iter().flatten().map(|text| clean(text)).collect();
        Field {
            name: Name::new(name),
            help: spec.help.as_deref().map(clean).unwrap_or_default(),
            required: spec.required,
            input: self.input(spec),
            preset,
        }
    }

    fn input(&self, spec: &ParamSpec) -> Input {
        let choices: Vec<Choice> = match spec.kind {
            ParamKind::Integer if !spec.many => {
                let (min, max) = (spec.min, spec.max);
                return Input::Whole { min, max };
            }
            ParamKind::Boolean if !spec.many => return Input::YesOrNo,
            ParamKind::Service => self.services(),
            // a default may name groups that are only found out when the stack is known
            ParamKind::Group | ParamKind::Boolean => Vec::new(),
            _ => {
                let values = self.choices.values(spec);
                values.iter().map(|name| choice(name)).collect()
            }
        };
        if choices.is_empty() {
            return Input::Text { like: like(spec) };
        }
        Input::Choice {
            of: choices,
            many: spec.many,
        }
    }

    fn on(&self, host: &Name, name: &str) -> Clean {
        let name = Name::new(name);
        if self.several {
            say!("{}:{}", host, name)
        } else {
            name.into()
        }
    }

    fn services(&self) -> Vec<Choice> {
        let choice = |(host, service): (&Name, &Service)| {
            let under = |stack: &Name| self.on(host, stack.as_str());
            Choice {
                value: self.on(host, &service.key.to_string()),
                under: service.key.stack.as_ref().map(under).unwrap_or_default(),
            }
        };
        self.choices.open().map(choice).collect()
    }
}

fn choice(value: &str) -> Choice {
    Choice {
        value: clean(value),
        under: Clean::default(),
    }
}

fn like(spec: &ParamSpec) -> Clean {
    match (spec.kind, &spec.pattern) {
        (ParamKind::Duration, _) => say!("90s, 15m, 2h"),
        (_, Some(pattern)) => say!("matches {}", clean(pattern)),
        (_, None) if spec.many => say!("one, or several: a,b,c"),
        _ => Clean::default(),
    }
}

fn objection(spec: &ParamSpec, values: &[String]) -> Option<String> {
    let texts = values.iter().flat_map(|text| {
        let several = spec.many.then(|| text.split(',').collect());
        several.unwrap_or_else(|| vec![text.as_str()])
    });
    let mut texts = texts.map(str::trim).filter(|text| !text.is_empty());
    texts.find_map(|text| accepts(spec, text).err())
}

/// Hosts that do not agree, said at a field that the form has.
fn contradiction(runbook: &Runbook, mut given: Given, answers: &Answers) -> Option<Objection> {
    for (name, values) in answers {
        let filled = values.iter().filter(|value| !value.trim().is_empty());
        given
            .entry(name.clone())
            .or_default()
            .extend(filled.cloned());
    }
    let Contradiction { params, why } = host_of(runbook, &given).err()?;
    let field = params.iter().find(|name| answers.contains_key(*name))?;
    Some(Objection {
        field: Name::new(field),
        why,
    })
}

/// What was left empty is not given at all, so that its default holds.
fn finished(line: &str, answers: &Answers) -> String {
    let mut words = vec![line.to_owned()];
    for (name, values) in answers {
        let values: Vec<&str> = values.iter().map(|text| text.trim()).collect();
        let value = values.join(",");
        if !value.is_empty() {
            words.push(format!("{name}={}", command::quoted(&value)));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn an_answer_arrives_as_it_was_given(value in "\\PC{1,60}") {
            let value = value.trim().to_owned();
            proptest::prop_assume!(!value.is_empty());
            let answers = Answers::from([("what".to_owned(), vec![value.clone()])]);
            let line = finished("run note service=api --queue", &answers);
            let Ok(Command::Run(wanted)) = command::parse(&line) else {
                return Err(proptest::test_runner::TestCaseError::fail(line));
            };
            let last = wanted.given.last().cloned();
            proptest::prop_assert_eq!(last, Some((Some("what".to_owned()), value)));
            proptest::prop_assert_eq!(wanted.given.len(), 2);
        }
    }
}
