//! Which incident an alert belongs to. Pure: the incidents that live go in, and come out changed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::alert::{Alert, AlertState, Fingerprint};
use super::index::Index;
use super::model::{ITSELF, Incident, Kind, Member, Phase};
use super::settings::IncidentSettings;
use super::unite::{MOST_MEMBERS, merge, reaches};
use crate::say;
use crate::text::Clean;

/// Incidents of one host that open within this time may be one: the host's.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);
/// So many that join in the same turn are told by name.
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
    /// Who joined which incident since this book was opened.
    joined: BTreeMap<usize, Joined>,
}

/// Told in one entry, however many they are.
#[derive(Debug, Default)]
struct Joined {
    named: Vec<Clean>,
    more: usize,
    /// Those that were only counted before.
    counted_before: usize,
}

impl<'s> Casebook<'s> {
    pub fn new(settings: &'s IncidentSettings, incidents: Vec<Incident>, next: i64) -> Self {
        Self {
            settings,
            index: Index::of(&incidents),
            incidents,
            next,
            joined: BTreeMap::new(),
        }
    }

    /// How many incidents there are by now.
    pub fn count(&self) -> usize {
        self.incidents.len()
    }

    /// Those that went in, in their order, and then those that were opened.
    pub fn into_incidents(mut self, now: Timestamp) -> Vec<Incident> {
        for (place, joined) in &self.joined {
            if let Some(incident) = self.incidents.get_mut(*place) {
                joined.note(incident, now);
            }
        }
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
        self.join(place, alert, now)
    }

    /// The incident that has this trouble: one that goes on, else the latest that ended lately.
    fn known(&self, print: &Fingerprint) -> Option<usize> {
        let fits = |incident: &Incident, over: bool| {
            incident.is_over() == over && !matches!(incident.phase, Phase::Merged { .. })
        };
        let named = |over: bool| {
            let mut places = self.index.with(print);
            places.find(|place| {
                self.incidents
                    .get(*place)
                    .is_some_and(|one| fits(one, over))
            })
        };
        let counted = |over: bool| {
            let mut crowded = self.incidents.iter().enumerate().rev();
            let held = |one: &Incident| !one.crowd.is_empty() && one.crowd.holds(print);
            let found = crowded.find(|(_, one)| fits(one, over) && held(one));
            found.map(|(place, _)| place)
        };
        named(false)
            .or_else(|| counted(false))
            .or_else(|| named(true))
            .or_else(|| counted(true))
    }

    /// More of a trouble that is known.
    fn again(&mut self, place: usize, alert: &Alert, now: Timestamp) {
        let Some(incident) = self.incidents.get_mut(place) else {
            return;
        };
        let firing = alert.state == AlertState::Firing;
        let print = alert.fingerprint();
        let member = incident.members.iter_mut().find(|one| one.print == print);
        let is_named = member.is_some();
        let turned = match member {
            Some(member) => member.take(alert, now),
            None => incident.crowd.take(&print, firing),
        };
        if firing {
            incident.stirred = now;
        }
        if turned && firing {
            incident.well_since = None;
            if incident.is_over() {
                reopen(incident, alert, now);
            } else {
                incident.ask();
            }
        } else if turned && is_named {
            let text = Member::of(alert).sentence();
            incident.note(now, ITSELF, Kind::Ended, text);
        }
    }

    /// The incident that a new trouble joins.
    fn group(&mut self, alert: &Alert, now: Timestamp) -> Option<usize> {
        let on_host = |incident: &Incident| !incident.is_over() && incident.host == alert.host;
        let stormy = |incident: &Incident| {
            !alert.host.is_empty()
                && on_host(incident)
                && incident.firing().any(Member::is_host_gone)
        };
        if let Some(place) = self.incidents.iter().position(stormy) {
            return Some(place);
        }
        let member = Member::of(alert);
        if member.is_host_gone() {
            return self.gather(alert, now, 1);
        }
        let here = member.place();
        let caused = |one: &Incident| on_host(one) && reaches(one, &here);
        if let Some(place) = self.incidents.iter().position(caused) {
            return Some(place);
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

    /// A new trouble of an incident that goes on: named while there is room, counted after that.
    fn join(&mut self, place: usize, alert: &Alert, now: Timestamp) -> Option<i64> {
        let incident = self.incidents.get_mut(place)?;
        let (print, member) = (alert.fingerprint(), Member::of(alert));
        let joined = self.joined.entry(place).or_insert_with(|| Joined {
            counted_before: incident.crowd.len(),
            ..Joined::default()
        });
        incident.grew = now;
        incident.stirred = now;
        incident.well_since = None;
        if !reaches(incident, &member.place()) {
            incident.ask();
        }
        if incident.members.len() < MOST_MEMBERS {
            joined.take(member.sentence());
            incident.members.push(member);
            self.index.note(place, &print);
        } else {
            incident.crowd.take(&print, true);
        }
        Some(incident.id)
    }

    /// Alerts of no stack belong together only where they are about the same service.
    fn same_thing(&self, place: usize, alert: &Alert) -> bool {
        !alert.service.is_empty() && self.index.serves(place, &alert.service)
    }
}

impl Joined {
    fn take(&mut self, sentence: Clean) {
        if self.named.len() < MOST_NAMED {
            self.named.push(sentence);
        } else {
            self.more += 1;
        }
    }

    fn note(&self, incident: &mut Incident, now: Timestamp) {
        let mut lines = self.named.clone();
        if self.more > 0 {
            lines.push(say!("and {} more", self.more));
        }
        let counted = incident.crowd.len();
        if grew_much(self.counted_before, counted) {
            lines.push(say!(
                "it names {} troubles; {} more are only counted by now, their alerts are kept",
                incident.members.len(),
                counted
            ));
        }
        if !lines.is_empty() {
            incident.note(now, ITSELF, Kind::Joined, Clean::join(&lines, "\n"));
        }
    }
}

/// The first ones, and every time they are twice as many: a storm is no reason to write on and on.
fn grew_much(before: usize, now: usize) -> bool {
    now.checked_ilog2() > before.checked_ilog2()
}

/// It is about several stacks.
fn is_wide(incident: &Incident) -> bool {
    let of_a_stack = |member: &Member| !member.print.stack.is_empty();
    incident.stack.is_empty() && incident.members.iter().any(of_a_stack)
}

fn reopen(incident: &mut Incident, alert: &Alert, now: Timestamp) {
    incident.phase = Phase::Open;
    incident.ask();
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
        self.turns_within(now, within) >= turns
    }

    pub(super) fn turns_within(&self, now: Timestamp, within: Duration) -> usize {
        let within = SignedDuration::try_from(within).unwrap_or_default();
        let lately = |at: &&Timestamp| now.duration_since(**at) <= within;
        self.turns.iter().filter(lately).count()
    }
}
