//! One step's action, with its arguments filled and its services found.

use std::time::Duration;

use super::looking::{address, port};
use super::steps::{Doing, time};
use super::volumes::{meant_volumes, volumes_of};
use super::{BindError, Binder, Bound, Values};
use crate::action::container::{Container, Status};
use crate::action::inventory::ASIDE_LABEL;
use crate::action::{Action, Prunable, Risk, Subject};
use crate::command::parse::{prunable, signal_name};
use crate::runbook::plan::HEALTH_LIMIT;
use crate::runbook::steps::{StepSpec, StopArgs};
use crate::runbook::template::{OneOrMany, Text};
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Name};

/// A program that a runbook starts has so long, unless its step says otherwise.
const EXEC_LIMIT: Duration = Duration::from_mins(1);

pub(super) type Doings = Bound<Vec<Doing>>;

impl<'b> Binder<'b> {
    pub(super) fn doings(
        &mut self,
        step: &StepSpec,
        limit: Option<Duration>,
        scope: &Values,
    ) -> Doings {
        if let Some(doings) = self.operating(step, limit, scope) {
            return doings;
        }
        if let Some(args) = &step.start {
            return self.each(&args.services, scope, Risk::Change, |subject, name| {
                (Action::Start { subject }, say!("start {}", name))
            });
        }
        if let Some(args) = &step.stop {
            return self.stopping(args, scope, |subject, grace, name| {
                (Action::Stop { subject, grace }, say!("stop {}", name))
            });
        }
        if let Some(args) = &step.restart {
            let mut doings = self.stopping(args, scope, |subject, grace, name| {
                (Action::Restart { subject, grace }, say!("restart {}", name))
            })?;
            doings.reverse();
            return Ok(doings);
        }
        if let Some(args) = &step.wait_healthy {
            let limit = limit.unwrap_or(HEALTH_LIMIT);
            return self.alive(&args.services, scope, Risk::Read, |subject, name| {
                let says = say!("wait until {} is well", name);
                (Action::WaitHealthy { subject, limit }, says)
            });
        }
        if let Some(args) = &step.inspect {
            return self.each(&args.services, scope, Risk::Read, |subject, name| {
                (Action::Inspect { subject }, say!("look at {}", name))
            });
        }
        if let Some(args) = &step.kill {
            let signal = args.signal.as_ref().map(|text| text.fill(&scope.texts));
            let signal =
                signal_name(signal.as_deref().unwrap_or("KILL")).map_err(BindError::one)?;
            return self.each(&args.services, scope, Risk::Change, |subject, name| {
                let says = say!("send {} to {}", Name::new(&signal), name);
                let signal = signal.clone();
                (Action::Kill { subject, signal }, says)
            });
        }
        self.removing(step, limit, scope)
    }

    /// What takes something away, and what makes it again.
    fn removing(&mut self, step: &StepSpec, limit: Option<Duration>, scope: &Values) -> Doings {
        if let Some(args) = &step.remove {
            let force = args.force;
            let mut doings =
                self.each(&args.services, scope, Risk::Destructive, |subject, name| {
                    (Action::Remove { subject, force }, say!("remove {}", name))
                })?;
            doings.reverse();
            let gone = doings.iter().flat_map(|doing| doing.action.subjects());
            let gone: Vec<String> = gone.map(|subject| subject.id.clone()).collect();
            self.gone.extend(gone);
            return Ok(doings);
        }
        if let Some(args) = &step.set_aside {
            let containers = self.containers(&args.services, scope, Risk::Change)?;
            let meant = meant_volumes(&containers, args.volume.as_ref(), scope)?;
            let doing = |container: &&Container| Doing {
                action: Action::SetAside {
                    subject: self.subject(container),
                    volumes: volumes_of(container)
                        .intersection(&meant)
                        .cloned()
                        .collect(),
                },
                says: say!("keep the settings of {}", Name::new(&container.name)),
            };
            return Ok(containers.iter().map(doing).collect());
        }
        if let Some(args) = &step.make_anew {
            let containers = self.containers(&args.services, scope, Risk::Change)?;
            let doing = |container: &&Container| Doing {
                action: Action::MakeAnew {
                    name: container.name.clone(),
                },
                says: say!("make {} anew", Name::new(&container.name)),
            };
            return Ok(containers.iter().map(doing).collect());
        }
        if let Some(args) = &step.remove_volume {
            return self.volumes(args, scope);
        }
        if let Some(args) = &step.prune {
            let what = prunable(&args.what.fill(&scope.texts))
                .map_err(|error| BindError::one(error.to_string()))?;
            return self.prune(what);
        }
        self.looking(step, limit, scope)
    }

    /// Containers by name: whoever says yes sees what goes.
    fn prune(&self, what: Prunable) -> Doings {
        if what != Prunable::StoppedContainers {
            return Ok(vec![Doing {
                action: Action::Prune {
                    what,
                    subjects: Vec::new(),
                },
                says: say!("remove {}", what.words()),
            }]);
        }
        let is_stopped = |one: &&Container| {
            let ended = matches!(
                one.state.status,
                Status::Created | Status::Exited | Status::Dead
            );
            ended && !one.labels.contains_key(ASIDE_LABEL)
        };
        let all = self.world.inventory.containers();
        let mut stopped: Vec<&Container> = all.filter(is_stopped).collect();
        stopped.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<Clean> = stopped
            .iter()
            .map(|one| Name::new(&one.name).into())
            .collect();
        let says = if names.is_empty() {
            say!("remove nothing: no container is stopped")
        } else {
            let count = containers_in_words(names.len());
            say!("remove {}, stopped: {}", count, Clean::join(&names, ", "))
        };
        let subjects = stopped.iter().map(|one| self.subject(one)).collect();
        Ok(vec![Doing {
            action: Action::Prune { what, subjects },
            says,
        }])
    }

    fn looking(&mut self, step: &StepSpec, limit: Option<Duration>, scope: &Values) -> Doings {
        if let Some(args) = &step.exec {
            return self.exec(args, limit.unwrap_or(EXEC_LIMIT), scope);
        }
        if let Some(args) = &step.scale {
            return self.scale(args, scope);
        }
        if let Some(args) = &step.logs {
            return self.logs(args, scope);
        }
        if let Some(args) = &step.probe {
            return self.probe(args, scope);
        }
        if let Some(args) = &step.port_holder {
            let port = port(&args.port, scope)?;
            let address = address(args.address.as_ref(), scope)?;
            return Ok(vec![Doing {
                action: Action::PortHolder { port, address },
                says: say!("find who holds port {}", port),
            }]);
        }
        if let Some(args) = &step.health {
            let subjects = self.subjects(&args.services, scope)?;
            let says = say!(
                "look at the health of {}",
                containers_in_words(subjects.len())
            );
            return Ok(vec![Doing {
                action: Action::Health { subjects },
                says,
            }]);
        }
        if let Some(args) = &step.bundle {
            let subjects = self.subjects(&args.services, scope)?;
            let says = say!(
                "collect what is known of {}",
                containers_in_words(subjects.len())
            );
            let stack = scope.stack.clone().unwrap_or_default();
            return Ok(vec![Doing {
                action: Action::Bundle { stack, subjects },
                says,
            }]);
        }
        if let Some(text) = &step.gate {
            let text = self.clean(&text.fill(&scope.texts));
            let says = say!("wait for somebody's word: {}", text);
            return Ok(vec![Doing {
                action: Action::Gate { text },
                says,
            }]);
        }
        Ok(Vec::new())
    }

    pub(super) fn each(
        &mut self,
        services: &OneOrMany,
        scope: &Values,
        risk: Risk,
        make: impl Fn(Subject, Name) -> (Action, Clean),
    ) -> Doings {
        let containers = self.containers(services, scope, risk)?;
        let doing = |container: &&Container| {
            let (action, says) = make(self.subject(container), Name::new(&container.name));
            Doing { action, says }
        };
        Ok(containers.iter().map(doing).collect())
    }

    /// Without jobs that have done their work: who restarts a stack does not mean its migration.
    fn alive(
        &mut self,
        services: &OneOrMany,
        scope: &Values,
        risk: Risk,
        make: impl Fn(Subject, Name) -> (Action, Clean),
    ) -> Doings {
        let containers = self.containers(services, scope, risk)?;
        let several = containers.len() > 1;
        let alive = containers
            .iter()
            .filter(|one| !(several && is_finished(one)));
        let doing = |container: &&Container| {
            let (action, says) = make(self.subject(container), Name::new(&container.name));
            Doing { action, says }
        };
        Ok(alive.map(doing).collect())
    }

    /// Who needs others goes first.
    fn stopping(
        &mut self,
        args: &StopArgs,
        scope: &Values,
        make: impl Fn(Subject, Option<Duration>, Name) -> (Action, Clean),
    ) -> Doings {
        let grace = args.grace.as_ref().map(|text| text.fill(&scope.texts));
        // a parameter that was not given: the container's own setting counts
        let grace = match grace.filter(|text| !text.is_empty()) {
            Some(text) => Some(time(&text)?),
            None => None,
        };
        let mut doings = self.alive(&args.services, scope, Risk::Change, |subject, name| {
            make(subject, grace, name)
        })?;
        doings.reverse();
        Ok(doings)
    }

    pub(super) fn containers(
        &mut self,
        services: &OneOrMany,
        scope: &Values,
        risk: Risk,
    ) -> Bound<Vec<&'b Container>> {
        let chosen = self.services(&services.fill(&scope.texts), scope)?;
        for one in &chosen {
            self.note(&one.service.key, risk);
        }
        Ok(chosen.iter().flat_map(Chosen::replicas).collect())
    }

    fn subjects(&mut self, services: &OneOrMany, scope: &Values) -> Bound<Vec<Subject>> {
        let containers = self.containers(services, scope, Risk::Read)?;
        Ok(containers.iter().map(|one| self.subject(one)).collect())
    }

    /// One container of a service: a running one where there is one.
    pub(super) fn one_container(
        &mut self,
        text: &Text,
        scope: &Values,
        risk: Risk,
    ) -> Bound<&'b Container> {
        let services = OneOrMany(vec![text.clone()]);
        let containers = self.containers(&services, scope, risk)?;
        let running = |container: &&&Container| container.state.status == Status::Running;
        let one = containers.iter().find(running).or(containers.first());
        one.copied()
            .ok_or_else(|| BindError::one("the service has no container"))
    }
}

/// It ended well and nothing will start it again.
fn is_finished(container: &Container) -> bool {
    let policy = container.restart_policy.name.as_str();
    container.state.status == Status::Exited
        && container.state.exit_code == Some(0)
        && matches!(policy, "" | "no" | "on-failure")
}

fn containers_in_words(count: usize) -> Clean {
    if count == 1 {
        say!("1 container")
    } else {
        say!("{} containers", count)
    }
}
