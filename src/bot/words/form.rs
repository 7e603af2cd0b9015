//! The form for a `run` or `plan` that does not have all its values yet, with what is there to
//! choose from, and what becomes of its answers: checked by type, then a line as if it were typed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::run::{clean, given, host_of};
use crate::access::{Caller, Spot};
use crate::action::Risk;
use crate::bot::Bot;
use crate::command::{self, Command, RunCommand};
use crate::runbook::language::{ParamKind, ParamSpec};
use crate::runbook::template::OneOrMany;
use crate::runbook::{Given, Runbook, accepts};
use crate::say;
use crate::stack::inventory::Service;
use crate::stack::{Inventory, Site};
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
        let there = self.there(host.as_deref()).await;
        let sight = Sight {
            bot: self,
            caller,
            runbook: &runbook,
            risk,
            there: &there,
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
        let Some((_, runbook)) = self.runbook_of(line) else {
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

/// What can be chosen, by whom, for what.
struct Sight<'s> {
    bot: &'s Bot,
    caller: &'s Caller,
    runbook: &'s Runbook,
    risk: Risk,
    there: &'s [(Name, Inventory)],
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
        let bare = |names: Vec<String>| names.iter().map(|name| choice(name)).collect();
        let choices: Vec<Choice> = match spec.kind {
            ParamKind::Integer if !spec.many => {
                let (min, max) = (spec.min, spec.max);
                return Input::Whole { min, max };
            }
            ParamKind::Boolean if !spec.many => return Input::YesOrNo,
            ParamKind::Enum => bare(spec.values.clone()),
            ParamKind::Service => self.services(),
            ParamKind::Stack => self.stacks(),
            ParamKind::Host => bare(self.bot.fleet.names()),
            // names only: the value of a secret is never typed
            ParamKind::Secret => bare(self.bot.conduct.secrets.keys().cloned().collect()),
            _ => Vec::new(),
        };
        if choices.is_empty() {
            return Input::Text { like: like(spec) };
        }
        Input::Choice {
            of: choices,
            many: spec.many,
        }
    }

    fn may(&self, spot: Spot<'_>) -> bool {
        let runbook = Some(self.runbook.file.name.as_str());
        let policy = &self.bot.policy;
        policy
            .decide_on(self.caller, spot, runbook, self.risk)
            .is_ok()
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
        let of_host = |(host, inventory): &(Name, Inventory)| {
            let services = inventory.services.iter();
            let open = services.filter(|one| self.may((Some(host), one.key.stack.as_ref())));
            let under = |stack: &Name| self.on(host, stack.as_str());
            let choice = |service: &Service| Choice {
                value: self.on(host, &service.key.to_string()),
                under: service.key.stack.as_ref().map(under).unwrap_or_default(),
            };
            open.map(choice).collect::<Vec<_>>()
        };
        self.there.iter().flat_map(of_host).collect()
    }

    fn stacks(&self) -> Vec<Choice> {
        let stacks = self.there.iter().flat_map(|(host, there)| {
            let stacks = there.stacks().into_iter();
            stacks.map(move |stack| (host, stack))
        });
        let sites = &self.bot.conduct.sites;
        let is_configured = |stack: &Name| sites.iter().any(|site| *stack == *site.project);
        let found = stacks
            .filter(|(host, stack)| !is_configured(stack) && self.may((Some(*host), Some(*stack))));
        let mut open: BTreeSet<String> = found.map(|(_, stack)| stack.to_string()).collect();
        let configured = sites.iter().filter(|site| {
            let (host, project) = (Name::new(&site.host), Name::new(&site.project));
            self.may((Some(&host), Some(&project)))
        });
        open.extend(configured.map(Site::full_name));
        open.iter().map(|stack| choice(stack)).collect()
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
