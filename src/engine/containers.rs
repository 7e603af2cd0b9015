//! Reading containers: the list, one of them, and the processes inside.

use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, TopOptionsBuilder,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::failure::Subject;
use super::request::within;
use super::{Engine, EngineError, IN_FLIGHT, inspect};
use crate::action::container::Container;
use crate::action::stats::Top;
use crate::text::Raw;

const LIST_LIMIT: Duration = Duration::from_secs(20);

impl Engine {
    /// Every container, running or not, sorted by name. One that vanishes while we look is left
    /// out.
    pub async fn containers(&self) -> Result<Vec<Container>, EngineError> {
        within(LIST_LIMIT, "listing containers", self.list_and_inspect()).await
    }

    pub async fn container(&self, id: &str) -> Result<Container, EngineError> {
        let found = self.inspected(id).await?;
        Ok(inspect::container(found))
    }

    pub async fn top(&self, id: &str) -> Result<Top, EngineError> {
        let about = Subject::container(id);
        let options = TopOptionsBuilder::default().build();
        let answer = self
            .ask(
                &about,
                self.docker()
                    .top_processes(segment(&about, id)?, Some(options)),
            )
            .await?;
        let cells = |row: Vec<String>| row.into_iter().map(Raw::new).collect();
        Ok(Top {
            titles: answer.titles.unwrap_or_default(),
            rows: answer
                .processes
                .unwrap_or_default()
                .into_iter()
                .map(cells)
                .collect(),
        })
    }

    /// The engine's own description, for those who need more than a `Container` holds.
    pub(super) async fn inspected(
        &self,
        id: &str,
    ) -> Result<ContainerInspectResponse, EngineError> {
        let about = Subject::container(id);
        let id = segment(&about, id)?;
        let request = self
            .docker()
            .inspect_container(id, None::<InspectContainerOptions>);
        self.ask(&about, request).await
    }

    async fn list_and_inspect(&self) -> Result<Vec<Container>, EngineError> {
        let mut containers: Vec<Container> = stream::iter(self.summaries().await?)
            .map(|summary| self.looked_into(summary))
            .buffer_unordered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        containers.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(containers)
    }

    /// One broken container must not hide the others: of one that the engine lists but cannot
    /// describe, the list's own words are kept.
    async fn looked_into(
        &self,
        summary: ContainerSummary,
    ) -> Result<Option<Container>, EngineError> {
        let id = summary.id.as_deref().unwrap_or_default();
        match gone_is_none(self.container(id).await) {
            Err(error @ (EngineError::Refused { .. } | EngineError::Broken { .. })) => {
                Ok(Some(inspect::from_summary(summary, &error.to_string())))
            }
            looked => looked,
        }
    }

    pub(super) async fn summaries(&self) -> Result<Vec<ContainerSummary>, EngineError> {
        let all = ListContainersOptionsBuilder::default().all(true).build();
        self.ask(&Subject::engine(), self.docker().list_containers(Some(all)))
            .await
    }
}

/// What vanished between two looks is no error.
pub(super) fn gone_is_none<T>(looked: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(EngineError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An id or name as one segment of a request's path. Anything that could reach another path is
/// no name of ours, so nothing by that name can be there.
pub(super) fn segment<'a>(about: &Subject, id: &'a str) -> Result<&'a str, EngineError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(allowed) {
        Ok(id)
    } else {
        Err(about.missing())
    }
}
