//! Steps about a stack as a whole: programs of its host, its checkout, whether it is well. What a
//! program writes is told line by line, and kept where it failed.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::act::{Miss, Tools, Yield, is_well, state, tail, tail_of};
use crate::action::Action;
use crate::action::operate::{Call, Checkout, Verb};
use crate::compose::{Moved, Operator, Running, drift, failure, last_words};
use crate::engine::EngineError;
use crate::host::program::{ProgramError, Ran};
use crate::host::{Fleet, FleetError};
use crate::say;
use crate::stack::revisions::short;
use crate::stack::site::removes_volumes;
use crate::stack::{Inventory, Sites};
use crate::text::{Clean, Name, Raw, Redactor};

/// Of a failed program so much is kept in the journal.
const LOG: usize = 64 * 1024;
/// A stack that is well has to stay so for a moment before anybody says it is.
const SETTLED: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Told each line that a program writes.
pub type OnLine<'t> = &'t (dyn Fn(Clean) + Send + Sync);

/// Where the programs of a host are started.
#[derive(Clone, Copy)]
pub enum Ground<'g> {
    Real {
        fleet: &'g Fleet,
        sites: &'g Sites,
        host: &'g Name,
        on_line: OnLine<'g>,
    },
    /// Nothing is started: what is named fails, and all else is well.
    Rehearsed { failing: &'g [String] },
}

impl Tools<'_> {
    /// `None`: it is no step of this kind.
    pub(super) async fn operate(&self, action: &Action) -> Option<Result<Yield, Miss>> {
        let is_ours = matches!(
            action,
            Action::Call(_)
                | Action::Checkout(_)
                | Action::Preflight { .. }
                | Action::Drift { .. }
                | Action::StackWell { .. }
                | Action::KeepImages { .. }
                | Action::RestoreImages { .. }
        );
        if let (Ground::Rehearsed { failing }, true) = (self.ground, is_ours) {
            return Some(Ok(rehearsed(action, failing)));
        }
        Some(match action {
            Action::Call(call) => self.call(call).await,
            Action::Checkout(checkout) => self.checkout(checkout).await,
            Action::Preflight { project } => self.preflight(project).await,
            Action::Drift { project } => self.drift(project).await,
            Action::StackWell { project, limit } => self
                .stack_well(project, *limit)
                .await
                .map_err(|error| Miss::of(&error, action)),
            _ => return None,
        })
    }

    async fn operator(&self, project: &str) -> Result<Operator<'_>, Miss> {
        let Ground::Real {
            fleet, sites, host, ..
        } = self.ground
        else {
            return Err(say!("nothing is started in a rehearsal").into());
        };
        let Some(site) = sites.at(host.as_str(), project) else {
            let project = Name::new(project);
            let why = say!(
                "`{}` on {} is no longer in the configuration",
                project,
                host
            );
            return Err(why.into());
        };
        let place = match fleet.place(Some(host.as_str())).await {
            Ok(place) => place,
            Err(FleetError::Engine { error, .. }) if error.is_retryable() => {
                return Err(Miss::Unsent(error.say()));
            }
            Err(error) => return Err(Redactor::shapes_only().clean(&error.to_string()).into()),
        };
        let engine = fleet.engine_address(host.as_str()).await;
        Ok(Operator::new(site, place, engine))
    }

    async fn call(&self, call: &Call) -> Result<Yield, Miss> {
        let operator = self.operator(&call.project).await?;
        if operator.site.fingerprint() != call.settings {
            let why = say!(
                "the settings of `{}` are not what they were when this was planned; ask for it again",
                Name::new(&call.project)
            );
            return Err(why.into());
        }
        if removes_volumes(&call.argv) {
            return Err(say!("this would remove volumes, and nothing here does").into());
        }
        let heard = |line: &Raw| {
            if let (Ground::Real { on_line, .. }, true) = (self.ground, call.verb != Verb::Config) {
                on_line(self.redactor.raw(line));
            }
        };
        let started = operator.start(call.argv.clone(), call.limit, &heard).await;
        let ran = started.map_err(|error| {
            let why = Redactor::shapes_only().clean(&error.to_string());
            match error {
                // on another host: whether it came to its end is not known
                ProgramError::Broken(_) => Miss::Lost(why),
                _ => Miss::Failed(why),
            }
        })?;
        if call.verb == Verb::Config && ran.succeeded() {
            let resolved = crate::compose::Resolved::read(ran.stdout)?;
            let text = self.redactor.clean(resolved.shown(&[]).as_str());
            return Ok(Yield::text(tail(&text)));
        }
        Ok(self.came_of(call.verb, &ran))
    }

    /// Of what went well a task's own words; of what failed its step, its last lines and its log.
    fn came_of(&self, verb: Verb, ran: &Ran) -> Yield {
        let log = ran.both.expose();
        if ran.succeeded() {
            let speaks = matches!(verb, Verb::Run | Verb::Program);
            let text = if speaks {
                tail(&self.redactor.clean(log))
            } else {
                Clean::default()
            };
            return Yield {
                data: json!({ "exit_code": 0, "text": text.as_str() }),
                text,
                failed: None,
            };
        }
        let log = self.redactor.clean(log);
        let step = failure::failing_step(log.as_str()).filter(|_| verb == Verb::Build);
        let step = step.map(|step| self.redactor.clean(&step));
        let last = match failure::reason(log.as_str()) {
            Some(reason) => reason.into(),
            None => self.redactor.clean(last_words(ran).as_str()),
        };
        let failed = match &step {
            Some(step) => say!("{}: {}", step, last),
            None => last,
        };
        let lines = failure::last_lines(log.as_str()).join("\n");
        Yield {
            data: json!({
                "exit_code": ran.code,
                "step": step.as_ref().map(Clean::as_str),
                "log": tail_of(&log, LOG).as_str(),
            }),
            text: self.redactor.clean(&lines),
            failed: Some(failed),
        }
    }

    async fn checkout(&self, checkout: &Checkout) -> Result<Yield, Miss> {
        let operator = self.operator(&checkout.project).await?;
        let to = short(&checkout.to);
        Ok(Yield::text(match operator.go(checkout).await? {
            Moved::Now => say!("at {}", to),
            Moved::Already => say!("at {} already", to),
        }))
    }

    async fn preflight(&self, project: &str) -> Result<Yield, Miss> {
        let points = self.operator(project).await?.preflight().await?;
        let bad: Vec<Clean> = points
            .iter()
            .filter_map(|point| Some(say!("{} {}", point.what, point.bad.clone()?)))
            .collect();
        let text = if bad.is_empty() {
            say!("all {} points are well", points.len())
        } else {
            Clean::join(&bad, "\n")
        };
        Ok(Yield {
            data: json!({ "points": points.len(), "bad": bad.len() }),
            failed: (!bad.is_empty()).then(|| Clean::join(&bad, "; ")),
            text,
        })
    }

    async fn drift(&self, project: &str) -> Result<Yield, Miss> {
        let operator = self.operator(project).await?;
        let resolved = operator.resolved().await?;
        let action = Action::Drift {
            project: project.to_owned(),
        };
        let missed = |error: EngineError| Miss::of(&error, &action);
        let running = Running::look(self.engine, project).await;
        let found = drift(operator.site, &resolved, &running.map_err(missed)?);
        let told: Vec<Clean> = found
            .iter()
            .map(|one| say!("{} {}", one.service, one.what))
            .collect();
        let services: Vec<&str> = found.iter().map(|one| one.service.as_str()).collect();
        Ok(Yield {
            data: json!({ "differences": told.len(), "services": services }),
            failed: (!told.is_empty()).then(|| Clean::join(&told, "; ")),
            text: if told.is_empty() {
                say!(
                    "all {} services are as the files say",
                    resolved.services.len()
                )
            } else {
                Clean::join(&told, "\n")
            },
        })
    }

    /// Asks again and again: after a deploy the containers are others than before.
    async fn stack_well(&self, project: &str, limit: Duration) -> Result<Yield, EngineError> {
        let until = Instant::now() + limit;
        let mut steady: Option<(Instant, Lives)> = None;
        loop {
            let (lives, ill) = self.seen(project).await?;
            let is_well = ill.is_empty() && !lives.is_empty();
            let since = match &steady {
                Some((since, before)) if *before == lives => *since,
                _ => Instant::now(),
            };
            if is_well && since.elapsed() >= SETTLED.min(limit) {
                return Ok(Yield {
                    data: json!({ "well": lives.len() }),
                    text: say!("all {} containers are well", lives.len()),
                    failed: None,
                });
            }
            if !is_well && Instant::now() >= until {
                return Ok(not_well(&ill, limit));
            }
            steady = is_well.then_some((since, lives));
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Every container with how often it was restarted, and those that are not well.
    async fn seen(&self, project: &str) -> Result<(Lives, Vec<Clean>), EngineError> {
        let inventory = Inventory::new(self.engine.containers().await?);
        let replicas = inventory
            .in_stack(project)
            .flat_map(|service| &service.replicas);
        let (mut lives, mut ill) = (Vec::new(), Vec::new());
        for replica in replicas {
            lives.push((replica.id.clone(), replica.restart_count));
            if !is_well(replica) {
                ill.push(say!("{} is {}", Name::new(&replica.name), state(replica)));
            }
        }
        Ok((lives, ill))
    }
}

/// Containers with how often each was restarted.
type Lives = Vec<(String, u64)>;

fn not_well(ill: &[Clean], limit: Duration) -> Yield {
    let text = if ill.is_empty() {
        say!("no container of it is there")
    } else {
        Clean::join(ill, ", ")
    };
    let failed = say!("not well within {} s: {}", limit.as_secs(), text);
    Yield {
        data: json!({ "well": 0 }),
        failed: Some(failed.clone()),
        text: failed,
    }
}

fn rehearsed(action: &Action, failing: &[String]) -> Yield {
    let name = action.spec().name;
    let fails = failing.iter().any(|failing| failing == name);
    Yield {
        failed: fails.then(|| say!("{} was to fail here", name)),
        ..Yield::text(say!("{} was rehearsed", name))
    }
}
