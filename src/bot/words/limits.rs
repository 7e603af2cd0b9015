//! `limits`: what each service of a stack is meant to have on its host, and what it has.

use std::collections::BTreeSet;

use super::planning::failed;
use super::stack::place;
use crate::action::container::Limits;
use crate::bot::{Context, Outcome, Trouble};
use crate::compose::profile::{Limit, Profile};
use crate::compose::{Operator, Running};
use crate::evidence::stats::bytes;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Style, Table};

/// So many names that mean nothing are told.
const UNREAD: usize = 6;

pub(super) async fn limits(
    context: &Context<'_>,
    operator: &Operator<'_>,
) -> Result<Outcome, Trouble> {
    let site = operator.site;
    let resolved = operator.resolved().await.map_err(failed)?;
    let profile = operator.profile(&resolved).await.map_err(failed)?;
    let host = context.bot.fleet.host(Some(&site.host)).await?;
    let running = Running::look(&host.engine, &site.project).await?;
    let whole = host.engine.about().await?.memory;
    let rows = rows(&profile, &running, &site.project);
    let off: BTreeSet<Clean> = rows
        .iter()
        .filter(|row| row.is_off())
        .map(|row| Clean::from(&row.service))
        .collect();
    let from = match &profile.file {
        Some(file) => say!("`{}` ({})", file, profile.platform.word()),
        None => say!("the compose files"),
    };
    let (heading, outcome) = if off.is_empty() {
        let text = say!("{}: all limits are those of {}", place(site), from);
        (Line::new().styled(Style::Good, text), Outcome::Done)
    } else {
        let names = Clean::join(&off, ", ");
        let text = say!(
            "{}: limits are not those of {}: {}",
            place(site),
            from,
            names
        );
        (Line::new().styled(Style::Bad, text), Outcome::Failed)
    };
    let message = Message::new().heading(heading).table(table(&rows));
    let message = remarks(&profile, &rows, whole)
        .into_iter()
        .fold(message, |message, text| message.line(Line::new().dim(text)));
    context.voice.say(message).await;
    Ok(outcome)
}

/// One container, or a service that has none.
struct Row {
    service: Name,
    /// The compose files decide about everything; a profile only about what it names.
    is_whole: bool,
    meant: Limit,
    has: Option<Limits>,
}

impl Row {
    fn memory_is_off(&self) -> bool {
        let decides = self.is_whole || self.meant.memory.is_some();
        decides && self.has.is_some_and(|has| has.memory != self.meant.memory)
    }

    fn cpus_are_off(&self) -> bool {
        let apart =
            |has: Limits| (has.cpus.unwrap_or(0.0) - self.meant.cpus.unwrap_or(0.0)).abs() > 0.001;
        let decides = self.is_whole || self.meant.cpus.is_some();
        decides && self.has.is_some_and(apart)
    }

    fn is_off(&self) -> bool {
        self.memory_is_off() || self.cpus_are_off()
    }
}

fn rows(profile: &Profile, running: &Running, project: &str) -> Vec<Row> {
    let row = |service: &Name, has: Option<Limits>| Row {
        service: service.clone(),
        is_whole: profile.file.is_none() && profile.limits.contains_key(service.as_str()),
        meant: profile
            .limits
            .get(service.as_str())
            .copied()
            .unwrap_or_default(),
        has,
    };
    let there = running.inventory.in_stack(project);
    let mut rows: Vec<Row> = there
        .flat_map(|service| {
            let replicas = service.replicas.iter();
            replicas.map(|replica| row(service.name(), Some(replica.limits)))
        })
        .collect();
    let is_there = |name: &Name| rows.iter().any(|row| row.service == *name);
    let absent = profile.limits.keys().map(Name::from);
    let absent = absent.filter(|name| !is_there(name));
    let absent: Vec<Row> = absent.map(|name| row(&name, None)).collect();
    rows.extend(absent);
    rows.sort_by(|a, b| a.service.cmp(&b.service));
    rows
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&[
        "service",
        ">memory meant",
        ">memory has",
        ">cpus meant",
        ">cpus has",
    ]);
    for row in rows {
        let styled = |text: Clean, off: bool| {
            let style = if off { Style::Bad } else { Style::Plain };
            Line::new().styled(style, text)
        };
        let not_there = || say!("not there");
        let has_memory = row
            .has
            .map_or_else(not_there, |has| memory(has.memory, "none"));
        let has_cpus = row.has.map_or_else(not_there, |has| cpus(has.cpus, "none"));
        let silent = if row.is_whole { "none" } else { "–" };
        table.row([
            Line::new().strong(row.service.clone()),
            memory(row.meant.memory, silent).into(),
            styled(has_memory, row.memory_is_off()),
            cpus(row.meant.cpus, silent).into(),
            styled(has_cpus, row.cpus_are_off()),
        ]);
    }
    table
}

fn memory(limit: Option<u64>, none: &'static str) -> Clean {
    limit.map_or_else(|| none.into(), bytes)
}

fn cpus(limit: Option<f64>, none: &'static str) -> Clean {
    limit.map_or_else(|| none.into(), |cpus| say!("{:.2}", cpus))
}

/// What the limits come to, and what of the profile was not understood.
fn remarks(profile: &Profile, rows: &[Row], whole: u64) -> Vec<Clean> {
    let has = || rows.iter().filter_map(|row| row.has);
    let sum: u64 = has().filter_map(|has| has.memory).sum();
    let open = has().filter(|has| has.memory.is_none()).count();
    let mut told = vec![say!(
        "memory limits add up to {} of the {} of the host; {} containers have none",
        bytes(sum),
        bytes(whole),
        open
    )];
    if !profile.unread.is_empty() {
        let names = profile.unread.iter().take(UNREAD).map(Clean::from);
        let names: Vec<Clean> = names.collect();
        told.push(say!(
            "not understood in the profile: {}{}",
            Clean::join(&names, ", "),
            if profile.unread.len() > UNREAD {
                ", …"
            } else {
                ""
            }
        ));
    }
    told
}
