//! The document of an incident for the retrospective: what happened, to whom, when, why, what
//! helped, what is left to do. As a message, so that every place can show it.

use jiff::Timestamp;

use super::alert::{Alert, AlertState};
use super::model::{Entry, Incident, Kind, Member, Phase};
use super::quiet::minute;
use super::{escalate, face};
use crate::report::Report;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Table};

/// So many lines of the timeline; what is in between is counted.
const LONGEST: usize = 200;

/// Everything a retro is made of.
pub struct Material<'m> {
    pub incident: &'m Incident,
    pub log: &'m [Entry],
    pub alerts: &'m [Alert],
    pub report: Option<&'m Report>,
}

pub fn retro(material: &Material<'_>) -> Message {
    let incident = material.incident;
    let heading = say!("Incident #{}: {}", incident.id, face::title(incident));
    let mut message = Message::new().heading(heading);
    message = summary(message, material);
    message = section(message, "Impact", impact(incident));
    message = message.line(Line::new().strong("Timeline"));
    message = message.table(timeline(material));
    message = section(message, "Cause", cause(material));
    message = section(message, "What helped", helped(material));
    section(message, "Follow-ups", follow_ups(material))
}

fn section(message: Message, title: &'static str, lines: Vec<Line>) -> Message {
    message.line(Line::new().strong(title)).list(lines)
}

fn summary(message: Message, material: &Material<'_>) -> Message {
    let incident = material.incident;
    let lasted = incident.ended().map_or_else(
        || say!("goes on"),
        |at| escalate::length(at.duration_since(incident.opened)),
    );
    let heard = first(material.log, Kind::Acknowledged).map_or_else(
        || say!("nobody acknowledged it"),
        |at| escalate::length(at.duration_since(incident.opened)),
    );
    let by = match &incident.phase {
        Phase::Acknowledged { by, .. } => Name::new(by),
        _ => Name::new(incident.assigned.as_deref().unwrap_or("nobody")),
    };
    message.fields(vec![
        (say!("Began"), minute(incident.opened).into()),
        (say!("Lasted"), lasted.into()),
        (
            say!("Severity"),
            Line::new().plain(incident.severity().word()),
        ),
        (say!("State"), Line::new().plain(incident.phase.word())),
        (say!("Until acknowledged"), heard.into()),
        (say!("Looked after by"), Clean::from(by).into()),
    ])
}

fn first(log: &[Entry], kind: Kind) -> Option<Timestamp> {
    log.iter()
        .find(|entry| entry.kind == kind)
        .map(|entry| entry.at)
}

fn impact(incident: &Incident) -> Vec<Line> {
    let mut members: Vec<&Member> = incident.members.iter().collect();
    members.sort_by_key(|member| (member.first, member.place()));
    let line = |member: &&Member| {
        let lasted = escalate::length(member.last.duration_since(member.first));
        match member.count {
            1 => member.sentence().into(),
            count => say!(
                "{} (told {} times within {})",
                member.sentence(),
                count,
                lasted
            )
            .into(),
        }
    };
    let mut lines: Vec<Line> = members.iter().map(line).collect();
    if !incident.crowd.is_empty() {
        lines.push(say!("and {} troubles more", incident.crowd.len()).into());
    }
    lines
}

/// Alerts and what was done, in the order it happened.
pub fn timeline(material: &Material<'_>) -> Table {
    let mut rows: Vec<(Timestamp, Clean, Clean)> = Vec::new();
    for alert in material.alerts {
        let place = Member::of(alert).place();
        let text = match alert.state {
            AlertState::Firing => say!(
                "{} ({})",
                Member::of(alert).sentence(),
                Name::new(&alert.what)
            ),
            AlertState::Resolved => say!("{} {} is over", place, Name::new(&alert.what)),
        };
        rows.push((alert.at, alert.source.word().into(), text));
    }
    for entry in material.log {
        let text = say!("{}: {}", entry.kind.word(), entry.text);
        rows.push((entry.at, Name::new(&entry.who).into(), text));
    }
    rows.sort_by_key(|(at, ..)| *at);
    let mut table = Table::new(&["when (UTC)", "who", "what"]);
    let left_out = rows.len().saturating_sub(LONGEST);
    for (number, (at, who, text)) in rows.into_iter().enumerate() {
        if left_out > 0 && number == LONGEST / 2 {
            let text = say!("… {} more …", left_out);
            table.row([Line::new(), Line::new(), text.into()]);
        }
        if left_out > 0 && (LONGEST / 2..LONGEST / 2 + left_out).contains(&number) {
            continue;
        }
        let [day, time] = ["%Y-%m-%d", "%H:%M:%S"].map(|part| at.strftime(part).to_string());
        let when = say!("{} {}", Name::new(&day), Name::new(&time));
        table.row([when.into(), who.into(), text.into()]);
    }
    table
}

fn cause(material: &Material<'_>) -> Vec<Line> {
    let Some(finding) = &material.incident.finding else {
        return vec![Line::new().plain("not diagnosed")];
    };
    let head = Line::new().code(Name::new(&finding.cause)).plain(say!(
        " {}: {} ({})",
        finding.service,
        finding.summary,
        finding.confidence
    ));
    let proof = finding
        .proof
        .iter()
        .map(|line| Line::new().code(line.clone()));
    let report = Line::new()
        .plain("report ")
        .code(Name::new(&finding.report));
    [head].into_iter().chain(proof).chain([report]).collect()
}

fn helped(material: &Material<'_>) -> Vec<Line> {
    let is_work = |entry: &&Entry| matches!(entry.kind, Kind::Healed | Kind::Resolved | Kind::Note);
    let mut lines: Vec<Line> = material
        .log
        .iter()
        .filter(is_work)
        .map(|entry| {
            Line::new()
                .plain(entry.text.clone())
                .dim(say!(" ({})", Name::new(&entry.who)))
        })
        .collect();
    if lines.is_empty() {
        lines.push(Line::new().plain("nothing was written down"));
    }
    lines
}

fn follow_ups(material: &Material<'_>) -> Vec<Line> {
    let incident = material.incident;
    let prevention = material
        .report
        .iter()
        .flat_map(|report| report.prevention.iter().cloned());
    let mut lines: Vec<Line> = prevention.map(|text| say!("[ ] {}", text).into()).collect();
    if first(material.log, Kind::Acknowledged).is_none()
        && first(material.log, Kind::Escalated).is_some()
    {
        lines.push(
            say!("[ ] it was escalated and nobody acknowledged: who should have heard it?").into(),
        );
    }
    if let Some(past) = &incident.past {
        lines.push(say!("[ ] it comes again: {}", past).into());
    }
    if incident
        .finding
        .as_ref()
        .is_none_or(|finding| !finding.is_decided())
    {
        lines.push(
            say!("[ ] the cause was not found: which line in a log would have told it?").into(),
        );
    }
    if lines.is_empty() {
        lines.push(say!("[ ] none were found; what did you learn?").into());
    }
    lines
}
