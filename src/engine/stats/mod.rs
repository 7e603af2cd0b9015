//! Measuring a container: samples from the engine. What they mean is `measure`'s.

mod measure;

use std::time::Duration;

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::TryStreamExt;

use super::containers::segment;
use super::failure::{self, Subject};
use super::{ApiVersion, Engine, EngineError};
use crate::action::stats::Stats;
use crate::say;
use crate::text::Name;
use measure::{Allowance, measured};

const SAMPLE_LIMIT: Duration = Duration::from_secs(10);
/// Long enough for a quota period of 100 ms to count, four times faster than the engine's own.
const BETWEEN_SAMPLES: Duration = Duration::from_millis(250);
/// From here on the engine can be asked for a sample without waiting for a second one.
const ONE_SHOT_API: ApiVersion = ApiVersion(1, 41);

impl Engine {
    /// What the container uses now. Refused for one that does not run: zeros would mislead.
    pub async fn stats(&self, id: &str) -> Result<Stats, EngineError> {
        let found = self.inspected(id).await?;
        let running = found.state.and_then(|state| state.running) == Some(true);
        if !running {
            return Err(EngineError::Refused {
                status: 409,
                message: say!(
                    "`{}` does not run, so there is nothing to measure",
                    Name::new(id)
                ),
            });
        }
        let allowance = Allowance::of(&found.host_config.unwrap_or_default());
        if self.inner.api < ONE_SHOT_API {
            return Ok(measured(None, &self.sample(id, false).await?, &allowance));
        }
        let before = self.sample(id, true).await?;
        tokio::time::sleep(BETWEEN_SAMPLES).await;
        let after = self.sample(id, true).await?;
        Ok(measured(Some(&before), &after, &allowance))
    }

    async fn sample(
        &self,
        id: &str,
        one_shot: bool,
    ) -> Result<ContainerStatsResponse, EngineError> {
        let about = Subject::container(id);
        let options = StatsOptionsBuilder::default()
            .stream(false)
            .one_shot(one_shot)
            .build();
        let mut answers = self.docker().stats(segment(&about, id)?, Some(options));
        self.ask_within(SAMPLE_LIMIT, &about, answers.try_next())
            .await?
            .ok_or_else(|| failure::broken("no sample in the answer"))
    }
}
