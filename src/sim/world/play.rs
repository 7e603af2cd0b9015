//! What happens when a container's moment has come: it says something, is checked, runs out of
//! memory, ends, or is brought back by its restart policy.

use std::time::Duration;

use jiff::Timestamp;

use super::container::Exit;
use super::health::{Health, ProbeResult, Verdict};
use super::life::{Afterwards, Due, Life, Stopping, Voice};
use super::lookup::Wellness;
use super::{Container, World, later};
use crate::sim::behaviour::{Chatter, OnTerm};
use crate::sim::identity::id_of;
use crate::sim::wording::fill;

/// How long a check takes; time enough to be seen in its result.
const PROBE_TAKES: Duration = Duration::from_millis(40);
const KILLED: i64 = 137;
const FIRST_PID: u64 = 4000;

impl World {
    pub(super) fn play(&mut self, index: usize, at: Timestamp, due: Due) {
        match due {
            Due::Say => self.say(index),
            Due::Chat(beat) => self.chat(index, at, beat),
            Due::Probe => self.probe(index, at),
            Due::OutOfMemory => {
                self.note(index, at, "oom", &[]);
                self.die(index, at, KILLED, true);
            }
            Due::End => {
                let code = self.life(index).and_then(|life| life.ends);
                self.die(index, at, code.map_or(0, |(_, code)| code), false);
            }
            Due::Killed => {
                self.note(index, at, "kill", &[("signal", "9")]);
                self.die(index, at, KILLED, false);
            }
            Due::Restart => self.begin_life(index, at, at),
        }
    }

    /// Records an event of a container.
    pub(super) fn note(
        &mut self,
        index: usize,
        at: Timestamp,
        action: &str,
        extra: &[(&str, &str)],
    ) {
        self.journal
            .container(at, &self.containers[index], action, extra);
    }

    pub(super) fn life(&mut self, index: usize) -> Option<&mut Life> {
        self.containers[index].life.as_mut()
    }

    fn say(&mut self, index: usize) {
        let container = &mut self.containers[index];
        let saying = container
            .life
            .as_mut()
            .and_then(|life| life.pending.pop_front());
        if let Some(saying) = saying {
            let text = fill(&saying.text, saying.at, 0);
            container.print(saying.at, saying.stream, text);
        }
    }

    fn chat(&mut self, index: usize, at: Timestamp, beat: usize) {
        let wellness = self.wellness(&self.containers[index], at);
        let container = &mut self.containers[index];
        let spec = container.spec.clone();
        let Some(beat) = container
            .life
            .as_mut()
            .and_then(|life| life.beats.get_mut(beat))
        else {
            return;
        };
        let behaviour = &spec.behaviour;
        let (chatter, wanted) = match beat.voice {
            Voice::Well(own) => (behaviour.chatter.get(own), Wellness::Well),
            Voice::Missing { need, complaint } => (
                behaviour
                    .needs
                    .get(need)
                    .and_then(|need| need.complaints.get(complaint)),
                Wellness::Lacks(need),
            ),
        };
        let Some(chatter) = chatter else { return };
        beat.at = later(at, chatter.every);
        if wellness == wanted {
            let text = next_line(chatter, beat.count, at);
            beat.count += 1;
            container.print(at, chatter.stream, text);
        }
    }

    /// Runs the health check: three events, one result, and a fourth event when the verdict changes.
    fn probe(&mut self, index: usize, at: Timestamp) {
        let spec = self.containers[index].spec.clone();
        let Some(health) = &spec.health else { return };
        let end = later(at, PROBE_TAKES);
        let (code, output) = self.check(&self.containers[index], at);
        self.note_probe(index, at, end, &health.test, code);
        let result = ProbeResult {
            start: at,
            end,
            code,
            output,
        };
        let container = &mut self.containers[index];
        let Some(life) = container.life.as_mut() else {
            return;
        };
        life.probe_at = Some(later(end, health.interval));
        let started = life.started;
        let change = container
            .health
            .as_mut()
            .and_then(|state| state.take(result, health, started));
        if let Some(verdict) = change {
            self.note(
                index,
                end,
                &format!("health_status: {}", verdict.word()),
                &[],
            );
        }
    }

    /// What the check would say now: its exit code and its output.
    pub(super) fn check(&self, container: &Container, now: Timestamp) -> (i64, String) {
        let Some(health) = &container.spec.health else {
            return (0, String::new());
        };
        match self.wellness(container, now) {
            Wellness::Well => (0, health.passes.clone()),
            Wellness::NotReady => {
                let output = container.ailment.as_ref().unwrap_or(&health.fails);
                (1, output.clone())
            }
            Wellness::Lacks(need) => {
                let need = container.spec.behaviour.needs.get(need);
                (
                    1,
                    need.map_or_else(String::new, |need| need.probe_output.clone()),
                )
            }
        }
    }

    fn note_probe(
        &mut self,
        index: usize,
        at: Timestamp,
        end: Timestamp,
        test: &[String],
        code: i64,
    ) {
        let serial = self.next_serial();
        let id = id_of("exec", &self.containers[index].id, serial);
        let argv = probe_argv(test).join(" ");
        let exec = ("execID", id.as_str());
        self.note(index, at, &format!("exec_create: {argv}"), &[exec]);
        self.note(index, at, &format!("exec_start: {argv}"), &[exec]);
        let code = code.to_string();
        self.note(index, end, "exec_die", &[exec, ("exitCode", &code)]);
    }

    /// A life begins at `at`; what repeats in it is not played before `floor`.
    pub(super) fn begin_life(&mut self, index: usize, at: Timestamp, floor: Timestamp) {
        let pid = FIRST_PID + self.next_serial();
        let container = &mut self.containers[index];
        container.restart_at = None;
        container.paused = false;
        container.started_at = Some(at);
        container.life = Some(Life::new(&container.spec, at, floor, pid));
        if container.spec.health.is_some() {
            container
                .health
                .get_or_insert_with(|| Health::new(Verdict::Starting))
                .begin_life();
        }
        self.note_networks(index, at, "connect");
        self.note(index, at, "start", &[]);
    }

    /// A life that began long ago: its start is history, its checks have passed.
    pub(super) fn settle(&mut self, index: usize, started: Timestamp, floor: Timestamp) {
        self.begin_life(index, started, floor.max(started));
        if let Some(health) = &mut self.containers[index].health {
            health.verdict = Verdict::Healthy;
        }
    }

    /// Asks the program to leave, as SIGTERM does. `stopping` says what follows its death.
    pub(super) fn terminate(&mut self, index: usize, at: Timestamp, stopping: Stopping) {
        let container = &mut self.containers[index];
        let (paused, spec) = (container.paused, container.spec.clone());
        let Some(life) = container.life.as_mut() else {
            return;
        };
        life.stopping = Some(stopping);
        match &spec.behaviour.on_term {
            OnTerm::Exits { after, code, says } if !paused => {
                life.say_last(at, says);
                life.ends = Some((later(at, *after), *code));
            }
            OnTerm::Exits { .. } | OnTerm::Ignores => {}
        }
    }

    /// The main process is gone. What follows depends on whether somebody asked for it.
    pub(super) fn die(&mut self, index: usize, at: Timestamp, code: i64, out_of_memory: bool) {
        let container = &mut self.containers[index];
        let Some(life) = container.life.take() else {
            return;
        };
        let exit = Exit {
            at,
            code,
            out_of_memory,
        };
        container.exit = Some(exit);
        container.paused = false;
        if let Some(health) = &mut container.health {
            // The engine calls it so when the checks end, and records no event.
            health.verdict = Verdict::Unhealthy;
        }
        self.note(index, at, "die", &[("exitCode", &code.to_string())]);
        self.note_networks(index, at, "disconnect");
        match life
            .stopping
            .map_or(Afterwards::Nothing, |stopping| stopping.then)
        {
            Afterwards::Nothing => self.consider_restart(index, exit),
            Afterwards::Stopped => self.note(index, at, "stop", &[]),
            Afterwards::Restarted => {
                self.note(index, at, "stop", &[]);
                self.restart_now(index, at);
            }
        }
    }

    pub(super) fn restart_now(&mut self, index: usize, at: Timestamp) {
        self.containers[index].forget_restarts();
        self.begin_life(index, at, at);
        self.note(index, at, "restart", &[]);
    }

    fn consider_restart(&mut self, index: usize, exit: Exit) {
        let container = &mut self.containers[index];
        if let Some(pause) = container.pause_before_restart(exit) {
            container.restart_count += 1;
            container.restart_at = Some(later(exit.at, pause));
        }
    }

    fn note_networks(&mut self, index: usize, at: Timestamp, action: &str) {
        let container = &self.containers[index];
        for endpoint in &container.endpoints {
            let id = id_of("network", &endpoint.network, 0);
            let extra = [
                ("container", container.id.as_str()),
                ("name", &endpoint.network),
                ("type", "bridge"),
            ];
            self.journal.thing(at, "network", &id, action, &extra);
        }
    }
}

fn next_line(chatter: &Chatter, count: u64, at: Timestamp) -> String {
    let lines = chatter.lines.len().max(1);
    let index = usize::try_from(count).unwrap_or_default() % lines;
    chatter
        .lines
        .get(index)
        .map_or_else(String::new, |line| fill(line, at, count + 1))
}

/// The argument vector the engine makes of a health test.
pub(super) fn probe_argv(test: &[String]) -> Vec<&str> {
    let mut words = test.iter().map(String::as_str);
    match words.next() {
        Some("CMD-SHELL") => ["/bin/sh", "-c"].into_iter().chain(words).collect(),
        _ => words.collect(),
    }
}
