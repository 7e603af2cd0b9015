//! An environment variable that it needs is not set: the program names it, and the container's
//! configuration does not have it.

use super::Rule;
use super::{again_and_again, by_hand, recreate, said_finding};
use crate::action::Risk;
use crate::diagnose::view::View;
use crate::diagnose::{Cause, Finding};
use crate::evidence::{Evidence, Fact, Hit};
use crate::say;
use crate::text::Clean;

pub const RULE: Rule = Rule {
    cause: Cause::MissingEnv,
    why: "A program that reads its configuration from the environment ends when a variable it needs is not there. Most often the variable is missing in the compose file or the env file, or was renamed on one side only.",
    example: "KeyError: 'OPENAI_API_KEY'; sh: JWT_SECRET: must be set",
    verify: "docker inspect shows the variable, and the service stays up",
    prevention: &[
        "compose: environment: NAME: ${NAME:?set it in .env} makes compose refuse to start without it",
    ],
    check,
};

fn check(view: &View<'_>) -> Option<Finding> {
    let said = view.decisive_of(&[Cause::MissingEnv])?;
    let variable = variable_of(said.1).or_else(|| listed_beside(view, said.0));
    let summary = match &variable {
        Some(variable) => say!(
            "{} needs the environment variable `{}`, which is not set{}",
            view.name(),
            variable,
            again_and_again(view)
        ),
        None => say!(
            "{} needs an environment variable that is not set{}",
            view.name(),
            again_and_again(view)
        ),
    };
    let mut finding = said_finding(view, Cause::MissingEnv, said, summary);
    if let Some(variable) = variable {
        finding.evidence.push(super::noted(
            view,
            say!(
                "`{}` is not among the variables of {}",
                variable,
                view.container
            ),
        ));
        let text = say!(
            "set `{}` for {} in the compose file or its env file",
            variable,
            view.name()
        );
        finding.fixes.push(by_hand(text, Risk::Change));
    } else {
        finding.fixes.push(by_hand(
            say!("set the variable that {} names in its log", view.name()),
            Risk::Change,
        ));
    }
    finding.fixes.push(recreate(view));
    Some(finding)
}

/// Validators name what they miss on a line of its own, before or after the one that is known.
fn listed_beside(view: &View<'_>, line: &Evidence) -> Option<Clean> {
    const NEAR: u64 = 10;
    let place = |item: &Evidence| match &item.fact {
        Fact::Log(line) => Some(line.place),
        _ => None,
    };
    let here = place(line)?;
    let mut near: Vec<(u64, &Evidence)> = view
        .logs()
        .filter_map(|item| Some((place(item)?.abs_diff(here), item)))
        .filter(|(distance, _)| (1..=NEAR).contains(distance))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    let named = |(_, item): &(u64, &Evidence)| {
        let name = item.text.map(bare);
        is_a_variable(name.as_str()).then_some(name)
    };
    near.iter().find_map(named)
}

fn bare(line: &str) -> &str {
    line.trim()
        .trim_matches(|c: char| "\"',[]`:".contains(c) || c.is_whitespace())
}

/// `SESSION_SECRET`, and `session_secret` as python's settings write it.
fn is_a_variable(word: &str) -> bool {
    let is_word = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let one_case = word == word.to_ascii_uppercase() || word == word.to_ascii_lowercase();
    word.contains('_') && word.len() > 3 && is_word && one_case
}

pub(in crate::diagnose) fn variable_of(hit: &Hit) -> Option<Clean> {
    hit.name("variable")
        .cloned()
        .or_else(|| known_variable(hit.signature.as_str()))
}

/// Images of databases that do not name the variable they miss.
fn known_variable(signature: &str) -> Option<Clean> {
    match signature {
        "postgres-image-password" => Some("POSTGRES_PASSWORD".into()),
        "mysql-image-password" => Some("MYSQL_ROOT_PASSWORD".into()),
        _ => None,
    }
}
