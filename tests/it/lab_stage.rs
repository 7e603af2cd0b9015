//! One compose project on the real engine: brought up, watched until it is as wanted, changed by
//! hand, and taken down however its test ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::lab_scenario::Condition;
use crate::support::real_engine::program;

const PAUSE: Duration = Duration::from_millis(200);

/// So many looks with a pause between them: over a minute, which nothing in the lab takes.
const LOOKS: usize = 400;

pub(crate) type Conditions = BTreeMap<String, Vec<Condition>>;

pub(crate) struct Stage<'d> {
    directory: &'d Path,
    pub(crate) project: String,
}

impl<'d> Stage<'d> {
    /// Starts what `docker-compose.yml` in `directory` says. That a service does not start may be
    /// what the scenario is about, so its complaint is no failure here.
    pub(crate) fn up(directory: &'d Path, name: &str) -> (Self, String) {
        // with the process id, so that two runs at once do not meet
        let project = format!("lab-{name}-{}", std::process::id());
        let stage = Self { directory, project };
        let output = stage.compose(&["up", "--detach", "--no-color"]);
        (stage, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn compose(&self, arguments: &[&str]) -> Output {
        finish(
            program("docker-compose")
                .args(["--project-name", &self.project])
                .args(arguments)
                .current_dir(self.directory),
        )
    }

    /// Waits until every condition holds; says how things stand where they never do.
    pub(crate) fn until(&self, wanted: &Conditions) -> Result<(), String> {
        let mut last = String::new();
        for _ in 0..LOOKS {
            let containers = self.containers();
            match missing(wanted, &containers) {
                None => return Ok(()),
                Some(missing) => last = missing,
            }
            thread::sleep(PAUSE);
        }
        Err(last)
    }

    /// `docker kill worker`: what an operator does to a container of this project.
    pub(crate) fn act(&self, line: &str) -> Result<(), String> {
        let containers = self.containers();
        let words: Vec<&str> = line
            .split_whitespace()
            .map(|word| id_of(&containers, word).unwrap_or(word))
            .collect();
        let (first, rest) = words.split_first().ok_or("an empty step")?;
        let output = finish(program(first).args(rest));
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "`{line}`: {}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    fn containers(&self) -> Vec<Value> {
        let ours = format!("label=com.docker.compose.project={}", self.project);
        let found = docker(&["ps", "--all", "--quiet", "--filter", &ours]);
        let ids: Vec<&str> = found.split_whitespace().collect();
        if ids.is_empty() {
            return Vec::new();
        }
        // one that has gone in between leaves the others
        let described = docker(&[&["inspect"], ids.as_slice()].concat());
        serde_json::from_str(&described).unwrap_or_default()
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.compose(&["down", "--volumes", "--remove-orphans", "--timeout", "0"]);
    }
}

/// The first condition that does not hold, in words.
fn missing(wanted: &Conditions, containers: &[Value]) -> Option<String> {
    wanted.iter().find_map(|(service, conditions)| {
        let replicas: Vec<&Value> = containers
            .iter()
            .filter(|container| service_of(container) == Some(service))
            .collect();
        if replicas.is_empty() {
            return Some(format!("`{service}` has no container"));
        }
        let unmet = |replica: &&Value| {
            let condition = conditions.iter().find(|wanted| !holds(wanted, replica))?;
            Some(format!(
                "`{service}` is not {condition:?} but {}",
                replica["State"]
            ))
        };
        replicas.iter().find_map(unmet)
    })
}

fn service_of(container: &Value) -> Option<&str> {
    container["Config"]["Labels"]["com.docker.compose.service"].as_str()
}

fn id_of<'c>(containers: &'c [Value], service: &str) -> Option<&'c str> {
    let found = containers
        .iter()
        .find(|container| service_of(container) == Some(service))?;
    found["Id"].as_str()
}

fn holds(condition: &Condition, container: &Value) -> bool {
    let state = &container["State"];
    match condition {
        Condition::Status(status) => state["Status"] == status.as_str(),
        Condition::Health(health) => state["Health"]["Status"] == health.as_str(),
        Condition::Down => {
            !matches!(state["Status"].as_str(), Some("running" | "paused"))
                && (state["Status"] != "created" || state["Error"] != "")
        }
        Condition::Exit(code) => state["Status"] == "exited" && state["ExitCode"] == *code,
        Condition::Restarts(times) => container["RestartCount"].as_u64() >= Some(*times),
        Condition::Says(words) => {
            let id = container["Id"].as_str().unwrap_or_default();
            let output = finish(program("docker").args(["logs", id]));
            [output.stdout, output.stderr]
                .iter()
                .any(|stream| String::from_utf8_lossy(stream).contains(words.as_str()))
        }
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = finish(program("docker").args(arguments));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn finish(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()))
}
