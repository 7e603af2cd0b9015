//! A simulated container: its settings, its present life if it has one, and what it left behind.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::health::{Health, Verdict};
use super::life::{Due, Life};
use super::ring::Ring;
use crate::sim::behaviour::Stream;
use crate::sim::spec::{ContainerSpec, Restart};

const LINES_KEPT: usize = 5000;
/// The engine's first pause before it restarts a container; it doubles up to a minute.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Whoever lived this long starts over with the first pause.
const LONG_LIFE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(in crate::sim) struct Container {
    pub(in crate::sim) id: String,
    pub(in crate::sim) spec: Arc<ContainerSpec>,
    pub(in crate::sim) created: Timestamp,
    pub(in crate::sim) life: Option<Life>,
    pub(in crate::sim) paused: bool,
    /// Dead, and the restart policy brings it back then.
    pub(in crate::sim) restart_at: Option<Timestamp>,
    pub(in crate::sim) exit: Option<Exit>,
    pub(in crate::sim) started_at: Option<Timestamp>,
    pub(in crate::sim) restart_count: u64,
    pub(super) pause: Duration,
    /// Somebody stopped it, so that no policy brings it back.
    pub(super) stopped_by_hand: bool,
    pub(in crate::sim) health: Option<Health>,
    /// A fault: its check fails with this output, whatever the program does.
    pub(super) ailment: Option<String>,
    pub(in crate::sim) log: Ring<LogEntry>,
    /// Where it is on its networks, in the order of the settings.
    pub(in crate::sim) endpoints: Vec<Endpoint>,
}

/// How the last life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Exit {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) code: i64,
    pub(in crate::sim) out_of_memory: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct LogEntry {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) stream: Stream,
    pub(in crate::sim) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Endpoint {
    pub(in crate::sim) network: String,
    pub(in crate::sim) id: String,
    pub(in crate::sim) aliases: Vec<String>,
    /// The last number of its address.
    pub(in crate::sim) seat: u8,
}

impl Container {
    pub(super) fn new(id: String, spec: ContainerSpec, created: Timestamp) -> Self {
        Self {
            id,
            spec: Arc::new(spec),
            created,
            life: None,
            paused: false,
            restart_at: None,
            exit: None,
            started_at: None,
            restart_count: 0,
            pause: FIRST_PAUSE,
            stopped_by_hand: false,
            health: None,
            ailment: None,
            log: Ring::new(LINES_KEPT),
            endpoints: Vec::new(),
        }
    }

    pub(in crate::sim) fn status(&self) -> &'static str {
        if self.life.is_some() {
            if self.paused { "paused" } else { "running" }
        } else if self.restart_at.is_some() {
            "restarting"
        } else if self.exit.is_some() {
            "exited"
        } else {
            "created"
        }
    }

    pub(in crate::sim) fn is_alive(&self) -> bool {
        self.life.is_some()
    }

    pub(in crate::sim) fn is_restarting(&self) -> bool {
        self.restart_at.is_some()
    }

    /// Whether a stop or restart that somebody asked for is still under way.
    pub(in crate::sim) fn is_stopping(&self) -> bool {
        self.life
            .as_ref()
            .is_some_and(|life| life.stopping.is_some())
    }

    pub(super) fn next_due(&self) -> Option<(Timestamp, Due)> {
        if let Some(at) = self.restart_at {
            return Some((at, Due::Restart));
        }
        let life = self.life.as_ref()?;
        if self.paused {
            return life.kill_at().map(|at| (at, Due::Killed));
        }
        life.next_due(self.spec.memory_limit)
    }

    /// The engine stops checking what is paused, and calls it unhealthy meanwhile.
    pub(super) fn freeze(&mut self) {
        self.paused = true;
        if let Some(health) = &mut self.health {
            health.verdict = Verdict::Unhealthy;
        }
    }

    pub(super) fn thaw(&mut self, now: Timestamp) {
        self.paused = false;
        if let Some(life) = &mut self.life {
            life.resume(&self.spec, now);
        }
    }

    pub(super) fn print(&mut self, at: Timestamp, stream: Stream, text: String) {
        self.log.push(LogEntry { at, stream, text }, |_| false);
    }

    /// How long the engine waits before it starts it again; `None` when it stays dead.
    pub(super) fn pause_before_restart(&mut self, exit: Exit) -> Option<Duration> {
        let wanted = match self.spec.restart {
            Restart::No => false,
            Restart::Always | Restart::UnlessStopped => true,
            Restart::OnFailure(maximum) => {
                exit.code != 0 && (maximum == 0 || self.restart_count < maximum)
            }
        };
        if !wanted || self.stopped_by_hand {
            return None;
        }
        let lived = self.started_at.map(|at| super::between(at, exit.at));
        let pause = if lived >= Some(LONG_LIFE) {
            FIRST_PAUSE
        } else {
            self.pause
        };
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Some(pause)
    }
}
