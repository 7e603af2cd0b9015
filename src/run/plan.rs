//! What exactly would be done, fixed before anybody says yes: every container by its id, every step
//! in order, the risk of the whole, and a hash of it all. Nothing is resolved again afterwards.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::action::container::Container;
use crate::action::{Action, Prunable, Risk, Subject};
use crate::command::Change;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// How long a container may take to get healthy before its step has failed.
const HEALTH_LIMIT: Duration = Duration::from_secs(90);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    pub action: Action,
    /// As people read it: `restart shop-api-1`.
    pub says: Clean,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub title: Clean,
    pub host: Name,
    /// Empty for containers of no stack and for the host as a whole.
    pub stack: Name,
    /// `stack/service` of what is changed, for the report.
    pub services: Vec<Name>,
    pub steps: Vec<PlannedStep>,
}

impl Plan {
    pub fn risk(&self) -> Risk {
        self.steps
            .iter()
            .map(|step| step.action.spec().risk)
            .max()
            .unwrap_or(Risk::Read)
    }

    /// What was approved is what has this hash.
    pub fn hash(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What it changes, as its lock is called.
    pub fn lock(&self) -> String {
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
        let stack = services
            .first()
            .and_then(|(key, _)| key.stack.clone())
            .unwrap_or_default();
        let replicas = services.iter().flat_map(|(_, replicas)| replicas.iter());
        Self {
            title: say!("{} {}", change.verb(), Clean::join(&names, ", ")),
            host: host.clone(),
            stack,
            services: services
                .iter()
                .map(|(key, _)| Name::new(&key.to_string()))
                .collect(),
            steps: replicas
                .flat_map(|replica| steps(change, replica))
                .collect(),
        }
    }

    pub fn prune(host: &Name, what: Prunable) -> Self {
        let words = match what {
            Prunable::StoppedContainers => "stopped containers",
            Prunable::DanglingImages => "images without a name",
            Prunable::UnusedNetworks => "networks that nothing uses",
            Prunable::BuildCache => "build cache",
        };
        let step = PlannedStep {
            action: Action::Prune { what },
            says: say!("remove {}", words),
        };
        Self {
            title: say!("prune {}", words),
            host: host.clone(),
            stack: Name::default(),
            services: Vec::new(),
            steps: vec![step],
        }
    }
}

fn steps(change: &Change, replica: &Container) -> Vec<PlannedStep> {
    let subject = Subject {
        id: replica.id.clone(),
        name: replica.name.clone(),
    };
    let name = Name::new(&replica.name);
    let step = |action, says| PlannedStep { action, says };
    let healthy = |subject| {
        step(
            Action::WaitHealthy {
                subject,
                limit: HEALTH_LIMIT,
            },
            say!("wait until {} is well", name),
        )
    };
    match change {
        Change::Start => vec![
            step(
                Action::Start {
                    subject: subject.clone(),
                },
                say!("start {}", name),
            ),
            healthy(subject),
        ],
        Change::Restart { grace } => {
            let action = Action::Restart {
                subject: subject.clone(),
                grace: *grace,
            };
            vec![step(action, say!("restart {}", name)), healthy(subject)]
        }
        Change::Stop { grace } => vec![step(
            Action::Stop {
                subject,
                grace: *grace,
            },
            say!("stop {}", name),
        )],
        Change::Kill { signal } => {
            let says = say!("send {} to {}", Name::new(signal), name);
            vec![step(
                Action::Kill {
                    subject,
                    signal: signal.clone(),
                },
                says,
            )]
        }
        Change::Remove => vec![step(
            Action::Remove {
                subject,
                force: false,
            },
            say!("remove {}", name),
        )],
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
        let says: Vec<&str> = restart
            .steps
            .iter()
            .map(|step| step.says.as_str())
            .collect();
        assert_eq!(
            says,
            ["restart shop-api-1", "wait until shop-api-1 is well"]
        );
        assert_eq!(
            (restart.risk(), restart.title.as_str()),
            (Risk::Change, "restart api")
        );
        assert_eq!(plan(&Change::Remove).risk(), Risk::Destructive);
        assert_eq!(restart.lock(), "local/shop");
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
