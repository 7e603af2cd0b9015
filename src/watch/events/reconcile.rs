//! What a list of the containers adds to their events: what happened while nobody watched, and what
//! is known of each container that no event says. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::life::{End, Life};
use super::lives::Lives;
use super::sign::{Ail, Over};
use crate::action::container::{Container, HealthStatus, Status};
use crate::stack::Key;

/// Two clocks of one engine, its events' and its containers', agree to this.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(2);

/// When the list was made, and which deaths it may tell of.
#[derive(Debug, Clone, Copy)]
pub struct Glance {
    pub at: Timestamp,
    pub now: Instant,
    /// Deaths before were seen, or are nobody's business any more. None: there is no record yet.
    pub since: Option<Timestamp>,
    /// The events of deaths after this may still be on their way.
    pub until: Timestamp,
}

impl Lives {
    /// Compares what is known with what is there.
    pub fn compare(&mut self, containers: &[Container], glance: &Glance) {
        let there: BTreeSet<&str> = containers.iter().map(|found| found.id.as_str()).collect();
        let keys: BTreeSet<Key> = containers
            .iter()
            .map(|found| Key::of(&found.name, &found.labels))
            .collect();
        let missing: Vec<String> = self
            .known
            .keys()
            .filter(|id| !there.contains(id.as_str()))
            .cloned()
            .collect();
        for id in missing {
            self.missed_removal(&id, &keys, glance.at);
        }
        for container in containers {
            let key = Key::of(&container.name, &container.labels);
            let life = self.life(&container.id, &container.name, &key);
            describe(life, container);
            self.look_at(container, glance);
        }
    }

    /// Another container of its service stands in for it as soon as it has settled.
    fn missed_removal(&mut self, id: &str, keys: &BTreeSet<Key>, at: Timestamp) {
        match self.known.get_mut(id) {
            Some(life) if keys.contains(&life.key) && !life.ails.is_empty() => life.gone = true,
            _ => self.removed(id, at),
        }
    }

    fn look_at(&mut self, container: &Container, glance: &Glance) {
        let state = &container.state;
        match state.status {
            Status::Running => self.running(container, glance),
            Status::Restarting => self.between_lives(container, glance),
            Status::Exited | Status::Dead => self.ended(container, glance),
            Status::Created | Status::Paused | Status::Removing => {}
        }
    }

    fn running(&mut self, container: &Container, glance: &Glance) {
        let id = container.id.as_str();
        let health = container.state.health.as_ref().map(|health| health.status);
        let Some(life) = self.known.get(id) else {
            return;
        };
        let missed = missed_start(life, container, glance);
        match health {
            Some(HealthStatus::Unhealthy) if !life.ails.contains(&Ail::Unhealthy) => {
                self.began(id, Ail::Unhealthy, None, glance.at);
            }
            Some(HealthStatus::Healthy) => {
                let over = [Ail::Died, Ail::Oom, Ail::Unhealthy];
                self.recovered(id, &over, Over::Healthy, glance.at);
            }
            _ if missed => self.by_accident(id, None, glance.at),
            _ => {}
        }
        if self
            .known
            .get(id)
            .is_some_and(|life| life.settles.is_none())
        {
            self.settle_soon(id, glance.now);
        }
        if let Some(life) = self.known.get_mut(id) {
            life.last_start = container.state.started_at.max(life.last_start);
        }
    }

    fn between_lives(&mut self, container: &Container, glance: &Glance) {
        let count = usize::try_from(container.restart_count).unwrap_or(usize::MAX);
        let (id, loops) = (container.id.as_str(), count >= self.rules.restarts);
        if loops
            && self
                .known
                .get(id)
                .is_some_and(|life| !life.ails.contains(&Ail::Restarting))
        {
            self.began(id, Ail::Restarting, container.state.exit_code, glance.at);
        }
    }

    /// A death that no event told of. What an engine keeps up and finds ended, somebody stopped.
    fn ended(&mut self, container: &Container, glance: &Glance) {
        let (Some(since), Some(end)) = (glance.since, container.state.finished_at) else {
            return;
        };
        let Some(life) = self.known.get_mut(&container.id) else {
            return;
        };
        let left_behind = std::mem::replace(&mut life.end, End::Own) == End::LeftBehind;
        let last = life.last_end;
        let seen = !left_behind && last.is_some_and(|last| end.duration_since(last) <= SAME_MOMENT);
        let failed = left_behind || container.state.exit_code.is_some_and(|code| code != 0);
        if seen || !failed || is_kept_up(container) || end < since || end > glance.until {
            return;
        }
        life.last_end = Some(end);
        if left_behind {
            self.began(&container.id, Ail::Died, container.state.exit_code, end);
        } else if container.state.oom_killed {
            self.began(&container.id, Ail::Oom, container.state.exit_code, end);
        } else {
            self.by_accident(&container.id, container.state.exit_code, end);
        }
    }
}

/// What no event says.
fn describe(life: &mut Life, container: &Container) {
    life.name.clone_from(&container.name);
    life.has_health = container.settings.health_test.is_some();
    life.is_kept_up = is_kept_up(container);
}

fn is_kept_up(container: &Container) -> bool {
    matches!(
        container.restart_policy.name.as_str(),
        "always" | "unless-stopped"
    )
}

/// It began another life, and nobody told.
fn missed_start(life: &Life, container: &Container, glance: &Glance) -> bool {
    let (Some(known), Some(started)) = (life.last_start, container.state.started_at) else {
        return false;
    };
    container.restart_count > 0
        && started.duration_since(known) > SAME_MOMENT
        && started <= glance.until
        && life
            .last_end
            .is_none_or(|end| started.duration_since(end) > SignedDuration::from_mins(2))
}
