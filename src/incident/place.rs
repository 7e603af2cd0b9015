//! Which incident an alert belongs to. Pure: the incidents that live go in, and come out changed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::alert::{Alert, AlertState, Fingerprint};
use super::index::Index;
use super::model::{ITSELF, Incident, Kind, Member, Phase};
use super::settings::IncidentSettings;
use crate::say;

/// Incidents of one host that open within this time may be one: the host's.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);
/// An incident names so many; what comes after is in its timeline only.
const MOST_MEMBERS: usize = 500;
/// So many that join at the same moment are told by name.
const MOST_NAMED: usize = 10;
/// So many turns of a trouble are remembered.
const TURNS: usize = 32;

/// The incidents that live, while alerts find their place among them.
pub struct Casebook<'s> {
    settings: &'s IncidentSettings,
    incidents: Vec<Incident>,
    index: Index,
    /// The number the next incident gets.
    next: i64,
}

impl<'s> Casebook<'s> {
    pub fn new(settings: &'s IncidentSettings, incidents: Vec<Incident>, next: i64) -> Self {
        Self {
            settings,
            index: Index::of(&incidents),
            incidents,
            next,
        }
    }

    /// How many incidents there are by now.
    pub fn count(&self) -> usize {
        self.incidents.len()
    }

    /// Those that went in, in their order, and then those that were opened.
    pub fn into_incidents(self) -> Vec<Incident> {
        self.incidents
    }

    /// The number of the incident that the alert is in now; `None` for the end of something that
    /// nobody told of.
    pub fn place(&mut self, alert: &Alert, now: Timestamp) -> Option<i64> {
        let print = alert.fingerprint();
        if let Some(place) = self.known(&print) {
            self.again(place, alert, now);
            return self.incidents.get(place).map(|incident| incident.id);
        }
        if alert.state == AlertState::Resolved {
            return None;
        }
        let Some(place) = self.group(alert, now) else {
            return Some(self.open(alert, now));
        };
        let incident = self.incidents.get_mut(place)?;
        if join(incident, alert, now) {
            self.index.note(place, &print);
        }
        Some(incident.id)
    }

    /// The incident that has this trouble: one that goes on, else the latest that ended lately.
    fn known(&self, print: &Fingerprint) -> Option<usize> {
        let found = |over: bool| {
            self.index.with(print).find(|place| {
                let incident = self.incidents.get(*place);
                incident.is_some_and(|one| {
                    one.is_over() == over && !matches!(one.phase, Phase::Merged { .. })
                })
            })
        };
        found(false).or_else(|| found(true))
    }

    /// More of a trouble that is known.
    fn again(&mut self, place: usize, alert: &Alert, now: Timestamp) {
        let Some(incident) = self.incidents.get_mut(place) else {
            return;
        };
        let firing = alert.state == AlertState::Firing;
        let print = alert.fingerprint();
        let Some(member) = incident.members.iter_mut().find(|one| one.print == print) else {
            return;
        };
        let turned = member.take(alert, now);
        if firing {
            incident.stirred = now;
        }
        if turned && firing {
            incident.well_since = None;
            if incident.is_over() {
                reopen(incident, alert, now);
            } else {
                incident.unclear = true;
            }
        } else if turned {
            let text = Member::of(alert).sentence();
            incident.note(now, ITSELF, Kind::Ended, text);
        }
    }

    /// The incident that a new trouble joins.
    fn group(&mut self, alert: &Alert, now: Timestamp) -> Option<usize> {
        let on_host = |incident: &Incident| !incident.is_over() && incident.host == alert.host;
        let stormy = |incident: &Incident| {
            !alert.host.is_empty() && on_host(incident) && incident.firing().any(Member::is_host)
        };
        if let Some(place) = self.incidents.iter().position(stormy) {
            return Some(place);
        }
        let host_itself = alert.service.is_empty() && alert.stack.is_empty();
        if host_itself && !alert.host.is_empty() {
            return self.gather(alert, now, 1);
        }
        let interval = SignedDuration::try_from(self.settings.interval()).unwrap_or_default();
        let fits = |(place, incident): (usize, &Incident)| {
            on_host(incident)
                && now.duration_since(incident.grew) <= interval
                && if alert.stack.is_empty() {
                    incident.stack.is_empty() && self.same_thing(place, alert)
                } else {
                    incident.stack == alert.stack || is_wide(incident)
                }
        };
        if let Some(place) = self.incidents.iter().enumerate().position(fits) {
            return Some(place);
        }
        let storm = self.settings.storm();
        self.gather(alert, now, storm - 1)
    }

    /// Makes one incident of those of this host that opened just now, where there are so many.
    fn gather(&mut self, alert: &Alert, now: Timestamp, at_least: usize) -> Option<usize> {
        let young = |incident: &Incident| {
            !alert.host.is_empty()
                && !incident.is_over()
                && incident.host == alert.host
                && now.duration_since(incident.opened) <= TOGETHER
        };
        let all = self.incidents.iter().enumerate();
        let places: Vec<usize> = all
            .filter(|(_, incident)| young(incident))
            .map(|(place, _)| place)
            .collect();
        let (first, rest) = places.split_first()?;
        if places.len() < at_least {
            return None;
        }
        let mut host_wide = self.incidents.get(*first)?.clone();
        for place in rest {
            if let Some(from) = self.incidents.get_mut(*place) {
                merge(from, &mut host_wide, ITSELF, now);
            }
        }
        host_wide.stack.clear();
        self.index.note_all(*first, &host_wide);
        *self.incidents.get_mut(*first)? = host_wide;
        Some(*first)
    }

    fn open(&mut self, alert: &Alert, now: Timestamp) -> i64 {
        let number = self.next;
        self.next += 1;
        self.index.note(self.incidents.len(), &alert.fingerprint());
        self.incidents.push(Incident::open(number, alert, now));
        number
    }

    /// Alerts of no stack belong together only where they are about the same service.
    fn same_thing(&self, place: usize, alert: &Alert) -> bool {
        !alert.service.is_empty() && self.index.serves(place, &alert.service)
    }
}

/// Everything of one incident goes on in another; what it was about stays readable.
pub fn merge(from: &mut Incident, into: &mut Incident, who: &str, now: Timestamp) {
    for member in &from.members {
        if into.member(&member.print).is_none() {
            into.members.push(member.clone());
        }
    }
    into.grew = now;
    into.well_since = None;
    into.note(now, who, Kind::Merged, say!("#{} goes on in here", from.id));
    from.phase = Phase::Merged {
        into: into.id,
        at: now,
    };
    from.note(now, who, Kind::Merged, say!("goes on in #{}", into.id));
}

/// It is about several stacks.
fn is_wide(incident: &Incident) -> bool {
    let of_a_stack = |member: &Member| !member.print.stack.is_empty();
    incident.stack.is_empty() && incident.members.iter().any(of_a_stack)
}

/// Whether it is one of the members now.
fn join(incident: &mut Incident, alert: &Alert, now: Timestamp) -> bool {
    incident.grew = now;
    incident.stirred = now;
    incident.well_since = None;
    let is_named = incident.members.len() < MOST_MEMBERS;
    if is_named {
        incident.members.push(Member::of(alert));
    }
    // one entry for all that join at the same moment
    let last = incident.fresh.last_mut();
    match last.filter(|entry| entry.kind == Kind::Joined && entry.at == now) {
        Some(entry) => match entry.text.lines().count() {
            ..MOST_NAMED => {
                entry.text = say!("{}\n{}", entry.text, Member::of(alert).sentence());
            }
            MOST_NAMED => entry.text = say!("{}\nand more", entry.text),
            _ => {}
        },
        None => {
            let text = Member::of(alert).sentence();
            incident.note(now, ITSELF, Kind::Joined, text);
        }
    }
    is_named
}

fn reopen(incident: &mut Incident, alert: &Alert, now: Timestamp) {
    incident.phase = Phase::Open;
    incident.unclear = true;
    incident.escalated = 0;
    incident.unheard_since = now;
    incident.reminded = now;
    incident.grew = now;
    incident.gave_up = None;
    let text = say!("it is back: {}", Member::of(alert).sentence());
    incident.note(now, ITSELF, Kind::Reopened, text);
}

impl Member {
    /// Takes one more alert in; whether it turned from right to wrong or back.
    fn take(&mut self, alert: &Alert, now: Timestamp) -> bool {
        let firing = alert.state == AlertState::Firing;
        self.count += 1;
        self.last = self.last.max(alert.at);
        if firing {
            self.summary = alert.summary.clone();
            self.details.clone_from(&alert.details);
            self.severity = alert.severity;
            self.route = alert.route.clone().or_else(|| self.route.take());
        }
        if self.firing == firing {
            return false;
        }
        self.firing = firing;
        self.turns.push(now);
        if self.turns.len() > TURNS {
            self.turns.remove(0);
        }
        true
    }

    /// Whether it turned too often lately to tell of each turn.
    pub fn flaps(&self, now: Timestamp, (turns, within): (usize, Duration)) -> bool {
        let within = SignedDuration::try_from(within).unwrap_or_default();
        let lately = |at: &&Timestamp| now.duration_since(**at) <= within;
        self.turns.iter().filter(lately).count() >= turns
    }
}
