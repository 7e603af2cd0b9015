//! A configured stack in one of its environments: where it lives, and how its team operates it.
//! Gives the exact argument vector of every verb; starting it is for others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::settings::{DeploySettings, FileCheck, ResourceSettings, StackSettings, VerbSettings};
use crate::action::operate::Verb;
use crate::setting::Identifier;
use crate::text::{Clean, Redactor};

/// One stack, in one environment, on one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// As the configuration calls it.
    pub stack: String,
    pub environment: Option<String>,
    pub host: String,
    /// As compose calls it: the stack's name on its host.
    pub project: String,
    pub directory: Option<PathBuf>,
    pub command: Vec<String>,
    pub files: Vec<String>,
    pub profiles: Vec<String>,
    pub env_files: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub verbs: VerbSettings,
    pub tasks: BTreeMap<String, Vec<String>>,
    pub programs: Vec<Vec<String>>,
    pub preflight: Vec<FileCheck>,
    pub resources: ResourceSettings,
    pub deploy: DeploySettings,
}

impl Site {
    /// Every environment of a stack; the stack itself where it names none.
    pub(super) fn all(name: &str, settings: &StackSettings, usual_host: &str) -> Vec<Self> {
        let whole = Self::of(name, settings, usual_host);
        if settings.environments.is_empty() {
            return vec![whole];
        }
        let environments = settings.environments.iter();
        environments
            .map(|(environment, own)| {
                let name = |name: &Identifier| name.as_str().to_owned();
                let mut site = whole.clone();
                site.environment = Some(name(environment));
                site.host = own.host.as_ref().map_or(site.host, name);
                site.project = own.project.as_ref().map_or(site.project, name);
                site.directory = own.directory.clone().or(site.directory);
                site.command = own.compose_command.clone().unwrap_or(site.command);
                site.files = own.files.clone().unwrap_or(site.files);
                site.profiles = own.profiles.clone().unwrap_or(site.profiles);
                site.env_files = own.env_files.clone().unwrap_or(site.env_files);
                site.variables.extend(own.variables.clone());
                site.preflight = own.preflight.clone().unwrap_or(site.preflight);
                site.resources = own.resources.clone().unwrap_or(site.resources);
                site.deploy = own.deploy.clone().unwrap_or(site.deploy);
                site
            })
            .collect()
    }

    fn of(name: &str, settings: &StackSettings, usual_host: &str) -> Self {
        let text = |name: &Option<Identifier>, other: &str| {
            name.as_ref().map_or(other, Identifier::as_str).to_owned()
        };
        let tasks = settings.tasks.iter();
        Self {
            stack: name.to_owned(),
            environment: settings
                .environment
                .as_ref()
                .map(|name| name.as_str().to_owned()),
            host: text(&settings.host, usual_host),
            project: text(&settings.project, name),
            directory: settings.directory.clone(),
            command: settings.compose_command.clone(),
            files: settings.files.clone(),
            profiles: settings.profiles.clone(),
            env_files: settings.env_files.clone(),
            variables: settings.variables.clone(),
            verbs: settings.verbs.clone(),
            tasks: tasks
                .map(|(name, argv)| (name.as_str().to_owned(), argv.clone()))
                .collect(),
            programs: settings.programs.clone(),
            preflight: settings.preflight.clone(),
            resources: settings.resources.clone(),
            deploy: settings.deploy.clone(),
        }
    }

    /// `shop`, or `shop@prod` where there are several.
    pub fn full_name(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}@{environment}", self.stack),
            None => self.stack.clone(),
        }
    }

    /// The team's own program, where the stack has one in the place of compose.
    pub fn wrapper(&self) -> Option<String> {
        (!is_compose(&self.command)).then(|| self.command.join(" "))
    }

    /// The compose files that are named, in order, here or in the variable that compose reads. None:
    /// compose looks for its usual ones.
    pub fn named_files(&self) -> Vec<String> {
        if !self.files.is_empty() {
            return self.files.clone();
        }
        let variable = |name: &str| self.variables.get(name).filter(|value| !value.is_empty());
        let separator = variable("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
        let files = variable("COMPOSE_FILE").map_or("", String::as_str);
        let files = files.split(separator).filter(|file| !file.is_empty());
        files.map(str::to_owned).collect()
    }

    /// The arguments of a verb with what follows it. A program of the team's own chooses its files
    /// and profiles itself.
    pub fn argv(&self, verb: Verb, rest: &[String]) -> Vec<String> {
        let mut argv = self.command.clone();
        let is_compose = self.wrapper().is_none();
        if is_compose {
            argv.extend(["-p".to_owned(), self.project.clone()]);
            for (flag, values) in [
                ("-f", &self.files),
                ("--profile", &self.profiles),
                ("--env-file", &self.env_files),
            ] {
                argv.extend(
                    values
                        .iter()
                        .flat_map(|value| [flag.to_owned(), value.clone()]),
                );
            }
        }
        let named = self.named(verb);
        argv.extend(named);
        if verb == Verb::UpAsBuilt && is_compose {
            argv.push("--no-build".to_owned());
        }
        argv.extend_from_slice(rest);
        argv
    }

    fn named(&self, verb: Verb) -> Vec<String> {
        let verbs = &self.verbs;
        let (own, usual): (_, &[&str]) = match verb {
            Verb::Up | Verb::UpAsBuilt => (&verbs.up, &["up", "-d"]),
            Verb::Build => (&verbs.build, &["build"]),
            Verb::Pull => (&verbs.pull, &["pull"]),
            Verb::Down => (&verbs.down, &["down"]),
            Verb::Config => (&verbs.config, &["config"]),
            Verb::Run => (&verbs.run, &["run", "--rm", "-T"]),
            Verb::Program => return Vec::new(),
        };
        let usual = || usual.iter().map(|word| (*word).to_owned()).collect();
        own.clone().unwrap_or_else(usual)
    }

    /// Why a program of a runbook may not be started for this stack; nothing when it may.
    pub fn refusal(&self, argv: &[String]) -> Option<String> {
        if let Some(wrapper) = self.wrapper()
            && calls_compose(argv)
        {
            return Some(format!(
                "`{}` is operated by `{wrapper}`, so compose itself is never called for it; use `compose.up`, `compose.build` and the like, which call `{wrapper}`",
                self.stack
            ));
        }
        if removes_volumes(argv) {
            return Some(
                "this would remove volumes, and nothing here does; `full-reset` and `selective-reset` name what they delete"
                    .to_owned(),
            );
        }
        let allowed = self.programs.iter().any(|start| argv.starts_with(start));
        (!allowed).then(|| {
            format!(
                "`{}` does not allow `{}`; list it under `stacks.{}.programs`",
                self.stack,
                argv.join(" "),
                self.stack
            )
        })
    }

    /// Tells whether the settings are still those that a plan was made from. The values of
    /// variables are in it, and cannot be had back from it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{self:?}").as_bytes());
        let mut text = String::new();
        for byte in digest.iter().take(8) {
            let _written = write!(text, "{byte:02x}");
        }
        text
    }

    /// A call as people read and paste it, without what its variables hide.
    pub fn shown(&self, argv: &[String]) -> Clean {
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| {
            let hidden = Redactor::is_secret_name(name);
            format!("{name}={}", if hidden { "••••" } else { value })
        });
        let words: Vec<String> = variables
            .chain(argv.iter().map(|arg| quoted(arg)))
            .collect();
        Redactor::shapes_only().clean(&words.join(" "))
    }
}

/// An argument as a shell would want it; for reading only.
fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        return arg.to_owned();
    }
    format!("'{}'", arg.replace('\'', "'\\''"))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `docker compose`, `docker-compose`, podman's, also behind `sudo`.
fn is_compose(command: &[String]) -> bool {
    let words: Vec<&str> = command.iter().map(|word| file_name(word)).collect();
    let words = match words.as_slice() {
        ["sudo", rest @ ..] => rest,
        all => all,
    };
    match words {
        ["docker" | "podman" | "nerdctl", rest @ ..] => rest.contains(&"compose"),
        [first, ..] => matches!(*first, "docker-compose" | "podman-compose"),
        [] => false,
    }
}

/// Whether compose is called somewhere in an argument vector, also by a shell.
fn calls_compose(argv: &[String]) -> bool {
    let words = argv.iter().flat_map(|arg| {
        arg.split(|c: char| c.is_whitespace() || ";&|()`\"'".contains(c))
            .filter(|word| !word.is_empty())
    });
    let words: Vec<&str> = words.map(file_name).collect();
    let direct = |word: &&str| matches!(*word, "docker-compose" | "podman-compose");
    words.iter().any(direct)
        || words
            .iter()
            .position(|word| matches!(*word, "docker" | "podman" | "nerdctl"))
            .is_some_and(|at| words.iter().skip(at).any(|word| *word == "compose"))
}

/// Whether an argument vector asks compose to remove volumes with what it takes down.
pub fn removes_volumes(argv: &[String]) -> bool {
    let takes_down = argv.iter().position(|arg| arg == "down" || arg == "rm");
    let Some(at) = takes_down else { return false };
    let short = |arg: &str| arg.starts_with('-') && !arg.starts_with("--") && arg.contains('v');
    argv.iter()
        .skip(at)
        .any(|arg| arg.starts_with("--volumes") || short(arg))
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
