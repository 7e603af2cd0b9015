//! Changing one container or volume. Starting what runs and stopping what is stopped is no error.

use std::time::Duration;

use bollard::query_parameters::{
    KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    RestartContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
};

use super::containers::segment;
use super::failure::Subject;
use super::{Engine, EngineError};

/// What the engine may take beyond the grace it gives a container.
const WORK: Duration = Duration::from_mins(1);
/// Without a grace of ours the container's own counts, which we do not know here.
const UNKNOWN_GRACE: Duration = Duration::from_mins(5);

impl Engine {
    pub async fn start(&self, id: &str) -> Result<(), EngineError> {
        let about = Subject::container(id);
        let request = self
            .docker()
            .start_container(segment(&about, id)?, None::<StartContainerOptions>);
        self.ask_within(WORK, &about, request).await
    }

    /// After `grace` the engine kills what still runs; `None`: the container's own grace.
    pub async fn stop(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let about = Subject::container(id);
        let mut options = StopContainerOptionsBuilder::default();
        if let Some(grace) = grace {
            options = options.t(whole_seconds(grace));
        }
        let request = self
            .docker()
            .stop_container(segment(&about, id)?, Some(options.build()));
        self.ask_within(with_grace(grace), &about, request).await
    }

    pub async fn restart(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let about = Subject::container(id);
        let mut options = RestartContainerOptionsBuilder::default();
        if let Some(grace) = grace {
            options = options.t(whole_seconds(grace));
        }
        let request = self
            .docker()
            .restart_container(segment(&about, id)?, Some(options.build()));
        self.ask_within(with_grace(grace), &about, request).await
    }

    pub async fn kill(&self, id: &str, signal: &str) -> Result<(), EngineError> {
        let about = Subject::container(id);
        let options = KillContainerOptionsBuilder::default()
            .signal(signal)
            .build();
        let request = self
            .docker()
            .kill_container(segment(&about, id)?, Some(options));
        self.ask(&about, request).await
    }

    /// Leaves its volumes alone. `force` kills it first when it runs.
    pub async fn remove(&self, id: &str, force: bool) -> Result<(), EngineError> {
        let about = Subject::container(id);
        let options = RemoveContainerOptionsBuilder::default()
            .force(force)
            .build();
        let request = self
            .docker()
            .remove_container(segment(&about, id)?, Some(options));
        self.ask_within(WORK, &about, request).await
    }

    /// Refused while a container uses it.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let about = Subject::new("volume", name);
        let request = self
            .docker()
            .remove_volume(segment(&about, name)?, None::<RemoveVolumeOptions>);
        self.ask_within(WORK, &about, request).await
    }
}

/// The engine counts in whole seconds; part of one is given whole.
fn whole_seconds(grace: Duration) -> i32 {
    let begun = u64::from(grace.subsec_nanos() > 0);
    let rounded_up = grace.as_secs().saturating_add(begun);
    i32::try_from(rounded_up).unwrap_or(i32::MAX)
}

fn with_grace(grace: Option<Duration>) -> Duration {
    grace.unwrap_or(UNKNOWN_GRACE).saturating_add(WORK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_is_given_whole() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1200)), 2);
        assert_eq!(whole_seconds(Duration::MAX), i32::MAX);
    }
}
