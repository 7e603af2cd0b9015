//! Stacks as the configuration names them. What compose labels say is found without it; how a
//! stack is operated is known from here only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::Identifier;

/// One compose project. It is needed only for what changes the stack as a whole: deploy, rebuild,
/// lint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StackSettings {
    /// The host it runs on, by its name under `hosts`. Without it: `local`, or the only host.
    pub host: Option<Identifier>,
    /// What compose calls the project, where that is not the name of the stack.
    pub project: Option<Identifier>,
    /// The directory of its compose files, on that host.
    pub directory: Option<PathBuf>,
    /// How compose is called on that host, or the team's own program in its place, such as
    /// `["./scripts/stack.sh"]`: then compose itself is never called for this stack.
    pub compose_command: Vec<String>,
    /// What it is for, such as `prod` or `staging`: `approval` and roles go by it.
    pub environment: Option<Identifier>,
    /// The same stack in several environments, by their names; what is not said there is as here.
    pub environments: BTreeMap<Identifier, EnvironmentSettings>,
    /// Groups of its services, for `@GROUP` and ordered runbooks. The label `dogwatch.groups` on a
    /// container does the same.
    pub groups: BTreeMap<Identifier, Vec<Identifier>>,
    /// Its compose files in the order in which they are merged, relative to `directory`. Without
    /// them, compose's own choice (`COMPOSE_FILE`, else its usual names).
    pub files: Vec<String>,
    /// Profiles of compose that are on.
    pub profiles: Vec<String>,
    /// Files with values for the compose files (`--env-file`), relative to `directory`.
    pub env_files: Vec<String>,
    /// Variables that its programs are started with.
    pub variables: BTreeMap<String, String>,
    /// What its program calls a verb, where that is not what compose calls it.
    pub verbs: VerbSettings,
    /// What `compose.run` of a runbook may start: by name, the service and the arguments.
    pub tasks: BTreeMap<Identifier, Vec<String>>,
    /// What `program.run` of a runbook may start in `directory`: each how such a program begins.
    pub programs: Vec<Vec<String>>,
    /// Files with variables that have to be right before anything is started.
    pub preflight: Vec<FileCheck>,
    pub resources: ResourceSettings,
    pub deploy: DeploySettings,
}

impl Default for StackSettings {
    fn default() -> Self {
        Self {
            host: None,
            project: None,
            directory: None,
            compose_command: vec!["docker".to_owned(), "compose".to_owned()],
            environment: None,
            environments: BTreeMap::new(),
            groups: BTreeMap::new(),
            files: Vec::new(),
            profiles: Vec::new(),
            env_files: Vec::new(),
            variables: BTreeMap::new(),
            verbs: VerbSettings::default(),
            tasks: BTreeMap::new(),
            programs: Vec::new(),
            preflight: Vec::new(),
            resources: ResourceSettings::default(),
            deploy: DeploySettings::default(),
        }
    }
}

/// A stack in one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnvironmentSettings {
    pub host: Option<Identifier>,
    /// Two environments on one host need two projects.
    pub project: Option<Identifier>,
    pub directory: Option<PathBuf>,
    pub compose_command: Option<Vec<String>>,
    pub files: Option<Vec<String>>,
    pub profiles: Option<Vec<String>>,
    pub env_files: Option<Vec<String>>,
    /// Beside those of the stack; of the same name this one counts.
    pub variables: BTreeMap<String, String>,
    pub preflight: Option<Vec<FileCheck>>,
    pub resources: Option<ResourceSettings>,
    pub deploy: Option<DeploySettings>,
}

/// The team's resource profile for each platform: a file with lines such as `API_MEMORY=512m` and
/// `API_CPUS=1.5`, or a compose file with limits, relative to `directory`. `limits` compares what
/// runs with it; without one, with the compose files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceSettings {
    /// Of a host that runs Linux.
    pub linux: Option<String>,
    /// Of a host that runs macOS.
    pub macos: Option<String>,
}

/// The arguments of each verb.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerbSettings {
    /// `["up", "-d"]`, if nothing is said.
    pub up: Option<Vec<String>>,
    /// `["build"]`, if nothing is said.
    pub build: Option<Vec<String>>,
    /// `["pull"]`, if nothing is said.
    pub pull: Option<Vec<String>>,
    /// `["down"]`, if nothing is said. Volumes are never removed with it.
    pub down: Option<Vec<String>>,
    /// `["config"]`, if nothing is said.
    pub config: Option<Vec<String>>,
    /// `["run", "--rm", "-T"]`, if nothing is said.
    pub run: Option<Vec<String>>,
}

/// A file with variables, such as `.env`, and what has to be in it. Values are never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FileCheck {
    /// Relative to the stack's `directory`.
    pub path: String,
    /// Only its owner may read it: mode 600.
    pub secret: bool,
    /// The user who has to own it.
    pub owner: Option<String>,
    /// Names that must have a value in it.
    pub names: Vec<String>,
    /// A file that names them, such as `.env.example`.
    pub example: Option<String>,
}

/// How `deploy` goes about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeploySettings {
    /// The git remote. `origin`, if nothing is said.
    pub remote: String,
    /// The branch. The one that is checked out, if nothing is said.
    pub branch: Option<String>,
    /// Pull the images that are not built here, also those that are there already. Without it, only
    /// what is missing is pulled.
    pub pull: bool,
}

impl Default for DeploySettings {
    fn default() -> Self {
        Self {
            remote: "origin".to_owned(),
            branch: None,
            pull: true,
        }
    }
}
