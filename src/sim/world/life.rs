//! One life of a container, from its start to its death: what it still has to say, when its next
//! check is due, how much it uses, and how it is being ended.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::sim::behaviour::{MemoryUse, Stream};
use crate::sim::moment::{between, first_beat, later};
use crate::sim::spec::ContainerSpec;

#[derive(Debug, Clone)]
pub(in crate::sim) struct Life {
    pub(in crate::sim) started: Timestamp,
    pub(in crate::sim) pid: u64,
    /// Lines with their time, soonest first.
    pub(super) pending: VecDeque<Saying>,
    pub(super) beats: Vec<Beat>,
    pub(super) probe_at: Option<Timestamp>,
    pub(super) memory: Ramp,
    pub(super) cpu: Meter,
    /// It ends by itself at that moment, with that code.
    pub(super) ends: Option<(Timestamp, i64)>,
    pub(super) stopping: Option<Stopping>,
}

#[derive(Debug, Clone)]
pub(super) struct Saying {
    pub(super) at: Timestamp,
    pub(super) stream: Stream,
    pub(super) text: String,
}

/// One chatter and when it speaks next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beat {
    pub(super) voice: Voice,
    pub(super) at: Timestamp,
    pub(super) count: u64,
}

/// Whose lines: the program's own while it is well, or a complaint about an unmet need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Well(usize),
    Missing { need: usize, complaint: usize },
}

/// Somebody asked it to stop: SIGKILL follows at `kill_at`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopping {
    pub(super) kill_at: Option<Timestamp>,
    pub(super) then: Afterwards,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// A plain kill: dead is dead.
    Nothing,
    Stopped,
    Restarted,
}

/// Memory that grows in a straight line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramp {
    pub(super) since: Timestamp,
    pub(super) use_: MemoryUse,
}

impl Ramp {
    pub(super) fn at(&self, now: Timestamp) -> u64 {
        let grown =
            u128::from(self.use_.per_second) * between(self.since, now).as_micros() / 1_000_000;
        self.use_
            .resting
            .saturating_add(u64::try_from(grown).unwrap_or(u64::MAX))
    }

    /// When it reaches `limit`.
    fn full_at(&self, limit: u64) -> Option<Timestamp> {
        let missing = u128::from(limit.saturating_sub(self.use_.resting));
        let micros = (missing * 1_000_000).checked_div(u128::from(self.use_.per_second))?;
        let span = Duration::from_micros(u64::try_from(micros).ok()?);
        Some(later(self.since, span))
    }
}

/// Cpu time used so far, at a rate that can change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    pub(super) since: Timestamp,
    pub(super) nanos_before: u64,
    /// Cpus' worth of time it asks for.
    pub(super) demand: f64,
}

impl Life {
    /// A life that begins at `started`. What repeats is not played before `floor`.
    pub(super) fn new(
        spec: &ContainerSpec,
        started: Timestamp,
        floor: Timestamp,
        pid: u64,
    ) -> Self {
        let behaviour = &spec.behaviour;
        Self {
            started,
            pid,
            pending: sayings(spec, started),
            beats: beats(spec, started, floor),
            probe_at: spec
                .health
                .as_ref()
                .map(|health| first_beat(started, health.interval, floor)),
            memory: Ramp {
                since: started,
                use_: behaviour.memory,
            },
            cpu: Meter {
                since: started,
                nanos_before: 0,
                demand: behaviour.cpus,
            },
            ends: behaviour
                .ends
                .map(|ending| (later(started, ending.after), ending.code)),
            stopping: None,
        }
    }

    /// What happens next in it, and when.
    pub(super) fn next_due(&self, memory_limit: Option<u64>) -> Option<(Timestamp, Due)> {
        let beat = (0..self.beats.len())
            .filter_map(|index| Some((self.beats.get(index)?.at, Due::Chat(index))))
            .min();
        [
            self.pending.front().map(|saying| (saying.at, Due::Say)),
            beat,
            self.probe_at.map(|at| (at, Due::Probe)),
            memory_limit
                .and_then(|limit| self.memory.full_at(limit))
                .map(|at| (at, Due::OutOfMemory)),
            self.ends.map(|(at, _)| (at, Due::End)),
            self.kill_at().map(|at| (at, Due::Killed)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn kill_at(&self) -> Option<Timestamp> {
        self.stopping.and_then(|stopping| stopping.kill_at)
    }

    /// A paused program misses its turns; they start over from `now`.
    pub(super) fn resume(&mut self, spec: &ContainerSpec, now: Timestamp) {
        self.beats = beats(spec, self.started, now);
        if let Some(health) = &spec.health {
            self.probe_at = Some(later(now, health.interval));
        }
    }

    /// Its last words, from now until it leaves; what it had still to say is left unsaid.
    pub(super) fn say_last(&mut self, at: Timestamp, lines: &[String]) {
        self.pending = lines
            .iter()
            .map(|text| Saying {
                at,
                stream: Stream::Stdout,
                text: text.clone(),
            })
            .collect();
        self.beats.clear();
        self.probe_at = None;
    }

    /// Inserts lines at their place in time.
    pub(super) fn will_say(&mut self, sayings: impl IntoIterator<Item = Saying>) {
        self.pending.extend(sayings);
        self.pending
            .make_contiguous()
            .sort_by_key(|saying| saying.at);
    }
}

/// Ordered as it happens within one instant: what is said comes before what kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Say,
    Chat(usize),
    Probe,
    OutOfMemory,
    End,
    Killed,
    Restart,
}

fn sayings(spec: &ContainerSpec, started: Timestamp) -> VecDeque<Saying> {
    let mut sayings: Vec<Saying> = spec
        .behaviour
        .says
        .iter()
        .map(|line| Saying {
            at: later(started, line.after),
            stream: line.stream,
            text: line.text.clone(),
        })
        .collect();
    sayings.sort_by_key(|saying| saying.at);
    sayings.into()
}

fn beats(spec: &ContainerSpec, started: Timestamp, floor: Timestamp) -> Vec<Beat> {
    let behaviour = &spec.behaviour;
    let own = behaviour
        .chatter
        .iter()
        .enumerate()
        .map(|(index, chatter)| (Voice::Well(index), chatter.every));
    let complaints = behaviour
        .needs
        .iter()
        .enumerate()
        .flat_map(|(need, value)| {
            value
                .complaints
                .iter()
                .enumerate()
                .map(move |(complaint, chatter)| {
                    (Voice::Missing { need, complaint }, chatter.every)
                })
        });
    own.chain(complaints)
        .map(|(voice, every)| Beat {
            voice,
            at: first_beat(started, every, floor),
            count: 0,
        })
        .collect()
}
