//! What exactly would be done, fixed before anybody says yes: every container by its id, every step
//! in order, the risk of the whole, and a hash of it all. Nothing is resolved again afterwards.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::condition::Facts;
use super::language::OnFailure;
use crate::action::container::Container;
use crate::action::operate::KeptImage;
use crate::action::{Action, Prunable, Risk, Subject};
use crate::command::Change;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// How long a container may take to get healthy before its step has failed.
pub const HEALTH_LIMIT: Duration = Duration::from_secs(90);
/// No step takes longer than this, unless it says so.
pub const STEP_LIMIT: Duration = Duration::from_mins(10);
/// No run takes longer than this, unless it says so.
pub const RUN_LIMIT: Duration = Duration::from_hours(1);

/// Trying again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    pub times: u32,
    /// Before the first time; each later pause is twice as long.
    pub pause: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Told apart from every other step of the plan.
    pub id: String,
    /// What conditions and people call it: several containers share one.
    pub name: String,
    /// The value of the loop around it, and the runbook that was called for it.
    pub round: String,
    pub action: Action,
    /// As people read it: `restart shop-api-1`.
    pub says: Clean,
    pub when: Option<String>,
    pub expect: Option<String>,
    pub limit: Duration,
    pub retry: Option<Retry>,
    pub on_failure: OnFailure,
    /// Which of the plan's scopes its conditions see.
    pub scope: usize,
}

impl PlannedStep {
    pub fn new(name: &str, id: String, action: Action, says: Clean) -> Self {
        let limit = match &action {
            Action::WaitHealthy { limit, .. } | Action::StackWell { limit, .. } => {
                *limit + Duration::from_secs(5)
            }
            // it ends by itself, and says how far it came
            Action::Call(call) => call.limit + Duration::from_secs(5),
            Action::Gate { .. } => RUN_LIMIT,
            _ => STEP_LIMIT,
        };
        Self {
            id,
            name: name.to_owned(),
            round: String::new(),
            action,
            says,
            when: None,
            expect: None,
            limit,
            retry: None,
            on_failure: OnFailure::Stop,
            scope: 0,
        }
    }

    pub fn risk(&self) -> Risk {
        self.action.risk()
    }
}

/// Steps one after the other; where there are several lanes, so many lanes at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub at_once: usize,
    pub lanes: Vec<Vec<PlannedStep>>,
}

/// A container as it was when the plan was made. If it is another one now, the plan is not what
/// anybody meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Witness {
    pub id: String,
    pub name: String,
    pub image_id: String,
}

impl Witness {
    pub fn of(container: &Container) -> Self {
        Self {
            id: container.id.clone(),
            name: container.name.clone(),
            image_id: container.image_id.clone(),
        }
    }
}

/// What the report says beyond what happened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PlannedReport {
    pub issue: Option<Clean>,
    pub prevention: Vec<Clean>,
    pub related: Vec<Name>,
}

/// A checkout that goes elsewhere, and what ran before: enough to go back later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub from: String,
    pub to: String,
    pub images: Vec<KeptImage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub title: Clean,
    /// The runbook, or the word that was typed.
    pub runbook: Name,
    pub host: Name,
    /// Empty for containers of no stack and for the host as a whole.
    pub stack: Name,
    /// Of the stack; empty where none is configured.
    #[serde(default, skip_serializing_if = "Name::is_empty")]
    pub environment: Name,
    /// `stack/service` of what is changed, for the report.
    pub services: Vec<Name>,
    /// The least it counts as, however harmless its steps look.
    pub declared: Risk,
    pub limit: Duration,
    pub stages: Vec<Stage>,
    pub rollback: Vec<PlannedStep>,
    pub verify: Vec<PlannedStep>,
    /// What conditions see of parameters and loops.
    pub scopes: Vec<Facts>,
    pub witnesses: Vec<Witness>,
    pub report: PlannedReport,
    /// What would be different afterwards, for whoever decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Clean>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

impl Plan {
    /// Nothing to do yet.
    pub fn empty(title: Clean, runbook: &str, host: &Name) -> Self {
        Self {
            title,
            runbook: Name::new(runbook),
            host: host.clone(),
            stack: Name::default(),
            environment: Name::default(),
            services: Vec::new(),
            declared: Risk::Read,
            limit: RUN_LIMIT,
            stages: Vec::new(),
            rollback: Vec::new(),
            verify: Vec::new(),
            scopes: vec![Facts::new()],
            witnesses: Vec::new(),
            report: PlannedReport::default(),
            changes: Vec::new(),
            moved: None,
        }
    }

    /// The steps that are done when all goes well, in order; verification is not among them.
    pub fn steps(&self) -> impl Iterator<Item = &PlannedStep> {
        let lanes = self.stages.iter().flat_map(|stage| &stage.lanes);
        lanes.flatten()
    }

    /// Every step there is, whatever happens.
    pub fn all_steps(&self) -> impl Iterator<Item = &PlannedStep> {
        self.steps().chain(&self.rollback).chain(&self.verify)
    }

    pub fn risk(&self) -> Risk {
        let steps = self.all_steps().map(PlannedStep::risk).max();
        steps.unwrap_or(Risk::Read).max(self.declared)
    }

    /// What was approved is what has this hash.
    pub fn hash(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What it changes, as its lock is called. Who only looks is in nobody's way.
    pub fn lock(&self) -> Option<String> {
        (self.risk() > Risk::Read).then(|| self.place())
    }

    /// The environment stands in the title, wherever that is read.
    #[must_use]
    pub fn in_environment(mut self, environment: Option<&str>) -> Self {
        if let Some(environment) = environment {
            self.environment = Name::new(environment);
            self.title = say!("{} ({})", self.title, self.environment);
            let issue = self.report.issue.take();
            self.report.issue = issue.map(|issue| say!("{} ({})", issue, self.environment));
        }
        self
    }

    /// `host/stack`.
    pub fn place(&self) -> String {
        format!("{}/{}", self.host, self.stack)
    }

    pub fn stack(&self) -> Option<&Name> {
        Some(&self.stack).filter(|stack| !stack.is_empty())
    }

    /// One change to services that are already in the order in which they are to be changed.
    pub fn change(host: &Name, change: &Change, services: &[(&Key, &[Container])]) -> Self {
        let names: Vec<Clean> = services
            .iter()
            .map(|(key, _)| Clean::from(&key.service))
            .collect();
        let title = say!("{} {}", change.verb(), Clean::join(&names, ", "));
        let first = services.first();
        let replicas = || services.iter().flat_map(|(_, replicas)| replicas.iter());
        Self {
            stack: first
                .and_then(|(key, _)| key.stack.clone())
                .unwrap_or_default(),
            services: services
                .iter()
                .map(|(key, _)| Name::new(&key.to_string()))
                .collect(),
            stages: vec![Stage {
                at_once: 1,
                lanes: vec![
                    replicas()
                        .flat_map(|replica| steps(change, replica))
                        .collect(),
                ],
            }],
            witnesses: replicas().map(Witness::of).collect(),
            ..Self::empty(title, change.verb(), host)
        }
    }

    pub fn prune(host: &Name, what: Prunable) -> Self {
        let words = what.words();
        let action = Action::Prune { what };
        let step = PlannedStep::new(
            "prune",
            "prune".to_owned(),
            action,
            say!("remove {}", words),
        );
        Self {
            stages: vec![Stage {
                at_once: 1,
                lanes: vec![vec![step]],
            }],
            ..Self::empty(say!("prune {}", words), "prune", host)
        }
    }
}

/// The steps of a word for one container.
fn steps(change: &Change, replica: &Container) -> Vec<PlannedStep> {
    let subject = Subject {
        id: replica.id.clone(),
        name: replica.name.clone(),
    };
    let name = Name::new(&replica.name);
    let step = |action: Action, says| {
        let word = action.spec().name.rsplit('.').next().unwrap_or_default();
        PlannedStep::new(word, format!("{word} {}", replica.name), action, says)
    };
    let healthy = |subject| {
        let limit = HEALTH_LIMIT;
        let says = say!("wait until {} is well", name);
        step(Action::WaitHealthy { subject, limit }, says)
    };
    match change {
        Change::Start => {
            let start = Action::Start {
                subject: subject.clone(),
            };
            vec![step(start, say!("start {}", name)), healthy(subject)]
        }
        Change::Restart { grace } => {
            let restart = Action::Restart {
                subject: subject.clone(),
                grace: *grace,
            };
            vec![step(restart, say!("restart {}", name)), healthy(subject)]
        }
        Change::Stop { grace } => {
            let grace = *grace;
            vec![step(Action::Stop { subject, grace }, say!("stop {}", name))]
        }
        Change::Kill { signal } => {
            let says = say!("send {} to {}", Name::new(signal), name);
            let signal = signal.clone();
            vec![step(Action::Kill { subject, signal }, says)]
        }
        Change::Remove => {
            let force = false;
            vec![step(
                Action::Remove { subject, force },
                say!("remove {}", name),
            )]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(change: &Change) -> Plan {
        let replica = Container {
            id: "1f".into(),
            name: "shop-api-1".into(),
            ..Container::default()
        };
        let key = Key::new(Some("shop"), "api");
        Plan::change(&Name::new("local"), change, &[(&key, &[replica])])
    }

    #[test]
    fn says_what_it_does_and_how_risky_that_is() {
        let restart = plan(&Change::Restart { grace: None });
        let says: Vec<&str> = restart.steps().map(|step| step.says.as_str()).collect();
        assert_eq!(
            says,
            ["restart shop-api-1", "wait until shop-api-1 is well"]
        );
        assert_eq!(
            (restart.risk(), restart.title.as_str()),
            (Risk::Change, "restart api")
        );
        assert_eq!(plan(&Change::Remove).risk(), Risk::Destructive);
        assert_eq!(restart.lock().as_deref(), Some("local/shop"));
    }

    #[test]
    fn the_hash_follows_every_detail_and_survives_storage() {
        let one = plan(&Change::Restart { grace: None });
        let other = plan(&Change::Restart {
            grace: Some(Duration::from_secs(1)),
        });
        assert_ne!(one.hash(), other.hash());
        let stored = serde_json::to_string(&one).unwrap();
        let back: Plan = serde_json::from_str(&stored).unwrap();
        assert_eq!((back.hash(), &back), (one.hash(), &one));
    }
}
