//! A step of a runbook: exactly one thing to do, and how to go about it. Every action key and its
//! arguments are listed here once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::language::{OnFailure, RetrySpec};
use super::template::{OneOrMany, Text};
use crate::action::{Risk, Spec, catalogue};

/// One step. It holds one action, or a loop, or a call of another runbook, or a gate.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepSpec {
    /// Its name in conditions and reports.
    pub id: Option<String>,
    /// Do it only where this condition holds (CEL over `params` and `outcomes`).
    pub when: Option<String>,
    /// It has failed unless this condition holds afterwards (CEL over `outcome` too).
    pub expect: Option<String>,
    /// How long it may take. Ten minutes, if nothing is said.
    pub timeout: Option<Text>,
    /// Try again when it fails.
    pub retry: Option<RetrySpec>,
    /// What a failure means for the rest.
    pub on_failure: Option<OnFailure>,

    #[serde(rename = "container.start")]
    pub start: Option<Services>,
    #[serde(rename = "container.stop")]
    pub stop: Option<StopArgs>,
    #[serde(rename = "container.restart")]
    pub restart: Option<StopArgs>,
    #[serde(rename = "container.kill")]
    pub kill: Option<KillArgs>,
    #[serde(rename = "container.remove")]
    pub remove: Option<RemoveArgs>,
    #[serde(rename = "container.set_aside")]
    pub set_aside: Option<VolumesArgs>,
    #[serde(rename = "container.make_anew")]
    pub make_anew: Option<Services>,
    #[serde(rename = "container.wait_healthy")]
    pub wait_healthy: Option<Services>,
    #[serde(rename = "container.inspect")]
    pub inspect: Option<Services>,
    #[serde(rename = "container.logs")]
    pub logs: Option<LogsArgs>,
    #[serde(rename = "container.exec")]
    pub exec: Option<ExecArgs>,
    #[serde(rename = "service.scale")]
    pub scale: Option<ScaleArgs>,
    #[serde(rename = "volume.remove")]
    pub remove_volume: Option<VolumesArgs>,
    #[serde(rename = "stack.health")]
    pub health: Option<Services>,
    #[serde(rename = "stack.bundle")]
    pub bundle: Option<Services>,
    #[serde(rename = "network.probe")]
    pub probe: Option<ProbeArgs>,
    #[serde(rename = "port.holder")]
    pub port_holder: Option<PortArgs>,
    #[serde(rename = "engine.prune")]
    pub prune: Option<PruneArgs>,

    #[serde(rename = "compose.up")]
    pub compose_up: Option<UpArgs>,
    #[serde(rename = "compose.build")]
    pub compose_build: Option<ComposeArgs>,
    #[serde(rename = "compose.pull")]
    pub compose_pull: Option<ComposeArgs>,
    #[serde(rename = "compose.down")]
    pub compose_down: Option<ComposeArgs>,
    #[serde(rename = "compose.config")]
    pub compose_config: Option<ComposeArgs>,
    #[serde(rename = "compose.run")]
    pub compose_run: Option<TaskArgs>,
    #[serde(rename = "program.run")]
    pub program_run: Option<ProgramArgs>,
    #[serde(rename = "git.checkout")]
    pub checkout: Option<RevisionArgs>,
    #[serde(rename = "image.keep")]
    pub keep_images: Option<StackArgs>,
    #[serde(rename = "image.restore")]
    pub restore_images: Option<RevisionArgs>,
    #[serde(rename = "stack.preflight")]
    pub preflight: Option<StackArgs>,
    #[serde(rename = "stack.drift")]
    pub drift: Option<StackArgs>,
    #[serde(rename = "stack.wait_well")]
    pub stack_well: Option<StackArgs>,

    /// Wait until somebody approves once more; the text says what to look at before.
    pub gate: Option<Text>,
    /// Another runbook, by name.
    pub call: Option<String>,
    /// The parameters of the called runbook.
    pub with: BTreeMap<String, OneOrMany>,
    /// Do `steps` once for each value: the name of a parameter that holds several, or a list.
    pub for_each: Option<OneOrMany>,
    /// What a value is called inside the loop.
    #[serde(rename = "as")]
    pub each: Option<String>,
    /// How many rounds go on at the same time: 1 to 20. One, if nothing is said.
    pub parallel: Option<u32>,
    /// The steps of a loop.
    pub steps: Vec<StepSpec>,
}

/// Which services: names, `stack/service`, `@group`, or a whole stack by its name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Services {
    pub services: OneOrMany,
}

/// Which services, and of their named volumes only this one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VolumesArgs {
    pub services: OneOrMany,
    /// As the engine or the compose file calls it; all of them, if nothing is said.
    pub volume: Option<Text>,
}

/// Which services, and how long each may take to stop before it is killed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StopArgs {
    pub services: OneOrMany,
    pub grace: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KillArgs {
    pub services: OneOrMany,
    /// `KILL`, if nothing is said.
    pub signal: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveArgs {
    pub services: OneOrMany,
    /// Also while it runs.
    pub force: bool,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogsArgs {
    pub services: OneOrMany,
    /// How many of the newest lines. 100, if nothing is said.
    pub tail: Option<Text>,
    /// How far back.
    pub since: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExecArgs {
    pub service: Text,
    /// Program and arguments: each item is one argument, whatever is in it.
    pub argv: Vec<Text>,
    /// Variables for the program. A `secret` parameter may stand here, alone.
    pub env: BTreeMap<String, Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScaleArgs {
    pub service: Text,
    /// How many of its containers run afterwards.
    pub replicas: Text,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeArgs {
    /// The service from inside which it is tried.
    pub from: Text,
    /// A service, a host name or an address.
    pub to: Text,
    pub port: Text,
    /// What is spoken: `auto`, `tcp`, `http`, `postgres` or `redis`.
    pub speaks: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PortArgs {
    pub port: Text,
    /// Where a new mapping would listen. On every interface, if nothing is said.
    pub address: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PruneArgs {
    /// `containers`, `images`, `networks` or `cache`.
    pub what: Text,
}

/// A stack of the configuration.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StackArgs {
    pub stack: Text,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ComposeArgs {
    pub stack: Text,
    /// Only these; all, if nothing is said. `@group` stands for its members.
    pub services: OneOrMany,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpArgs {
    pub stack: Text,
    /// Only these and what they need; all, if nothing is said.
    pub services: OneOrMany,
    /// With the images as they are: nothing is built.
    pub as_built: bool,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskArgs {
    pub stack: Text,
    /// One of `stacks.STACK.tasks`.
    pub task: Text,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramArgs {
    pub stack: Text,
    /// Program and arguments; it has to begin like one of `stacks.STACK.programs`.
    pub argv: Vec<Text>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionArgs {
    pub stack: Text,
    /// `fetched`: what was pushed; `previous`: what ran before; `present`: what ran when it was
    /// planned.
    pub to: Text,
}

/// An action as runbooks call it. `service.scale` is not one action but starts or stops.
pub const ACTIONS: &[(&str, Spec)] = &[
    ("container.start", catalogue::START),
    ("container.stop", catalogue::STOP),
    ("container.restart", catalogue::RESTART),
    ("container.kill", catalogue::KILL),
    ("container.remove", catalogue::REMOVE),
    ("container.set_aside", catalogue::SET_ASIDE),
    ("container.make_anew", catalogue::MAKE_ANEW),
    ("container.wait_healthy", catalogue::WAIT_HEALTHY),
    ("container.inspect", catalogue::INSPECT),
    ("container.logs", catalogue::LOGS),
    ("container.exec", catalogue::EXEC),
    ("service.scale", catalogue::SCALE),
    ("volume.remove", catalogue::REMOVE_VOLUME),
    ("stack.health", catalogue::HEALTH),
    ("stack.bundle", catalogue::BUNDLE),
    ("network.probe", catalogue::PROBE),
    ("port.holder", catalogue::PORT_HOLDER),
    ("engine.prune", catalogue::PRUNE),
    ("compose.up", catalogue::COMPOSE_UP),
    ("compose.build", catalogue::COMPOSE_BUILD),
    ("compose.pull", catalogue::COMPOSE_PULL),
    ("compose.down", catalogue::COMPOSE_DOWN),
    ("compose.config", catalogue::COMPOSE_CONFIG),
    ("compose.run", catalogue::COMPOSE_RUN),
    ("program.run", catalogue::PROGRAM_RUN),
    ("git.checkout", catalogue::CHECKOUT),
    ("image.keep", catalogue::KEEP_IMAGES),
    ("image.restore", catalogue::RESTORE_IMAGES),
    ("stack.preflight", catalogue::PREFLIGHT),
    ("stack.drift", catalogue::DRIFT),
    ("stack.wait_well", catalogue::STACK_WELL),
];

/// Keys that make a step what it is, besides actions.
pub const OTHER_KINDS: [&str; 3] = ["gate", "call", "for_each"];

pub fn action(key: &str) -> Option<Spec> {
    ACTIONS
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, spec)| *spec)
}

impl StepSpec {
    /// The keys of what it does: one, where the checks passed.
    pub fn kinds(&self) -> Vec<&'static str> {
        let given = [
            self.start.is_some(),
            self.stop.is_some(),
            self.restart.is_some(),
            self.kill.is_some(),
            self.remove.is_some(),
            self.set_aside.is_some(),
            self.make_anew.is_some(),
            self.wait_healthy.is_some(),
            self.inspect.is_some(),
            self.logs.is_some(),
            self.exec.is_some(),
            self.scale.is_some(),
            self.remove_volume.is_some(),
            self.health.is_some(),
            self.bundle.is_some(),
            self.probe.is_some(),
            self.port_holder.is_some(),
            self.prune.is_some(),
            self.compose_up.is_some(),
            self.compose_build.is_some(),
            self.compose_pull.is_some(),
            self.compose_down.is_some(),
            self.compose_config.is_some(),
            self.compose_run.is_some(),
            self.program_run.is_some(),
            self.checkout.is_some(),
            self.keep_images.is_some(),
            self.restore_images.is_some(),
            self.preflight.is_some(),
            self.drift.is_some(),
            self.stack_well.is_some(),
        ];
        let others = [
            self.gate.is_some(),
            self.call.is_some(),
            self.for_each.is_some(),
        ];
        let actions = ACTIONS.iter().map(|(name, _)| *name).zip(given);
        actions
            .chain(OTHER_KINDS.into_iter().zip(others))
            .filter(|(_, given)| *given)
            .map(|(name, _)| name)
            .collect()
    }

    /// What it is called where it has no id: the last word of its action.
    pub fn name(&self) -> String {
        let kind = || self.kinds().first().copied().unwrap_or("step");
        self.id
            .clone()
            .unwrap_or_else(|| kind().rsplit('.').next().unwrap_or("step").to_owned())
    }

    /// The risk of this step and of those inside it; calls are not followed.
    pub fn risk(&self) -> Risk {
        let own = self.kinds().into_iter().filter_map(action);
        let inner = self.steps.iter().map(Self::risk);
        own.map(|spec| spec.risk)
            .chain(inner)
            .max()
            .unwrap_or(Risk::Read)
    }
}
