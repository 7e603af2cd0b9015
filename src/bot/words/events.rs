//! `events`: what the engine recorded by itself, oldest first.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use super::look::Look;
use super::show;
use crate::action::events::{Event, EventQuery};
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Message, Name, Redactor, Style, Table};

/// Of a very busy time, only the newest are shown.
const MOST: usize = 200;

pub(super) async fn events(
    context: &Context<'_>,
    targets: &[Target],
    since: Duration,
) -> Result<Outcome, Trouble> {
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    let ids: BTreeSet<&str> = chosen
        .iter()
        .flat_map(Chosen::replicas)
        .map(|replica| replica.id.as_str())
        .collect();
    let span = SignedDuration::try_from(since).unwrap_or(SignedDuration::from_hours(1));
    let query = EventQuery {
        since: look.survey.at.checked_sub(span).ok(),
        until: Some(context.bot.clock.now()),
        container: None,
    };
    let recorded = look.host.engine.events(&query).await?;
    let wanted = |event: &&Event| {
        (targets.is_empty() || ids.contains(event.actor.as_str())) && !is_chatter(event)
    };
    let mut shown: Vec<&Event> = recorded.iter().filter(wanted).collect();
    let surplus = shown.len().saturating_sub(MOST);
    shown.drain(..surplus);
    context
        .voice
        .say(message(&shown, surplus, &look.survey.redactor, span))
        .await;
    Ok(Outcome::Done)
}

/// Health checks start a program inside every few seconds; that drowns everything else.
fn is_chatter(event: &Event) -> bool {
    event.action.starts_with("exec_") || event.action == "top"
}

fn message(
    events: &[&Event],
    surplus: usize,
    redactor: &Redactor,
    span: SignedDuration,
) -> Message {
    if events.is_empty() {
        return Message::new().line(say!(
            "the engine recorded nothing in the last {}",
            show::span(span)
        ));
    }
    let mut table = Table::new(&["at", "kind", "name", "what"]);
    for event in events {
        let name = event
            .attributes
            .get("name")
            .map_or(event.actor.as_str(), String::as_str);
        let (text, style) = what(event, redactor);
        let cells = [
            Line::new().dim(show::clock(event.at)),
            Clean::from(Name::new(&event.kind)).into(),
            Line::new().strong(Name::new(name)),
        ];
        table.row(cells.into_iter().chain([Line::new().styled(style, text)]));
    }
    let message = Message::new();
    let message = if surplus > 0 {
        message.line(say!("{} older events are not shown", surplus))
    } else {
        message
    };
    message.table(table)
}

fn what(event: &Event, redactor: &Redactor) -> (Clean, Style) {
    let action = redactor.clean(&event.action);
    let detail = |name: &str| {
        event
            .attributes
            .get(name)
            .map(|value| redactor.clean(value))
    };
    let text = match (detail("exitCode"), detail("signal")) {
        (Some(code), _) => say!("{}, exit {}", action, code),
        (None, Some(signal)) => say!("{}, signal {}", action, signal),
        (None, None) => action,
    };
    let style = match event.action.as_str() {
        "oom" | "die" | "kill" | "health_status: unhealthy" => Style::Bad,
        "start" | "health_status: healthy" => Style::Good,
        _ => Style::Plain,
    };
    (text, style)
}
