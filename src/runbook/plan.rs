//! What exactly would be done, fixed before anybody says yes: every container by its id, every step
//! in order, the risk of the whole, and a hash of it all. Nothing is resolved again afterwards.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::condition::Facts;
use super::language::OnFailure;
use crate::action::container::Container;
use crate::action::operate::KeptImage;
use crate::action::{Action, Risk};
use crate::say;
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
    /// Conditions of the calls around it, each as its caller sees the world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    pub expect: Option<String>,
    pub limit: Duration,
    pub retry: Option<Retry>,
    pub on_failure: OnFailure,
    /// Which of the plan's scopes its conditions see.
    pub scope: usize,
}

/// A condition that stands at the call of a runbook and holds for every step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    pub when: String,
    pub scope: usize,
    pub round: String,
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
            guards: Vec::new(),
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

    /// Whether it is done at all is found out on the way.
    pub fn is_conditional(&self) -> bool {
        self.when.is_some() || !self.guards.is_empty()
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
    /// To what ran before: nobody means to undo that by going back once more.
    #[serde(default)]
    pub back: bool,
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
    /// Who suffers meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Clean>,
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
            warnings: Vec::new(),
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

    /// `host/stack`, or `host/*` where every stack of the host is concerned.
    pub fn place(&self) -> String {
        let is_prune = |step: &PlannedStep| matches!(step.action, Action::Prune { .. });
        if self.all_steps().any(is_prune) {
            return format!("{}/*", self.host);
        }
        format!("{}/{}", self.host, self.stack)
    }

    pub fn stack(&self) -> Option<&Name> {
        Some(&self.stack).filter(|stack| !stack.is_empty())
    }
}
