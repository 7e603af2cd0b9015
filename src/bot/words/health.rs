//! `health`: what needs attention, each with the failing check's own output; with `--all` every
//! service in one table. Without a target, on all hosts.

use futures_util::future::join_all;

use super::look::Look;
use super::{show, status};
use crate::action::container::Container;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::evidence::{Fact, state};
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Style, Table};

pub(super) async fn health(
    context: &Context<'_>,
    targets: &[Target],
    all: bool,
) -> Result<Outcome, Trouble> {
    let names = context.bot.fleet.names();
    let mut silent = Silent::default();
    let looks = if targets.is_empty() && names.len() > 1 {
        let looks = join_all(names.iter().map(|name| Look::on(context, name))).await;
        let seen = names.iter().zip(looks);
        seen.filter_map(|(name, look)| silent.or_told(name, look))
            .collect()
    } else {
        vec![Look::at(context, targets).await?]
    };
    let mut seen = Vec::new();
    for look in &looks {
        match look.services(context, targets) {
            Ok(chosen) => seen.extend(chosen.into_iter().map(|chosen| (look, chosen))),
            Err(trouble) if looks.len() == 1 => return Err(trouble),
            Err(trouble) => silent.add(&look.survey.host, trouble),
        }
    }
    let hosts = match looks.as_slice() {
        [look] if silent.0.is_empty() => Clean::from(&look.survey.host),
        _ => say!("{} hosts", names.len()),
    };
    context
        .voice
        .say(message(&hosts, &seen, &silent, all))
        .await;
    let worst = silent.0.iter().map(|(_, trouble)| trouble.outcome).max();
    Ok(worst.unwrap_or(Outcome::Done))
}

/// Hosts that could not be looked at, and why.
#[derive(Default)]
struct Silent(Vec<(Clean, Trouble)>);

impl Silent {
    fn or_told(&mut self, host: &str, look: Result<Look, Trouble>) -> Option<Look> {
        look.map_err(|trouble| self.add(&Name::new(host), trouble))
            .ok()
    }

    fn add(&mut self, host: &Name, trouble: Trouble) {
        self.0.push((host.into(), trouble));
    }
}

/// A service with the look at its host.
type Seen<'s> = (&'s Look, Chosen<'s>);

fn message(hosts: &Clean, seen: &[Seen<'_>], silent: &Silent, all: bool) -> Message {
    let ill: Vec<&Seen<'_>> = seen
        .iter()
        .filter(|(_, chosen)| !status::is_well(chosen))
        .collect();
    let ends = seen.first().zip(seen.last());
    let several = !silent.0.is_empty()
        || ends.is_some_and(|((first, _), (last, _))| first.survey.host != last.survey.host);
    let mut text = if ill.is_empty() {
        say!("all {} services on {} are well", seen.len(), hosts)
    } else {
        say!(
            "{} of {} services on {} need attention",
            ill.len(),
            seen.len(),
            hosts
        )
    };
    if !silent.0.is_empty() {
        let names = silent.0.iter().map(|(host, _)| host);
        text = say!("{}; not seen: {}", text, Clean::join(names, ", "));
    }
    let style = if ill.is_empty() && silent.0.is_empty() {
        Style::Good
    } else {
        Style::Bad
    };
    let mut fields: Vec<(Clean, Line)> = silent.0.iter().map(not_seen).collect();
    fields.extend(ill.into_iter().flat_map(|seen| lines(seen, several)));
    let mut message = Message::new().heading(Line::new().styled(style, text));
    if !fields.is_empty() {
        message = message.fields(fields);
    }
    if all && !seen.is_empty() {
        message = message.table(table(seen, several));
    }
    message
}

fn not_seen((host, trouble): &(Clean, Trouble)) -> (Clean, Line) {
    let line = Line::new()
        .styled(Style::Bad, "✗ ")
        .plain(trouble.text.clone());
    (host.clone(), line)
}

fn lines((look, chosen): &Seen<'_>, several: bool) -> Vec<(Clean, Line)> {
    let ill = chosen
        .replicas()
        .iter()
        .filter(|replica| !matches!(show::state(replica).1, Style::Good | Style::Dim));
    let line = |replica: &Container| {
        let (text, style) = show::state(replica);
        let since = show::age(replica, look.survey.at);
        let line = Line::new()
            .styled(style, text)
            .plain(say!(" for {}: ", since))
            .plain(said(look, chosen, replica));
        let name = Name::new(&replica.name);
        let label = if several {
            say!("{}:{}", look.survey.host, name)
        } else {
            name.into()
        };
        (label, line)
    };
    ill.map(line).collect()
}

/// The failing check's own words, or what the container died of.
fn said(look: &Look, chosen: &Chosen<'_>, replica: &Container) -> Clean {
    let evidence = state::read(
        &chosen.service.key,
        replica,
        &look.survey.redactor,
        &look.survey.signatures,
    );
    let said = evidence
        .iter()
        .rev()
        .find(|item| matches!(item.fact, Fact::Health(_) | Fact::State(_)));
    said.map(|item| item.text.clone()).unwrap_or_default()
}

fn table(seen: &[Seen<'_>], several: bool) -> Table {
    let columns = ["host", "stack", "service", "health", ">since", ">restarts"];
    let skipped = usize::from(!several);
    let mut table = Table::new(columns.get(skipped..).unwrap_or_default());
    for (look, chosen) in seen {
        let key = &chosen.service.key;
        let stack = key.stack.as_ref().map(Clean::from).unwrap_or_default();
        for replica in chosen.replicas() {
            let cells = [
                Line::new().dim(look.survey.host.clone()),
                Line::new().dim(stack.clone()),
                Line::new().strong(key.service.clone()),
                show::styled(show::state(replica)),
                show::age(replica, look.survey.at).into(),
                say!("{}", replica.restart_count).into(),
            ];
            table.row(cells.into_iter().skip(skipped));
        }
    }
    table
}
