//! What the events of one engine mean, container by container: which death was an accident, what is
//! a loop, when something has recovered. Pure: times come with the events or as arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::life::{End, Life};
use super::sign::{Ail, Course, Over, Sign};
use crate::action::events::Event;
use crate::stack::Key;

/// An engine ends a container at the latest this long after somebody asked for it. A death later
/// than that is the container's own.
pub(super) const STOPPING: SignedDuration = SignedDuration::from_mins(2);
/// An engine says `stop` right after `die` if the death was a stop.
const STOP_FOLLOWS: Duration = Duration::from_secs(2);
/// Out of memory and dead so soon after it: one story.
const SAME_DEATH: SignedDuration = SignedDuration::from_secs(10);
/// Gone so soon after its death: the engine removed it by itself, nobody tidied up.
const BY_ITSELF: SignedDuration = SignedDuration::from_secs(5);
/// An engine that shuts down gives its containers at most so long.
const SHUTTING_DOWN: SignedDuration = SignedDuration::from_secs(20);
/// A loop has to rest so many times longer than a single death.
const LOOP_FACTOR: u32 = 6;
/// Names of containers that are gone and still suffer; of more, the oldest are forgotten.
const MOST_GHOSTS: usize = 500;

#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// So many deaths within the window are a loop.
    pub restarts: usize,
    pub within: SignedDuration,
    /// Up for so long is recovered.
    pub settled: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            restarts: 3,
            within: SignedDuration::from_mins(5),
            settled: Duration::from_secs(10),
        }
    }
}

/// The containers of one engine.
#[derive(Debug)]
pub struct Lives {
    pub(super) rules: Rules,
    pub(super) known: BTreeMap<String, Life>,
    pub(super) signs: Vec<Sign>,
}

impl Lives {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            known: BTreeMap::new(),
            signs: Vec::new(),
        }
    }

    /// What there is to tell since the last time.
    pub fn take(&mut self) -> Vec<Sign> {
        std::mem::take(&mut self.signs)
    }

    /// When `tick` has something to do.
    pub fn due(&self) -> Option<Instant> {
        let lives = self.known.values();
        lives
            .filter_map(|life| {
                let undecided = life.undecided.map(|(until, ..)| until);
                [life.settles, undecided].into_iter().flatten().min()
            })
            .min()
    }

    /// What was wrong when the program ended the last time.
    pub fn remember(&mut self, id: &str, key: &Key, ail: Ail) {
        let life = self.life(id, key.service.as_str(), key);
        life.ails.insert(ail);
        life.gone = true;
    }

    pub fn see(&mut self, event: &Event, now: Instant) {
        if event.kind != "container" {
            return;
        }
        let attribute = |name: &str| event.attributes.get(name).map(String::as_str);
        let name = attribute("name").unwrap_or(&event.actor);
        let key = Key::of(name, &event.attributes);
        let (id, at) = (event.actor.as_str(), event.at);
        match event.action.as_str() {
            "start" => self.started(id, name, &key, (at, now)),
            "kill" => {
                let signal = attribute("signal").unwrap_or_default();
                self.life(id, name, &key).killed = Some((at, ends_programs(signal)));
            }
            "oom" => self.starved(id, name, &key, (at, now)),
            "die" => {
                let code = attribute("exitCode").and_then(|code| code.parse().ok());
                self.life(id, name, &key);
                self.died(id, code, (at, now));
            }
            "stop" => self.stopped(id, at),
            "health_status: unhealthy" => {
                self.life(id, name, &key).has_health = true;
                self.began(id, Ail::Unhealthy, None, at);
            }
            "health_status: healthy" => self.turned_healthy(id, name, &key, (at, now)),
            "destroy" => self.removed(id, at),
            "rename" => name.clone_into(&mut self.life(id, name, &key).name),
            _ => {}
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant, at: Timestamp) {
        let due = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let ids: Vec<String> = self
            .known
            .iter()
            .filter(|(_, life)| due(life.settles) || due(life.undecided.map(|(until, ..)| until)))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            let Some(life) = self.known.get_mut(&id) else {
                continue;
            };
            if due(life.settles) {
                life.settles = None;
                // of the rest its own health check speaks
                let proven: &[Ail] = if life.has_health {
                    &[Ail::Restarting, Ail::Oom]
                } else {
                    &Ail::ALL
                };
                self.recovered(&id, proven, Over::Up, at);
            } else if let Some((_, died_at, code)) = life.undecided.take() {
                self.by_accident(&id, code, died_at);
            }
        }
    }

    /// An engine that is shut down stops its containers first, as a person would; those it does not
    /// start again were left behind by nobody's wish.
    pub fn engine_left(&mut self, at: Timestamp) {
        for life in self.known.values_mut() {
            let just_now = |end: Timestamp| at.duration_since(end) <= SHUTTING_DOWN;
            if life.end == End::ByHand && life.last_end.is_some_and(just_now) {
                life.end = End::LeftBehind;
            }
        }
    }

    pub(super) fn life(&mut self, id: &str, name: &str, key: &Key) -> &mut Life {
        let new = || Life::new(name.to_owned(), key.clone());
        let life = self.known.entry(id.to_owned()).or_insert_with(new);
        life.gone = false;
        life
    }

    fn started(&mut self, id: &str, name: &str, key: &Key, (at, now): (Timestamp, Instant)) {
        let life = self.life(id, name, key);
        life.last_start = Some(at);
        life.end = End::Own;
        life.killed = None;
        life.undecided = None;
        self.settle_soon(id, now);
    }

    /// One that was ill and runs has to prove itself: it, or another of the same service.
    pub(super) fn settle_soon(&mut self, id: &str, now: Instant) {
        let Some(life) = self.known.get(id) else {
            return;
        };
        let same = |other: &&Life| other.key == life.key && (other.gone || other.name == life.name);
        let ails: BTreeSet<Ail> = self
            .known
            .values()
            .filter(same)
            .flat_map(|life| life.ails.iter().copied())
            .collect();
        let settled = self.rules.settled;
        if ails.is_empty() || life.has_health && !ails.contains(&Ail::Restarting) {
            return;
        }
        let rest = if ails.contains(&Ail::Restarting) {
            settled * LOOP_FACTOR
        } else {
            settled
        };
        if let Some(life) = self.known.get_mut(id) {
            life.settles = Some(now + rest);
        }
    }

    /// It may live on: what died may have been a child of its main program.
    fn starved(&mut self, id: &str, name: &str, key: &Key, (at, now): (Timestamp, Instant)) {
        let rest = self.rules.settled * LOOP_FACTOR;
        let life = self.life(id, name, key);
        life.oom = Some(at);
        life.settles = Some(now + rest);
        self.began(id, Ail::Oom, None, at);
    }

    fn died(&mut self, id: &str, code: Option<i64>, (at, now): (Timestamp, Instant)) {
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        life.last_end = Some(at);
        life.settles = None;
        match life.killed {
            Some((asked, _)) if at.duration_since(asked) > STOPPING => {
                self.by_accident(id, code, at);
            }
            Some((_, true)) => {
                life.end = End::ByHand;
                self.recovered(id, &Ail::ALL, Over::Stopped, at);
            }
            // any signal may be a container's stop signal
            Some((_, false)) => life.undecided = Some((now + STOP_FOLLOWS, at, code)),
            None => self.by_accident(id, code, at),
        }
    }

    fn stopped(&mut self, id: &str, at: Timestamp) {
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        if life.undecided.take().is_some() {
            life.end = End::ByHand;
            self.recovered(id, &Ail::ALL, Over::Stopped, at);
        }
    }

    pub(super) fn by_accident(&mut self, id: &str, code: Option<i64>, at: Timestamp) {
        let rules = self.rules;
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        if code == Some(0) && !life.is_kept_up {
            return;
        }
        life.deaths.push_back(at);
        life.deaths
            .retain(|death| at.duration_since(*death) <= rules.within);
        let loops = life.deaths.len() >= rules.restarts.max(2);
        let starved = life
            .oom
            .is_some_and(|oom| at.duration_since(oom).abs() <= SAME_DEATH);
        if loops && !life.ails.contains(&Ail::Restarting) {
            self.began(id, Ail::Restarting, code, at);
        } else if !loops && code != Some(0) {
            let ail = if starved { Ail::Oom } else { Ail::Died };
            self.began(id, ail, code, at);
        }
    }

    pub(super) fn began(&mut self, id: &str, ail: Ail, exit_code: Option<i64>, at: Timestamp) {
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        life.ails.insert(ail);
        let course = Course::Began {
            exit_code,
            deaths: life.deaths.len(),
        };
        let sign = Sign {
            id: id.to_owned(),
            name: life.name.clone(),
            key: life.key.clone(),
            ail,
            course,
            at,
        };
        self.signs.push(sign);
    }

    fn turned_healthy(&mut self, id: &str, name: &str, key: &Key, (at, now): (Timestamp, Instant)) {
        let life = self.life(id, name, key);
        life.has_health = true;
        self.recovered(
            id,
            &[Ail::Died, Ail::Oom, Ail::Unhealthy],
            Over::Healthy,
            at,
        );
        self.settle_soon(id, now);
    }

    /// Ends what this container suffered from, and what containers of its service did that it
    /// stands in for.
    pub(super) fn recovered(&mut self, id: &str, ails: &[Ail], over: Over, at: Timestamp) {
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        let (name, key) = (life.name.clone(), life.key.clone());
        for ail in ails.iter().copied() {
            let mut had = false;
            for (other, life) in &mut self.known {
                if other == id || life.gone && life.key == key {
                    had |= life.ails.remove(&ail);
                }
            }
            let goes_on = |life: &Life| life.key == key && life.ails.contains(&ail);
            if !had || self.known.values().any(goes_on) {
                continue;
            }
            self.signs.push(Sign {
                id: id.to_owned(),
                name: name.clone(),
                key: key.clone(),
                ail,
                course: Course::Over(over),
                at,
            });
        }
        self.known
            .retain(|_, life| !life.gone || !life.ails.is_empty());
    }

    /// Removed by somebody, or by the engine right after its death: then nothing is mended.
    pub(super) fn removed(&mut self, id: &str, at: Timestamp) {
        let Some(life) = self.known.get_mut(id) else {
            return;
        };
        life.settles = None;
        let last = life.deaths.back();
        let by_itself = last.is_some_and(|death| at.duration_since(*death) <= BY_ITSELF);
        life.gone = true;
        if by_itself && !life.ails.is_empty() {
            let ghosts = self.known.values().filter(|life| life.gone).count();
            if ghosts > MOST_GHOSTS
                && let Some(oldest) = self.oldest_ghost()
            {
                self.recovered(&oldest, &Ail::ALL, Over::Removed, at);
            }
        } else {
            self.recovered(id, &Ail::ALL, Over::Removed, at);
        }
    }

    fn oldest_ghost(&self) -> Option<String> {
        let ghosts = self.known.iter().filter(|(_, life)| life.gone);
        ghosts
            .min_by_key(|(_, life)| life.last_end)
            .map(|(id, _)| id.clone())
    }
}

/// Whether programs usually end on a signal, given by number or name.
fn ends_programs(signal: &str) -> bool {
    let name = signal.trim_start_matches("SIG");
    matches!(
        name,
        "2" | "3" | "9" | "15" | "INT" | "QUIT" | "KILL" | "TERM"
    )
}
