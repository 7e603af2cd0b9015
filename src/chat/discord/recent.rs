//! Runs, reports and incidents that somebody may mean, while they type: the newest first, each with what it
//! is about.

use super::names::Choice;
use crate::access::Caller;
use crate::action::Risk;
use crate::bot::Bot;
use crate::run::book::short;
use crate::store::{IncidentFilter, ReportFilter, RunFilter, RunRecord, RunState};
use crate::text::{Name, Redactor, fit};

const LOOKED_THROUGH: u32 = 100;
const LABEL: usize = 100;

/// For a decision only what waits for one.
pub(super) async fn runs(bot: &Bot, caller: &Caller, word: &str, typed: &str) -> Vec<Choice> {
    let filter = RunFilter {
        limit: Some(LOOKED_THROUGH),
        ..RunFilter::default()
    };
    let Ok(store) = bot.store.get().await else {
        return Vec::new();
    };
    let Ok(runs) = store.runs(&filter).await else {
        return Vec::new();
    };
    let is_meant = |run: &&RunRecord| match word {
        "approve" | "deny" => run.state == RunState::AwaitingApproval,
        "cancel" => !run.state.is_final(),
        _ => true,
    };
    let may_see = |run: &&RunRecord| {
        let (host, stack) = run.stack_key.split_once('/').unwrap_or_default();
        may_read(bot, caller, (host, stack))
    };
    let choice = |run: &RunRecord| {
        let title = Redactor::shapes_only().clean(&run.title);
        let label = format!("{} · {title} · {}", short(&run.id), run.state.word());
        (fit(&label, LABEL), run.id.clone())
    };
    let choices = runs.iter().filter(is_meant).filter(may_see).map(choice);
    meant(typed, choices)
}

pub(super) async fn reports(bot: &Bot, caller: &Caller, typed: &str) -> Vec<Choice> {
    let filter = ReportFilter {
        limit: Some(LOOKED_THROUGH),
        ..ReportFilter::default()
    };
    let Ok(store) = bot.store.get().await else {
        return Vec::new();
    };
    let Ok(reports) = store.reports(&filter).await else {
        return Vec::new();
    };
    let choices = reports
        .iter()
        .filter(|report| may_read(bot, caller, (&report.host, &report.project)))
        .map(|report| {
            let issue = Redactor::shapes_only().clean(&report.issue);
            let label = format!("{} · {issue}", short(&report.id));
            (fit(&label, LABEL), report.id.clone())
        });
    meant(typed, choices)
}

/// Those that are not over.
pub(super) async fn incidents(bot: &Bot, caller: &Caller, typed: &str) -> Vec<Choice> {
    let filter = IncidentFilter {
        open_only: true,
        limit: Some(LOOKED_THROUGH),
        ..IncidentFilter::default()
    };
    let Ok(store) = bot.store.get().await else {
        return Vec::new();
    };
    let Ok(incidents) = store.incidents(&filter).await else {
        return Vec::new();
    };
    let choices = incidents
        .iter()
        .filter(|incident| may_read(bot, caller, (&incident.host, &incident.stack)))
        .map(|incident| {
            let title = Redactor::shapes_only().clean(&incident.title);
            let label = format!("#{} · {title}", incident.id);
            (fit(&label, LABEL), incident.id.to_string())
        });
    meant(typed, choices)
}

fn may_read(bot: &Bot, caller: &Caller, (host, stack): (&str, &str)) -> bool {
    let named = |name: &str| Some(Name::new(name)).filter(|name| !name.is_empty());
    let (host, stack) = (named(host), named(stack));
    let spot = (host.as_ref(), stack.as_ref());
    let decided = bot.policy.decide_on(caller, spot, None, Risk::Read);
    decided.is_ok()
}

fn meant(typed: &str, choices: impl Iterator<Item = Choice>) -> Vec<Choice> {
    let typed = typed.to_lowercase();
    let is_meant = |(label, value): &Choice| {
        label.to_lowercase().contains(&typed) || value.to_lowercase().starts_with(&typed)
    };
    choices.filter(is_meant).collect()
}
