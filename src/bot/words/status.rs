//! `status`: what runs, how healthy it is, how often it restarted. The first line says if all is well.

use std::collections::BTreeSet;

use super::everywhere::looks;
use super::look::Look;
use super::overview::Overview;
use super::show;
use crate::action::container::Container;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Style, Table};

pub(super) async fn status(context: &Context<'_>, targets: &[Target]) -> Result<Outcome, Trouble> {
    let names = context.bot.fleet.names();
    if targets.is_empty() && names.len() > 1 {
        return every_host(context, &names).await;
    }
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    context.voice.say(message(context, &look, &chosen)).await;
    Ok(Outcome::Done)
}

/// All hosts at once; what could not be seen is said, and what was seen is shown all the same.
async fn every_host(context: &Context<'_>, names: &[String]) -> Result<Outcome, Trouble> {
    let looks = looks(context, names).await;
    let mut overview = Overview::default();
    let mut outcome = Outcome::Done;
    let mut messages = Vec::new();
    for (name, look) in names.iter().zip(looks) {
        let seen = look.and_then(|look| {
            let chosen = look.services(context, &[])?;
            overview.seen(&look.survey.host, &chosen);
            Ok(message(context, &look, &chosen))
        });
        messages.push(seen.unwrap_or_else(|trouble| {
            outcome = outcome.max(trouble.outcome);
            overview.unseen(&Name::new(name), &trouble);
            let line = Line::new()
                .styled(Style::Bad, say!("{}: ", Name::new(name)))
                .plain(trouble.text);
            Message::new().line(line)
        }));
    }
    let heading = Message::new().heading(overview.line(names.len()));
    context.voice.say(heading).await;
    for message in messages {
        context.voice.say(message).await;
    }
    Ok(outcome)
}

fn message(context: &Context<'_>, look: &Look, chosen: &[Chosen<'_>]) -> Message {
    let host = &look.survey.host;
    if chosen.is_empty() {
        return Message::new().line(say!("nothing runs on {}: there are no containers", host));
    }
    let stacks: BTreeSet<Option<&Name>> = chosen
        .iter()
        .map(|chosen| chosen.service.key.stack.as_ref())
        .collect();
    let mut table = match stacks.len() {
        1 => Table::new(&["service", "state", ">since", ">restarts", "ports", "image"]),
        _ => Table::new(&[
            "stack",
            "service",
            "state",
            ">since",
            ">restarts",
            "ports",
            "image",
        ]),
    };
    for chosen in chosen {
        for (index, replica) in chosen.replicas().iter().enumerate() {
            let mut cells = Vec::new();
            if stacks.len() > 1 {
                let stack = chosen
                    .service
                    .key
                    .stack
                    .as_ref()
                    .map(Clean::from)
                    .unwrap_or_default();
                cells.push(Line::new().dim(stack));
            }
            cells.extend(row(look, chosen, index, replica));
            table.row(cells);
        }
    }
    Message::new()
        .heading(headline(&place(context, host, &stacks), chosen))
        .table(table)
}

fn row(look: &Look, chosen: &Chosen<'_>, index: usize, replica: &Container) -> Vec<Line> {
    let name = chosen.service.name();
    let name = if chosen.service.replicas.len() > 1 {
        say!("{} {}", name, index + 1)
    } else {
        name.into()
    };
    let restarts = match replica.restart_count {
        0 => Line::new().dim(say!("0")),
        count => Line::new().styled(Style::Warn, say!("{}", count)),
    };
    vec![
        Line::new().strong(name),
        show::styled(show::state(replica)),
        show::age(replica, look.survey.at).into(),
        restarts,
        ports(replica).into(),
        Line::new().dim(Name::new(&replica.image)),
    ]
}

/// `8080→80`, `127.0.0.1:5432→5432`, each once.
fn ports(replica: &Container) -> Clean {
    let published = replica.ports.iter().filter_map(|port| {
        let published = port.published.as_ref()?;
        let everywhere = matches!(published.address.as_str(), "" | "0.0.0.0" | "::");
        let address = if everywhere {
            say!("{}", published.port)
        } else {
            say!("{}:{}", Name::new(&published.address), published.port)
        };
        let protocol = if port.protocol == "udp" { "/udp" } else { "" };
        Some(say!("{}→{}{}", address, port.inside, protocol))
    });
    let unique: BTreeSet<Clean> = published.collect();
    Clean::join(&unique, ", ")
}

/// `shop (prod) on local`; where there are several stacks, the host alone.
fn place(context: &Context<'_>, host: &Name, stacks: &BTreeSet<Option<&Name>>) -> Clean {
    let policy = &context.bot.policy;
    match stacks.first() {
        Some(Some(stack)) if stacks.len() == 1 => match policy.environment_on(host, Some(stack)) {
            Some(environment) => say!("{} ({}) on {}", stack, Name::new(environment), host),
            None => say!("{} on {}", stack, host),
        },
        _ => say!("{}", host),
    }
}

/// `shop on local: 2 of 9 need attention: api, db`
fn headline(place: &Clean, chosen: &[Chosen<'_>]) -> Line {
    let ill: Vec<Clean> = chosen
        .iter()
        .filter(|chosen| !is_well(chosen))
        .map(|chosen| chosen.service.name().into())
        .collect();
    if ill.is_empty() {
        let text = say!("{}: all {} services are well", place, chosen.len());
        return Line::new().styled(Style::Good, text);
    }
    let verb = if ill.len() == 1 { "needs" } else { "need" };
    let text = say!(
        "{}: {} of {} services {} attention: {}",
        place,
        ill.len(),
        chosen.len(),
        verb,
        Clean::join(&ill, ", ")
    );
    Line::new().styled(Style::Bad, text)
}

/// Neither failing nor in between; a job that ended well is well.
pub(super) fn is_well(chosen: &Chosen<'_>) -> bool {
    chosen
        .replicas()
        .iter()
        .all(|replica| matches!(show::state(replica).1, Style::Good | Style::Dim))
}
