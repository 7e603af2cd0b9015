//! Which containers an incident or a registry means, and whether they look well, without a
//! diagnosis.

use jiff::{SignedDuration, Timestamp};

use crate::action::container::{Container, HealthStatus, Status};
use crate::incident::Member;
use crate::say;
use crate::stack::{Inventory, Key, Service};
use crate::survey::Survey;
use crate::text::{Clean, Name};

/// A container that started so lately may end again.
const SETTLED: SignedDuration = SignedDuration::from_secs(8);

/// What is wrong with each service that members name and the survey knows.
pub fn states(survey: &Survey, members: &[Member]) -> Vec<(Name, Option<Clean>)> {
    let mut states: Vec<(Name, Option<Clean>)> = members
        .iter()
        .filter_map(|member| {
            let key = key_of(&survey.inventory, member)?;
            let service = survey.inventory.get(&key)?;
            Some((member.place(), unwell(service, survey.at)))
        })
        .collect();
    states.sort();
    states.dedup();
    states
}

/// What is wrong with the first replica that is not well; what has done its work and ended is.
pub fn unwell(service: &Service, now: Timestamp) -> Option<Clean> {
    service.replicas.iter().find_map(|one| ill(one, now))
}

/// Its service as the host knows it.
pub fn key_of(inventory: &Inventory, member: &Member) -> Option<Key> {
    let print = &member.print;
    let stack = Some(print.stack.as_str()).filter(|stack| !stack.is_empty());
    let key = Key::new(stack, &print.service);
    if inventory.get(&key).is_some() {
        return Some(key);
    }
    let mut named = inventory
        .services
        .iter()
        .filter(|service| stack.is_none() && *service.name() == print.service.as_str());
    let only = named.next()?;
    named.next().is_none().then(|| only.key.clone())
}

/// By the container's own name, or its service's where that is one alone.
pub fn called<'i>(inventory: &'i Inventory, name: &str) -> Option<(&'i Key, &'i Container)> {
    let all = || {
        let services = inventory.services.iter();
        services.flat_map(|service| service.replicas.iter().map(|one| (&service.key, one)))
    };
    if let Some(found) = all().find(|(_, container)| container.name == name) {
        return Some(found);
    }
    let mut named = all().filter(|(key, _)| key.service == name);
    let only = named.next()?;
    named.next().is_none().then_some(only)
}

fn ill(container: &Container, now: Timestamp) -> Option<Clean> {
    let state = &container.state;
    let name = Name::new(&container.name);
    match (
        state.status,
        state.health.as_ref().map(|health| health.status),
    ) {
        (Status::Running, Some(HealthStatus::Unhealthy)) => Some(say!("{} is unhealthy", name)),
        (Status::Running, Some(HealthStatus::Starting)) => Some(say!("{} is starting", name)),
        (Status::Running, _) => {
            let young = state
                .started_at
                .is_some_and(|at| now.duration_since(at) < SETTLED);
            young.then(|| say!("{} started just now", name))
        }
        (Status::Exited, _) if state.exit_code == Some(0) && !keeps_running(container) => None,
        (status, _) => Some(say!("{} is {}", name, status.word())),
    }
}

/// Its policy wants it to run, so that it ended is not its work being done.
fn keeps_running(container: &Container) -> bool {
    matches!(
        container.restart_policy.name.as_str(),
        "always" | "unless-stopped"
    )
}
