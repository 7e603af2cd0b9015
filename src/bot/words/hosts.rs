//! `hosts`: which hosts there are, what each engine says of itself, and how the machine is doing.
//! All are asked at once, so that a dead one holds up nobody.

use futures_util::future::join_all;

use super::everywhere::{in_time, reached};
use crate::action::inventory::About;
use crate::bot::{Context, Outcome, Trouble};
use crate::evidence::stats::bytes;
use crate::host::MachineFacts;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Redactor, Style, Table};

pub(super) async fn hosts(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let names = context.bot.fleet.names();
    let found = join_all(names.iter().map(|name| look(context, name))).await;
    let mut table = Table::new(&[
        "host",
        "state",
        "engine",
        ">cpus",
        ">load",
        ">memory free",
        ">disk free",
        ">running",
        ">stopped",
        "system",
    ]);
    let mut silent: Vec<(Clean, Line)> = Vec::new();
    for (name, found) in names.iter().zip(found) {
        match found {
            Ok((about, facts)) => table.row(row(name, &about, facts.as_ref())),
            Err(why) => silent.push((
                Name::new(name).into(),
                Line::new().styled(Style::Bad, "✗ ").plain(why.text),
            )),
        }
    }
    let heading = match silent.len() {
        0 => Line::new().styled(Style::Good, say!("all {} hosts answer", names.len())),
        down => Line::new().styled(
            Style::Bad,
            say!("{} of {} hosts do not answer", down, names.len()),
        ),
    };
    let outcome = if silent.is_empty() {
        Outcome::Done
    } else {
        Outcome::Unreachable
    };
    let mut message = Message::new().heading(heading);
    if !table.rows.is_empty() {
        message = message.table(table);
    }
    if !silent.is_empty() {
        message = message.fields(silent);
    }
    context.voice.say(message).await;
    Ok(outcome)
}

async fn look(context: &Context<'_>, name: &str) -> Result<(About, Option<MachineFacts>), Trouble> {
    let look = async {
        let host = reached(context, name).await?;
        let facts = context.bot.fleet.facts(name);
        let (about, facts) = tokio::join!(host.engine.about(), facts);
        Ok((about?, facts))
    };
    in_time(context, name, look).await
}

fn row(name: &str, about: &About, facts: Option<&MachineFacts>) -> Vec<Line> {
    let unknown = || Line::new().dim(say!("–"));
    let load = facts
        .and_then(|facts| facts.load)
        .map_or_else(unknown, |[now, _, _]| say!("{:.1}", now).into());
    let memory = facts.and_then(|facts| facts.memory);
    let disk = facts.and_then(|facts| facts.disks.first());
    vec![
        Line::new().strong(Name::new(name)),
        Line::new().styled(Style::Good, "answers"),
        say!(
            "{} (API {})",
            Name::new(&about.version),
            Name::new(&about.api_version)
        )
        .into(),
        say!("{}", about.cpus).into(),
        load,
        memory.map_or_else(
            || bytes(about.memory).into(),
            |memory| of(memory.available, memory.total),
        ),
        disk.map_or_else(unknown, |disk| of(disk.available, disk.size)),
        say!("{}", about.running).into(),
        say!("{}", about.stopped).into(),
        Redactor::shapes_only().clean(&about.os).into(),
    ]
}

fn of(free: u64, whole: u64) -> Line {
    let short = free.saturating_mul(10) < whole;
    let style = if short { Style::Bad } else { Style::Plain };
    Line::new().styled(style, say!("{} of {}", bytes(free), bytes(whole)))
}
