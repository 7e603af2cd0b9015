//! `incidents` without a number: what goes on, or what holds a text. One incident by itself and what
//! people do with it are for `incidents`.

use super::incidents::{answer, clean, files};
use super::show;
use crate::bot::{Context, Outcome, Trouble};
use crate::incident::{Incident, Phase, face, files as filing};
use crate::say;
use crate::store::IncidentFilter;
use crate::text::{Clean, Line, Message, Name, Style, Table};

const LISTED: u32 = 30;
/// So many that nobody looks after are named.
const ALONE: usize = 5;

pub(super) async fn list(context: &Context<'_>, text: &str, all: bool) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let filter = IncidentFilter {
        open_only: !all && text.is_empty(),
        text: text.to_owned(),
        limit: Some(LISTED),
        ..IncidentFilter::default()
    };
    let found = files(context).await?.store.incidents(&filter).await?;
    let filed: Vec<Incident> = found
        .iter()
        .filter_map(|record| Some(filing::read(record).ok()?.incident))
        .collect();
    if filed.is_empty() {
        let text = if filter.open_only {
            say!("nothing is wrong that anybody told of; `incidents --all` shows what was")
        } else {
            say!("no incident holds `{}`", clean(text))
        };
        return answer(context, text).await;
    }
    let now = context.bot.clock.now();
    let mut table = Table::new(&["incident", ">since", "state", "looked after by", "what"]);
    for incident in &filed {
        let (state, style) = state(incident);
        table.row([
            Line::new().strong(say!("#{}", incident.id)),
            show::since(now, Some(incident.opened)).into(),
            Line::new().styled(style, state),
            match &incident.assigned {
                Some(who) => Line::new().styled(Style::Person, Name::new(who)),
                None => Line::new().dim("nobody"),
            },
            face::title(incident).into(),
        ]);
    }
    let message = Message::new().line(Line::new().strong(counted(&filed, text)));
    context.voice.say(message.table(table)).await;
    Ok(Outcome::Done)
}

/// `2 incidents go on; nobody looks after #7`
fn counted(filed: &[Incident], text: &str) -> Clean {
    let open = filed.iter().filter(|incident| !incident.is_over()).count();
    let count = say!("{}", filed.len());
    let found = match (text.is_empty(), filed.len()) {
        (true, _) => Clean::default(),
        (false, 1) => say!("1 incident holds `{}`; ", clean(text)),
        (false, _) => say!("{} incidents hold `{}`; ", count, clean(text)),
    };
    let going = match open {
        0 => say!("nothing goes on"),
        1 => say!("1 incident goes on"),
        _ => say!("{} incidents go on", open),
    };
    let alone = filed
        .iter()
        .filter(|one| one.phase == Phase::Open && !one.is_quiet());
    let alone: Vec<Clean> = alone.map(|one| say!("#{}", one.id)).collect();
    let alone = match alone.len() {
        0 => Clean::default(),
        1..=ALONE => say!("; nobody looks after {}", Clean::join(&alone, ", ")),
        many => say!("; nobody looks after {} of them", many),
    };
    say!("{}{}{}", found, going, alone)
}

fn state(incident: &Incident) -> (Clean, Style) {
    let word = incident.phase.word();
    match word {
        "open" if incident.is_quiet() => (say!("open, quiet"), Style::Dim),
        "open" => (say!("open"), Style::Bad),
        "acknowledged" => (say!("{}", word), Style::Warn),
        "resolved" => (say!("{}", word), Style::Good),
        _ => (say!("{}", word), Style::Dim),
    }
}
