//! Values meet their parameters: typed, checked against what is there, and complete.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{BindError, Binder, Bound, Given, Values, whole};
use crate::command::parse::duration;
use crate::runbook::language::{ParamKind, ParamSpec, RunbookFile};
use crate::yaml::nearest;

/// Whether a value is of the parameter's type, without looking at the world.
pub fn accepts(spec: &ParamSpec, value: &str) -> Result<(), String> {
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err("it has a line end or another control character in it".to_owned());
    }
    match spec.kind {
        ParamKind::Integer => integer(spec, value),
        ParamKind::Duration => duration(value).map(drop),
        ParamKind::Boolean if !matches!(value, "true" | "false") => {
            Err("expected `true` or `false`".to_owned())
        }
        ParamKind::Enum if !spec.values.iter().any(|known| known == value) => {
            let known = spec.values.join("`, `");
            let near = nearest(value, spec.values.iter().map(String::as_str));
            let near = near.map(|name| format!("; did you mean `{name}`?"));
            Err(format!(
                "expected one of `{known}`{}",
                near.unwrap_or_default()
            ))
        }
        ParamKind::String => match spec.pattern.as_deref().map(whole) {
            Some(Ok(pattern)) if !pattern.is_match(value) => {
                let pattern = spec.pattern.as_deref().unwrap_or_default();
                Err(format!("it does not match `{pattern}`"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn integer(spec: &ParamSpec, value: &str) -> Result<(), String> {
    let number: i64 = value
        .parse()
        .map_err(|_| "expected a whole number".to_owned())?;
    let (min, max) = (spec.min.unwrap_or(i64::MIN), spec.max.unwrap_or(i64::MAX));
    if (min..=max).contains(&number) {
        return Ok(());
    }
    Err(match (spec.min, spec.max) {
        (Some(min), None) => format!("expected {min} or more"),
        (None, Some(max)) => format!("expected {max} or less"),
        _ => format!("expected {min} to {max}"),
    })
}

impl Binder<'_> {
    /// Every parameter with its values; everything that is wrong at once.
    pub(super) fn params(&mut self, file: &RunbookFile, given: &Given) -> Bound<Values> {
        let mut problems = Vec::new();
        for name in given.keys().filter(|name| !file.params.contains_key(*name)) {
            problems.push(unknown(file, name));
        }
        let mut bound = Values::default();
        let mut chosen = BTreeMap::new();
        for (name, spec) in &file.params {
            let given = given.get(name);
            let bound_texts = texts(name, spec, given).and_then(|texts| match given {
                Some(_) => self.nothing_secret(name, spec, texts),
                None => Ok(texts),
            });
            match bound_texts {
                Ok(texts) => {
                    if spec.kind == ParamKind::Secret {
                        bound.secrets.insert(name.clone());
                    }
                    if spec.kind == ParamKind::Stack {
                        bound.stack = bound.stack.or_else(|| texts.first().cloned());
                    }
                    chosen.insert(name, (spec, texts));
                }
                Err(why) => problems.push(why),
            }
        }
        let mut facts = BTreeMap::new();
        for (name, (spec, texts)) in chosen {
            let is_default = !given.contains_key(name);
            match self.found(spec, texts, is_default, &bound) {
                Ok(texts) => {
                    facts.insert(name.clone(), fact(spec, &texts));
                    bound.texts.insert(name.clone(), texts);
                }
                Err(why) => problems.push(format!("`{name}`: {why}")),
            }
        }
        if !problems.is_empty() {
            return Err(BindError { problems });
        }
        let params = Json::Object(facts.clone().into_iter().collect());
        let mut scope = facts;
        scope.insert("params".to_owned(), params);
        self.plan.scopes.push(scope);
        bound.facts = self.plan.scopes.len() - 1;
        Ok(bound)
    }

    /// Values that name something in the world, as they are called there.
    fn found(
        &self,
        spec: &ParamSpec,
        texts: Vec<String>,
        is_default: bool,
        bound: &Values,
    ) -> Result<Vec<String>, String> {
        match spec.kind {
            ParamKind::Service => {
                let found = texts.iter().map(|text| self.service_names(text, bound));
                let found: Vec<Vec<String>> = found.collect::<Result<_, _>>()?;
                let found: Vec<String> = found.into_iter().flatten().collect();
                if spec.many || found.len() <= 1 {
                    return Ok(found);
                }
                Err(format!(
                    "one service is meant, and this is {}",
                    found.join(", ")
                ))
            }
            ParamKind::Stack => {
                for text in &texts {
                    self.known_stack(text)?;
                }
                Ok(texts)
            }
            ParamKind::Group => self.groups(texts, is_default, bound),
            ParamKind::Secret => {
                for text in &texts {
                    self.known_secret(text)?;
                }
                Ok(texts)
            }
            _ => Ok(texts),
        }
    }

    /// A plan is stored and shown with everything that was typed for it.
    fn nothing_secret(
        &self,
        name: &str,
        spec: &ParamSpec,
        texts: Vec<String>,
    ) -> Result<Vec<String>, String> {
        let shows = |text: &String| self.world.redactor.clean(text).as_str() != text;
        if spec.kind == ParamKind::String && texts.iter().any(shows) {
            return Err(format!(
                "`{name}`: it holds a secret, and would be stored and shown; name the secret under `runbooks.secrets`, and let the runbook take it by a parameter of type `secret`"
            ));
        }
        Ok(texts)
    }

    fn known_secret(&self, name: &str) -> Result<(), String> {
        if self.world.secrets.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(format!(
            "no secret `{name}` is configured; name it under `runbooks.secrets`"
        ))
    }
}

/// What was given, else the default; of the right type.
fn texts(name: &str, spec: &ParamSpec, given: Option<&Vec<String>>) -> Result<Vec<String>, String> {
    let texts = match (given, &spec.locked) {
        (Some(_), Some(_)) => {
            return Err(format!(
                "`{name}` is locked: this runbook always uses its own value"
            ));
        }
        (Some(given), None) if spec.many => given
            .iter()
            .flat_map(|text| text.split(','))
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect(),
        (Some(given), None) => given.clone(),
        (None, Some(locked)) => locked.texts(),
        (None, None) => spec
            .default
            .as_ref()
            .map(super::OneOrMany::texts)
            .unwrap_or_default(),
    };
    if texts.is_empty() && spec.required {
        let help = spec.help.as_ref().map(|help| format!(": {help}"));
        let help = help.unwrap_or_default();
        return Err(format!(
            "`{name}` ({}) has to be given{help}",
            spec.kind.word()
        ));
    }
    if texts.len() > 1 && !spec.many {
        return Err(format!(
            "`{name}` holds one value; {} were given",
            texts.len()
        ));
    }
    for text in &texts {
        accepts(spec, text).map_err(|why| format!("`{name}`: {why}"))?;
    }
    Ok(texts)
}

fn unknown(file: &RunbookFile, name: &str) -> String {
    let known: Vec<&str> = file.params.keys().map(String::as_str).collect();
    let runbook = &file.name;
    let near = nearest(name, known.iter().copied());
    match near {
        Some(near) => format!("`{runbook}` has no parameter `{name}`; did you mean `{near}`?"),
        None if known.is_empty() => format!("`{runbook}` takes no parameters"),
        None => {
            let known = known.join("`, `");
            format!("`{runbook}` has no parameter `{name}`; it has `{known}`")
        }
    }
}

/// A value as conditions see it.
fn fact(spec: &ParamSpec, texts: &[String]) -> Json {
    let one = |text: &String| match spec.kind {
        ParamKind::Integer => text
            .parse::<i64>()
            .map_or(Json::Null, |number| json!(number)),
        ParamKind::Boolean => json!(text == "true"),
        ParamKind::Secret => Json::Null,
        _ => json!(text),
    };
    if spec.many {
        return texts.iter().map(one).collect();
    }
    texts.first().map_or(Json::Null, one)
}
