//! What an engine itself says of a container: its health, its restarts, its memory.

use std::time::Duration;

use tokio::time::Instant;

use super::roster::{Found, Roster};
use super::settings::ContainerName;
use super::{Trouble, Verdict};
use crate::action::container::{Container, HealthStatus, Status};
use crate::say;
use crate::text::Name;

/// All replicas are healthy, or run where they have no health check.
pub(super) async fn health(roster: &Roster, host: &str, name: &ContainerName) -> Verdict {
    let (engine, replicas) = roster.replicas(host, name).await?;
    for container in replicas {
        let shown = Name::new(&container.name);
        let health = container.state.health.as_ref();
        match (container.state.status, health.map(|health| health.status)) {
            (Status::Running, Some(HealthStatus::Unhealthy)) => {
                let output = health.and_then(|health| Some(health.log.last()?.output.clone()));
                let found = Found { engine, container };
                let why = say!("container `{}` is unhealthy", shown);
                return Err(found.explained(why, &output.unwrap_or_default(), &[]));
            }
            (Status::Running, _) => {}
            (status, _) => return Err(say!("container `{}` is {}", shown, status.word()).into()),
        }
    }
    Ok(())
}

/// The engine counts restarts since a container was started by hand; a smaller count than before
/// means that it began anew.
pub(super) async fn restarts(
    roster: &Roster,
    host: &str,
    name: &ContainerName,
    (most, within): (u32, Duration),
) -> Verdict {
    let (_, replicas) = roster.replicas(host, name).await?;
    let now = Instant::now();
    let mut counts = roster.counts.lock().await;
    for container in replicas {
        let seen = counts.entry(container.id.clone()).or_default();
        let count = container.restart_count;
        if seen.last().is_some_and(|(_, last)| *last > count) {
            seen.clear();
        }
        // the youngest one outside the window is what the window began with
        let outside = seen
            .iter()
            .take_while(|(at, _)| now.duration_since(*at) > within)
            .count();
        seen.drain(..outside.saturating_sub(1));
        if seen.last().is_none_or(|(_, last)| *last < count) {
            seen.push((now, count));
        }
        let before = seen.first().map_or(count, |(_, first)| *first);
        if count - before > most.into() {
            return Err(say!(
                "container `{}` was started again {} times within {} s",
                Name::new(&container.name),
                count - before,
                within.as_secs()
            )
            .into());
        }
    }
    Ok(())
}

pub(super) async fn memory(roster: &Roster, host: &str, name: &ContainerName, most: u8) -> Verdict {
    let (engine, replicas) = roster.replicas(host, name).await?;
    let running =
        |container: &&std::sync::Arc<Container>| container.state.status == Status::Running;
    for container in replicas.iter().filter(running) {
        let stats = engine
            .stats(&container.id)
            .await
            .map_err(|error| error.say())?;
        let shown = Name::new(&container.name);
        let (used, limit) = match (stats.memory_used, stats.memory_limit) {
            (used, Some(limit)) if limit > 0 => (used, limit),
            _ => return Err(no_limit(&shown)),
        };
        let percent = used.saturating_mul(100) / limit;
        if percent > most.into() {
            let [used, limit] = [used, limit].map(|bytes| bytes / (1 << 20));
            return Err(say!(
                "container `{}` uses {} % of its memory, {} of {} MiB",
                shown,
                percent,
                used,
                limit
            )
            .into());
        }
    }
    Ok(())
}

fn no_limit(container: &Name) -> Trouble {
    say!(
        "container `{}` has no memory limit to compare with; set one, or take this check out",
        container
    )
    .into()
}
