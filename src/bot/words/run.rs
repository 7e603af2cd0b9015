//! `runbooks`, `run`, `plan`: which runbooks there are for this person, and what becomes of one
//! with these values.

use super::offer::{Wish, offer, shown};
use super::planning::planned;
use crate::action::Risk;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::RunCommand;
use crate::runbook::{Given, Runbook, Shelf};
use crate::say;
use crate::text::{Clean, Line, Message, Name, Redactor, Style, Table};

pub(super) async fn runbooks(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let shelf = context.bot.conduct.library.shelf();
    let policy = &context.bot.policy;
    let may = |runbook: &&std::sync::Arc<Runbook>| {
        policy.may_run_somewhere(context.caller, &runbook.file.name, runbook.risk)
    };
    let mut table = Table::new(&["runbook", "what it does", "asks for", "risk"]);
    for runbook in shelf.iter().filter(may) {
        let risk = match runbook.risk {
            Risk::Read => Line::new(),
            Risk::Change => Line::new().styled(Style::Warn, "change"),
            Risk::Destructive => Line::new().styled(Style::Bad, "destructive"),
        };
        table.row([
            Line::new().strong(Name::new(&runbook.file.name)),
            clean(&runbook.file.title).into(),
            Line::new().dim(asks_for(runbook)),
            risk,
        ]);
    }
    let mut message = Message::new().table(table).line(
        Line::new().dim("run RUNBOOK name=value …; `plan` instead of `run` shows what it would do"),
    );
    for problems in &shelf.problems {
        let text = say!(
            "{} cannot be used: {} problems; `dogwatch check` tells them",
            clean(problems.file()),
            problems.iter().count()
        );
        message = message.line(Line::new().styled(Style::Bad, text));
    }
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// `service, grace=10s`
fn asks_for(runbook: &Runbook) -> Clean {
    let params = runbook.file.params.iter();
    let open = params.filter(|(_, param)| param.locked.is_none());
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|(name, param)| (!param.required, *name));
    let one = |(name, param): &(&String, &crate::runbook::language::ParamSpec)| match &param.default
    {
        Some(default) => clean(&format!("{name}={}", default.texts().join(","))),
        None => clean(name),
    };
    let texts: Vec<Clean> = open.iter().map(one).collect();
    Clean::join(&texts, ", ")
}

pub(super) fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

pub(super) async fn plan(context: &Context<'_>, wanted: &RunCommand) -> Result<Outcome, Trouble> {
    let Some(plan) = planned(context, wanted).await? else {
        return Ok(Outcome::Done);
    };
    context.may_read_on(&plan.host, plan.stack())?;
    context.voice.say(shown(&plan)).await;
    Ok(Outcome::Done)
}

pub(super) async fn run(context: &Context<'_>, wanted: &RunCommand) -> Result<Outcome, Trouble> {
    let Some(plan) = planned(context, wanted).await? else {
        return Ok(Outcome::Done);
    };
    let wish = Wish {
        yes: wanted.yes,
        queue: wanted.queue,
    };
    offer(context, &plan, wish).await
}

pub(super) fn find<'s>(shelf: &'s Shelf, name: &str) -> Result<&'s Runbook, Trouble> {
    if let Some(runbook) = shelf.get(name) {
        return Ok(runbook);
    }
    let hint = match shelf.nearest(name) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => "; `runbooks` lists them".to_owned(),
    };
    let text = clean(&format!("there is no runbook `{name}`{hint}"));
    Err(Trouble::new(Outcome::Usage, text))
}

/// Values by parameter. One without a name is that of the only parameter that has to be given.
pub(super) fn given(runbook: &Runbook, wanted: &RunCommand) -> Result<Given, Trouble> {
    let mut given = Given::new();
    for (name, value) in &wanted.given {
        short_enough(name.as_deref(), value)?;
        let name = match name {
            Some(name) => name.clone(),
            None => only_required(runbook, value)?,
        };
        given.entry(name).or_default().push(value.clone());
    }
    Ok(given)
}

/// Nothing that a runbook takes is longer; answers repeat what was typed.
const LONGEST_VALUE: usize = 4096;

fn short_enough(name: Option<&str>, value: &str) -> Result<(), Trouble> {
    let length = value.chars().count();
    if length <= LONGEST_VALUE {
        return Ok(());
    }
    let start: String = value.chars().take(40).collect();
    let what = name.map_or_else(|| "a value".to_owned(), |name| format!("`{name}`"));
    let text = format!(
        "{what} has {length} characters, and at most {LONGEST_VALUE} can be given; it begins `{start}…`"
    );
    Err(Trouble::new(Outcome::Usage, clean(&text)))
}

fn only_required(runbook: &Runbook, value: &str) -> Result<String, Trouble> {
    let required = runbook
        .file
        .params
        .iter()
        .filter(|(_, param)| param.required);
    let names: Vec<&String> = required.map(|(name, _)| name).collect();
    match names.as_slice() {
        [one] => Ok((*one).clone()),
        _ => {
            let text = format!("which parameter is `{value}`? write `name={value}`");
            let mut trouble = Trouble::new(Outcome::Usage, clean(&text));
            trouble.more = vec![say!(
                "`{}` asks for {}",
                Name::new(&runbook.file.name),
                asks_for(runbook)
            )];
            Err(trouble)
        }
    }
}
