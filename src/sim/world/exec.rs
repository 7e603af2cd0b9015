//! Programs run inside a container by `exec`: what they answer is in the container's script.

use std::time::Duration;

use jiff::Timestamp;

use super::lookup::Wellness;
use super::play::probe_argv;
use super::{Container, World};
use crate::sim::behaviour::Reply;
use crate::sim::identity::id_of;
use crate::sim::refusal::Refusal;

/// What the engine gives for a program it cannot find.
const NOT_FOUND: i64 = 126;

#[derive(Debug, Clone)]
pub(in crate::sim) struct Exec {
    pub(in crate::sim) id: String,
    pub(in crate::sim) container: String,
    pub(in crate::sim) argv: Vec<String>,
    pub(in crate::sim) stdout: bool,
    pub(in crate::sim) stderr: bool,
    pub(in crate::sim) running: bool,
    pub(in crate::sim) code: Option<i64>,
}

impl World {
    pub(in crate::sim) fn create_exec(
        &mut self,
        name: &str,
        argv: Vec<String>,
        (stdout, stderr): (bool, bool),
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let index = self.find(name)?;
        let container = &self.containers[index];
        let of = container.id.clone();
        if container.is_restarting() {
            return Err(Refusal::Restarting(of));
        }
        if container.paused {
            return Err(Refusal::PausedForExec(name.to_owned()));
        }
        if !container.is_alive() {
            return Err(Refusal::NotRunning(of));
        }
        if argv.is_empty() {
            return Err(Refusal::BadParameter(
                "No exec command specified".to_owned(),
            ));
        }
        let serial = self.next_serial();
        let id = id_of("exec", &of, serial);
        let action = format!("exec_create: {}", argv.join(" "));
        self.note(index, now, &action, &[("execID", &id)]);
        let exec = Exec {
            id: id.clone(),
            container: of,
            argv,
            stdout,
            stderr,
            running: false,
            code: None,
        };
        self.execs.insert(id.clone(), exec);
        Ok(id)
    }

    pub(in crate::sim) fn exec(&self, id: &str) -> Result<&Exec, Refusal> {
        self.execs
            .get(id)
            .ok_or_else(|| Refusal::NoSuchExec(id.to_owned()))
    }

    /// Starts it and says what it will answer, and after how long.
    pub(in crate::sim) fn start_exec(
        &mut self,
        id: &str,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let exec = self.exec(id)?.clone();
        let index = self.find(&exec.container)?;
        let container = &self.containers[index];
        if !container.is_alive() {
            return Err(Refusal::NotRunning(exec.container));
        }
        let reply = self.answer(container, &exec.argv, now);
        let action = format!("exec_start: {}", exec.argv.join(" "));
        self.note(index, now, &action, &[("execID", id)]);
        if let Some(exec) = self.execs.get_mut(id) {
            exec.running = true;
        }
        Ok(reply)
    }

    /// The program is done.
    pub(in crate::sim) fn finish_exec(&mut self, id: &str, code: i64, now: Timestamp) {
        let Some(exec) = self.execs.get_mut(id) else {
            return;
        };
        exec.running = false;
        exec.code = Some(code);
        let container = exec.container.clone();
        // One that was never found never dies either.
        if let Ok(index) = self.find(&container)
            && code != NOT_FOUND
        {
            let extra = [("execID", id), ("exitCode", &code.to_string())];
            self.note(index, now, "exec_die", &extra);
        }
    }

    pub(super) fn forget_execs_of(&mut self, container: &str) {
        self.execs.retain(|_, exec| exec.container != container);
    }

    fn answer(&self, container: &Container, argv: &[String], now: Timestamp) -> Reply {
        if is_health_test(container, argv) {
            let (code, stdout) = self.check(container, now);
            return Reply {
                code,
                ..Reply::stdout(&stdout)
            };
        }
        let scripted = &container.spec.behaviour.answers;
        let Some(answer) = scripted.iter().find(|answer| answer.argv == argv) else {
            return not_found(argv.first().map_or("", String::as_str));
        };
        if self.wellness(container, now) == Wellness::Well {
            answer.well.clone()
        } else {
            answer.ill.clone()
        }
    }
}

/// Whether `argv` is the container's own health check, run by hand.
fn is_health_test(container: &Container, argv: &[String]) -> bool {
    let Some(health) = &container.spec.health else {
        return false;
    };
    let plain = health.test.get(1..).unwrap_or_default().join(" ");
    probe_argv(&health.test) == argv || plain == argv.join(" ")
}

fn not_found(program: &str) -> Reply {
    Reply {
        code: NOT_FOUND,
        stdout: format!(
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH: unknown\r\n"
        ),
        stderr: String::new(),
        takes: Duration::ZERO,
    }
}
