//! How an incident looks in a chat: its state and cause on the first line, then what proves it, who
//! is in it, what can be done. Written without markup; the same incident gives the same message.

use super::model::{Incident, Member, Phase};
use super::quiet::minute;
use super::route::is_of;
use crate::say;
use crate::text::{Action, Ask, Clean, Line, Message, Name, Redactor, Style};

/// So many troubles are named; the rest is counted.
const NAMED: usize = 6;
const PROOF: usize = 5;
const STEPS: usize = 3;
const DETAILS: usize = 4;
const LOG_LINES: usize = 8;

/// One line that says what is wrong: the environment first, then the cause where it is known.
pub fn title(incident: &Incident) -> Clean {
    let lead = incident.lead();
    let others = incident.troubles().saturating_sub(1);
    let more = match others {
        0 => Clean::default(),
        1 => say!(" and 1 more"),
        others => say!(" and {} more", others),
    };
    let what = match (&incident.finding, lead) {
        (Some(finding), _) if finding.is_decided() => {
            say!(
                "{} {}: {}",
                finding.service,
                Name::new(&finding.cause),
                finding.summary
            )
        }
        (_, Some(lead)) => say!("{}{}", lead.sentence(), more),
        (_, None) => say!("nothing is known of it"),
    };
    if incident.environment.is_empty() {
        what
    } else {
        say!("{}: {}", incident.environment, what)
    }
}

fn sign(incident: &Incident) -> &'static str {
    match &incident.phase {
        Phase::Open if incident.is_quiet() => "🔕",
        Phase::Open => "🔴",
        Phase::Acknowledged { .. } => "🟡",
        Phase::Resolved { .. } => "🟢",
        Phase::Merged { .. } => "⚪",
    }
}

/// The first line of its message: how it stands, its number, and what is wrong.
pub fn heading(incident: &Incident) -> Clean {
    say!("{} #{} {}", sign(incident), incident.id, title(incident))
}

/// The living message. `called` are those whom the route calls by name in this chat.
pub fn message(incident: &Incident, called: &[Name]) -> Message {
    let mut message = Message::new()
        .heading(heading(incident))
        .line(state(incident));
    if !called.is_empty() && !incident.is_over() {
        message = message.line(people(called));
    }
    message = proof(message, incident);
    message = troubles(message, incident);
    if let Some(finding) = &incident.finding
        && !incident.is_over()
    {
        let steps = finding.steps.iter().take(STEPS).cloned().map(Line::from);
        let steps: Vec<Line> = steps.collect();
        if !steps.is_empty() {
            message = message.line(Line::new().strong("What to do")).list(steps);
        }
    }
    if let Some(past) = &incident.past {
        message = message.line(Line::new().dim(past.clone()));
    }
    if let Some(why) = &incident.gave_up
        && !incident.is_over()
    {
        message = message.line(Line::new().styled(Style::Bad, why.clone()));
    }
    actions(message, incident)
}

fn people(called: &[Name]) -> Line {
    called.iter().fold(Line::new(), |line, who| {
        line.styled(Style::Call, who.clone()).plain(" ")
    })
}

fn state(incident: &Incident) -> Line {
    let severity = incident.severity().word();
    let since = minute(incident.opened);
    let line = Line::new();
    let line = match &incident.phase {
        Phase::Open => match incident.why_quiet() {
            Some(why) => line.dim(say!("{} · since {} · {}", severity, since, why.clone())),
            None => line.plain(say!(
                "{} · since {} · nobody looks after it yet",
                severity,
                since
            )),
        },
        Phase::Acknowledged { by, .. } => line
            .plain(say!("{} · since {} · ", severity, since))
            .styled(Style::Person, Name::new(by))
            .plain(" looks after it"),
        Phase::Resolved { at } => line.plain(say!(
            "resolved {} · lasted {}",
            minute(*at),
            super::escalate::length(at.duration_since(incident.opened))
        )),
        Phase::Merged { into, .. } => line.plain(say!("goes on in #{}", into)),
    };
    match &incident.assigned {
        Some(who) if !matches!(&incident.phase, Phase::Acknowledged { by, .. } if by == who) => {
            line.plain(" · assigned to ")
                .styled(Style::Person, Name::new(who))
        }
        _ => line,
    }
}

fn proof(message: Message, incident: &Incident) -> Message {
    if incident.is_over() {
        return message;
    }
    let lines: Vec<Clean> = match &incident.finding {
        Some(finding) => finding.proof.iter().take(PROOF).cloned().collect(),
        None => incident.lead().map(details).unwrap_or_default(),
    };
    if lines.is_empty() {
        return message;
    }
    message.code(lines)
}

/// What came with an alert: the end of a log first, since it says most.
fn details(member: &Member) -> Vec<Clean> {
    let (logs, short): (Vec<_>, Vec<_>) = member
        .details
        .iter()
        .partition(|(label, value)| label.as_str().contains("log") || value.lines().count() > 1);
    let tail = |(_, value): &(Clean, Clean)| -> Vec<Clean> {
        let lines: Vec<Clean> = value.lines().collect();
        let left_out = lines.len().saturating_sub(LOG_LINES);
        lines.into_iter().skip(left_out).collect()
    };
    let mut lines: Vec<Clean> = logs.into_iter().flat_map(tail).collect();
    let short = short.into_iter().take(DETAILS);
    lines.extend(short.map(|(label, value)| say!("{}: {}", label, value)));
    lines
}

/// Each trouble on a line; what only follows from another is named together.
fn troubles(message: Message, incident: &Incident) -> Message {
    let (follows, own): (Vec<&Member>, Vec<&Member>) = incident
        .members
        .iter()
        .partition(|member| member.follows.is_some());
    let mut message = message;
    if own.len() > 1 || incident.finding.is_some() {
        let mut own = own;
        own.sort_by_key(|member| {
            (
                !member.firing,
                std::cmp::Reverse(member.severity),
                member.first,
            )
        });
        let mut lines: Vec<Line> = own
            .iter()
            .take(NAMED)
            .map(|member| trouble(member))
            .collect();
        if own.len() > NAMED {
            lines.push(Line::new().dim(say!("and {} more", own.len() - NAMED)));
        }
        message = message.list(lines);
    }
    if let Some(first) = follows.first() {
        let mut names: Vec<Clean> = follows.iter().map(|one| one.place().into()).collect();
        names.sort();
        names.dedup();
        let count = names.len();
        names.truncate(NAMED);
        let more = count.saturating_sub(NAMED);
        let rest = if more > 0 {
            say!(" and {} more", more)
        } else {
            Clean::default()
        };
        let why = first.follows.clone().unwrap_or_default();
        let text = say!(
            "not told one by one, because {}: {}{}",
            why,
            Clean::join(&names, ", "),
            rest
        );
        message = message.line(Line::new().dim(text));
    }
    if !incident.crowd.is_empty() {
        let text = say!(
            "{} more troubles are counted, not named; {} of them go on",
            incident.crowd.len(),
            incident.crowd.firing()
        );
        message = message.line(Line::new().dim(text));
    }
    message
}

fn trouble(member: &Member) -> Line {
    let mark = if member.firing { "✗ " } else { "✓ " };
    let count = if member.count > 1 {
        say!(" ({}×)", member.count)
    } else {
        Clean::default()
    };
    let line = Line::new()
        .plain(mark)
        .plain(say!("{}{}", member.sentence(), count));
    match &member.quiet {
        Some(why) if member.firing => line.dim(say!(" · {}", why)),
        _ => line,
    }
}

fn actions(message: Message, incident: &Incident) -> Message {
    let id = incident.id;
    let report = incident
        .finding
        .as_ref()
        .map(|finding| Action::new("Report", say!("report {}", Name::new(&finding.report))));
    let mut message = message;
    if !incident.is_over() {
        if incident.phase == Phase::Open {
            let ack = Action::new("Acknowledge", say!("ack {}", id)).style(Style::Good);
            message = message.action(ack);
        }
        if let Some(service) = restartable(incident) {
            let line = say!("run restart service={}", service);
            message = message.action(Action::new(say!("Restart {}", service), line));
        }
    }
    if let Some(report) = report {
        message = message.action(report);
    }
    if !incident.is_over() {
        let silence = say!("silence #{} --for 1h --reason", id);
        message = message.action(Action::new("Silence for 1 h", silence).ask(Ask::Reason));
    }
    message
}

/// The service whose restart may help, as a target; what a person changed by hand is left alone.
fn restartable(incident: &Incident) -> Option<Name> {
    let place = match &incident.finding {
        Some(finding) if !finding.service.is_empty() => finding.service.clone(),
        _ => incident
            .lead()
            .filter(|lead| !lead.print.service.is_empty())?
            .place(),
    };
    if incident.host.is_empty() {
        return Some(place);
    }
    Some(Name::new(&format!("{}:{place}", incident.host)))
}

/// One entry of the log, for the thread. People of this chat that it names are called.
pub fn line(entry: &super::Entry, chat: &str) -> Message {
    let sign = match entry.kind {
        super::Kind::Joined | super::Kind::Reopened | super::Kind::GaveUp => "🔴 ",
        super::Kind::Escalated | super::Kind::Reminded => "🔔 ",
        super::Kind::Resolved | super::Kind::Healed => "🟢 ",
        _ => "",
    };
    // what somebody notes names people; only what is due calls them
    let style = match entry.kind {
        super::Kind::Escalated | super::Kind::Reminded | super::Kind::Assigned => Style::Call,
        _ => Style::Person,
    };
    let mut message = Message::new();
    for (number, text) in entry.text.lines().enumerate() {
        let line = Line::new().plain(if number == 0 { sign } else { "" });
        message = message.line(named(line, &text, chat, style));
    }
    if entry.who != super::model::ITSELF {
        let by = Line::new()
            .dim("by ")
            .styled(Style::Person, Name::new(&entry.who));
        message = message.line(by);
    }
    message
}

/// `@slack:U1` is somebody to be called.
fn named(line: Line, text: &Clean, chat: &str, style: Style) -> Line {
    let words: Vec<&str> = text.as_str().split(' ').collect();
    let clean = |text: &str| Redactor::shapes_only().clean(text);
    let mut line = line;
    let mut plain: Vec<&str> = Vec::new();
    for word in words {
        let who = word.strip_prefix('@').map(Name::new);
        match who.filter(|who| is_of(who, chat)) {
            Some(who) => {
                let before = clean(&plain.join(" "));
                plain.clear();
                line = line.plain(before).plain(" ").styled(style, who);
            }
            None => plain.push(word),
        }
    }
    line.plain(clean(&plain.join(" ")))
}
