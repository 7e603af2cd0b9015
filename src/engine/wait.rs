//! Waiting until a container is well: it runs, and its health check, if it has one, passes.

use std::time::Duration;

use tokio::time::Instant;

use super::failure;
use super::request::within;
use super::{Engine, EngineError};
use crate::action::container::{Container, HealthStatus, Status};
use crate::say;
use crate::text::{Clean, Name};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Engine {
    /// Fails at once when the container has ended and nothing will start it again.
    pub async fn wait_healthy(&self, id: &str, limit: Duration) -> Result<(), EngineError> {
        let what = say!("waiting for `{}` to be healthy", Name::new(id));
        within(limit, what, self.watch_over(id, limit)).await
    }

    async fn watch_over(&self, id: &str, limit: Duration) -> Result<(), EngineError> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let container = self.container(id).await?;
            let waiting_for = match wellness(&container) {
                Wellness::Well => return Ok(()),
                Wellness::Lost(message) => {
                    return Err(EngineError::Refused {
                        status: 409,
                        message,
                    });
                }
                Wellness::NotYet(state) => state,
            };
            if started.elapsed() + pause > limit {
                let name = Name::new(&container.name);
                let what = say!("waiting for `{}` to be healthy ({})", name, waiting_for);
                return Err(failure::timed_out(what, limit));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Wellness {
    Well,
    /// In which state it is instead.
    NotYet(&'static str),
    /// It will not get well by waiting.
    Lost(Clean),
}

fn wellness(container: &Container) -> Wellness {
    let name = Name::new(&container.name);
    let state = &container.state;
    match state.status {
        Status::Running => match state.health.as_ref().map(|health| health.status) {
            None | Some(HealthStatus::Healthy) => Wellness::Well,
            Some(HealthStatus::Starting) => Wellness::NotYet("its health check has not passed yet"),
            Some(HealthStatus::Unhealthy) => Wellness::NotYet("its health check fails"),
        },
        Status::Restarting => Wellness::NotYet("it keeps restarting"),
        Status::Created => Wellness::NotYet("it has not been started"),
        Status::Paused => Wellness::Lost(say!("`{}` is paused; unpause it first", name)),
        Status::Exited | Status::Dead | Status::Removing => {
            let code = state.exit_code.unwrap_or_default();
            Wellness::Lost(say!(
                "`{}` exited with {} instead of getting healthy",
                name,
                code
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::container::{Health, State};

    fn container(status: Status, health: Option<HealthStatus>) -> Container {
        let health = health.map(|status| Health {
            status,
            ..Health::default()
        });
        Container {
            name: "db".to_owned(),
            state: State {
                status,
                health,
                exit_code: Some(3),
                ..State::default()
            },
            ..Container::default()
        }
    }

    #[test]
    fn running_without_a_check_or_with_a_passing_one_is_well() {
        assert_eq!(wellness(&container(Status::Running, None)), Wellness::Well);
        let healthy = container(Status::Running, Some(HealthStatus::Healthy));
        assert_eq!(wellness(&healthy), Wellness::Well);
    }

    #[test]
    fn a_failing_check_or_a_restart_may_still_turn_out_well() {
        for waiting in [
            container(Status::Running, Some(HealthStatus::Starting)),
            container(Status::Running, Some(HealthStatus::Unhealthy)),
            container(Status::Restarting, None),
            container(Status::Created, None),
        ] {
            assert!(matches!(wellness(&waiting), Wellness::NotYet(_)));
        }
    }

    #[test]
    fn what_has_ended_is_not_waited_for() {
        let Wellness::Lost(message) = wellness(&container(Status::Exited, None)) else {
            panic!("it has ended");
        };
        assert_eq!(
            message.as_str(),
            "`db` exited with 3 instead of getting healthy"
        );
        let paused = container(Status::Paused, Some(HealthStatus::Healthy));
        assert!(matches!(wellness(&paused), Wellness::Lost(_)));
    }
}
