//! The summary of a day or a week: how many incidents, how long until somebody heard and until they
//! were over, what caused them, what flaps, which silences end soon.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::escalate::length;
use super::model::{Entry, Incident, Kind, Phase};
use super::quiet::minute;
use super::rota::Turn;
use super::settings::{Address, DigestSettings};
use super::silence::Silence;
use crate::say;
use crate::text::{Clean, Line, Message, Name};

/// Digests that were due, in the ledger.
pub const SCOPE: &str = "digests";

/// A digest that is to be posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub from: Timestamp,
    pub until: Timestamp,
    pub to: Vec<Address>,
}

const TOP: usize = 5;
const SOON: SignedDuration = SignedDuration::from_hours(48);

/// An incident with when somebody first heard it.
pub struct Told {
    pub incident: Incident,
    pub heard: Option<Timestamp>,
}

impl Told {
    pub fn new(incident: Incident, log: &[Entry]) -> Self {
        let heard = log.iter().find(|entry| entry.kind == Kind::Acknowledged);
        Self {
            heard: heard.map(|entry| entry.at),
            incident,
        }
    }
}

impl DigestSettings {
    /// When the latest one was due, and when the one before it was.
    pub fn latest(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let local = self.zone.local(now);
        let mut day = local.date();
        if local.time() < self.at.0 {
            day = day.checked_sub(1.day()).ok()?;
        }
        let days = match self.every {
            Turn::Day => 1,
            // on Mondays
            Turn::Week => {
                let since = day.weekday().to_monday_zero_offset();
                day = day.checked_sub(i64::from(since).days()).ok()?;
                7
            }
        };
        let due = self.zone.moment(DateTime::from_parts(day, self.at.0))?;
        let before = day.checked_sub(days.days()).ok()?;
        let before = self.zone.moment(DateTime::from_parts(before, self.at.0))?;
        Some((before, due))
    }
}

pub fn digest(
    told: &[Told],
    silences: &[Silence],
    flapping: &[Name],
    (from, until): (Timestamp, Timestamp),
) -> Message {
    let open = told.iter().filter(|one| !one.incident.is_over()).count();
    let heading = say!(
        "{} from {} to {}",
        counted(told.len(), "incident"),
        minute(from),
        minute(until)
    );
    let heard = told
        .iter()
        .filter_map(|one| Some(one.heard?.duration_since(one.incident.opened)));
    let over = told.iter().filter_map(|one| match one.incident.phase {
        Phase::Resolved { at } => Some(at.duration_since(one.incident.opened)),
        _ => None,
    });
    let mut message = Message::new().heading(heading).fields(vec![
        (say!("Still open"), say!("{}", open).into()),
        (say!("Until acknowledged (mean)"), mean(heard).into()),
        (say!("Until resolved (mean)"), mean(over).into()),
    ]);
    message = listed(message, "Causes", causes(told));
    message = listed(
        message,
        "Flapping",
        flapping.iter().map(Clean::from).collect(),
    );
    let soon = |silence: &&Silence| silence.until.duration_since(until) <= SOON;
    let ending = silences.iter().filter(soon).map(|silence| {
        say!(
            "{} until {}: {}",
            Name::new(&silence.id),
            minute(silence.until),
            silence.reason
        )
    });
    listed(message, "Silences that end soon", ending.collect())
}

fn listed(message: Message, title: &'static str, lines: Vec<Clean>) -> Message {
    if lines.is_empty() {
        return message;
    }
    let lines = lines.into_iter().take(TOP).map(Line::from).collect();
    message.line(Line::new().strong(title)).list(lines)
}

fn causes(told: &[Told]) -> Vec<Clean> {
    let mut counts: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    for finding in told.iter().filter_map(|one| one.incident.finding.as_ref()) {
        let key = (Name::new(&finding.cause), finding.service.clone());
        *counts.entry(key).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    let line = |((cause, service), count): ((Name, Name), usize)| {
        say!("{}× {} of {}", count, cause, service)
    };
    counts.into_iter().map(line).collect()
}

fn mean(lengths: impl Iterator<Item = SignedDuration>) -> Clean {
    let (mut sum, mut count) = (0_i64, 0_i64);
    for length in lengths {
        sum += length.as_secs();
        count += 1;
    }
    match sum.checked_div(count) {
        Some(seconds) => length(SignedDuration::from_secs(seconds)),
        None => say!("–"),
    }
}

fn counted(count: usize, what: &'static str) -> Clean {
    match count {
        1 => say!("1 {}", what),
        _ => say!("{} {}s", count, what),
    }
}
