//! The `restart_cmd` of a registry's service as a plan: one step in its container, offered like any
//! other. The line is written by whoever keeps the registry; nothing that was typed goes into it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::action::container::Container;
use crate::action::{Action, Risk, Subject};
use crate::bot::Bot;
use crate::bot::states::called;
use crate::incident::Member;
use crate::incident::mending::RegistryFile;
use crate::run::{Plan, PlannedStep};
use crate::runbook::plan::{Stage, Witness};
use crate::say;
use crate::stack::Key;
use crate::stack::registry::{Registered, Registry};
use crate::survey::Survey;
use crate::text::{Clean, Name, Redactor};

/// What starts something goes to the background or ends soon.
const LIMIT: Duration = Duration::from_mins(1);

/// What would be done, or why nothing can be.
pub(super) async fn plan(bot: &Bot, member: &Member) -> Result<Plan, Clean> {
    let (container, line) = registered(&bot.conduct.registries, member)?;
    let clean = |text: &str| Redactor::shapes_only().clean(text);
    let host = bot.fleet.host(Some(&member.print.host)).await;
    let host = host.map_err(|error| clean(&error.to_string()))?;
    let survey = Survey::take(&host, bot.clock, &bot.secrets).await;
    let survey = survey.map_err(|error| clean(&error.to_string()))?;
    let Some((key, found)) = called(&survey.inventory, &container) else {
        return Err(say!("there is no container `{}`", Name::new(&container)));
    };
    Ok(one_step(&survey.host, key, found, member, &line))
}

/// The container and the line, as the file says now.
fn registered(files: &[RegistryFile], member: &Member) -> Result<(String, String), Clean> {
    let print = &member.print;
    let here = |file: &&RegistryFile| file.host == print.host && file.stack == print.stack;
    let read = |file: &RegistryFile| -> Option<Registered> {
        let text = std::fs::read_to_string(&file.file).ok()?;
        let registry = Registry::parse(&file.file.display().to_string(), &text).ok()?;
        let mut services = registry.services.into_iter();
        let (_, found) = services.find(|(name, _)| Name::new(name) == print.service.as_str())?;
        Some(found)
    };
    let found = files.iter().filter(here).find_map(read);
    let found = found.ok_or_else(|| say!("no registry knows `{}`", member.place()))?;
    match (found.container, found.restart_cmd) {
        (Some(container), Some(line)) if !line.trim().is_empty() => Ok((container, line)),
        _ => Err(say!(
            "its registry has no `restart_cmd` and `container` for it"
        )),
    }
}

fn one_step(host: &Name, key: &Key, container: &Container, member: &Member, line: &str) -> Plan {
    let name = Name::new(&container.name);
    let title = say!("restart of {} by its registry", member.place());
    let action = Action::Exec {
        subject: Subject {
            id: container.id.clone(),
            name: container.name.clone(),
        },
        argv: ["sh", "-c", line].map(str::to_owned).to_vec(),
        env: BTreeMap::new(),
        limit: LIMIT,
    };
    let shown = Redactor::shapes_only().clean(line);
    let says = say!("run `{}` in {}", shown, name);
    let step = PlannedStep::new("restart_cmd", "restart_cmd".to_owned(), action, says);
    let mut plan = Plan::empty(title, "restart_cmd", host);
    plan.stack = key.stack.clone().unwrap_or_default();
    plan.services = vec![Name::new(&key.to_string())];
    plan.declared = Risk::Change;
    plan.stages = vec![Stage {
        at_once: 1,
        lanes: vec![vec![step]],
    }];
    plan.witnesses = vec![Witness::of(container)];
    plan
}
