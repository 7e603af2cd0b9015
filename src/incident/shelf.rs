//! Incidents as they were read last. Reading one costs far more than asking for its version, and
//! few change between two looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::{self, Filed};
use super::model::Incident;
use crate::store::{Store, StoreError};

/// What one reader has seen. It is not shared: each looks at other incidents.
#[derive(Debug, Default)]
pub struct Shelf(BTreeMap<i64, Kept>);

#[derive(Debug)]
struct Kept {
    version: i64,
    /// `None`: in a form that this version cannot read.
    incident: Option<Arc<Incident>>,
}

impl Shelf {
    /// What goes on, and what ended after this moment, by number.
    pub async fn live(
        &mut self,
        store: &Store,
        ended_after_ms: i64,
    ) -> Result<Vec<Filed>, StoreError> {
        let versions = store.live_versions(ended_after_ms).await?;
        self.0.retain(|id, _| versions.contains_key(id));
        for (id, version) in versions {
            let known = self.0.get(&id).map(|kept| kept.version);
            if known != Some(version) {
                self.read(store, id).await?;
            }
        }
        let filed = |kept: &Kept| Some(Filed::read(kept.incident.clone()?, kept.version));
        Ok(self.0.values().filter_map(filed).collect())
    }

    async fn read(&mut self, store: &Store, id: i64) -> Result<(), StoreError> {
        let Some(record) = store.incident(id).await? else {
            self.0.remove(&id);
            return Ok(());
        };
        let read = files::read(&record);
        if let Err(error) = &read {
            tracing::error!(%error, "an incident is left alone");
        }
        let incident = read.ok().map(|filed| Arc::new(filed.incident));
        let version = record.version;
        self.0.insert(id, Kept { version, incident });
        Ok(())
    }

    /// What was just saved does not have to be read again.
    pub fn keep(&mut self, filed: &[Filed]) {
        for filed in filed {
            let kept = Kept {
                version: filed.version(),
                incident: filed.as_saved(),
            };
            self.0.insert(filed.incident.id, kept);
        }
    }

    /// Whether it goes on or ended lately, readable or not.
    pub fn holds(&self, id: i64) -> bool {
        self.0.contains_key(&id)
    }
}
