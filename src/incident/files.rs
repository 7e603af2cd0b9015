//! Incidents in the store: read, changed one at a time or several at once, never over somebody
//! else's change.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::alert::Alert;
use super::model::{Entry, Incident, Kind};
use crate::clock::Clock;
use crate::store::{IncidentChange, IncidentRecord, LogRecord, Store, StoreError};
use crate::text::{Clean, Redactor};

#[derive(Debug, Error)]
pub enum FileError {
    #[error("there is no incident `{0}`; `incidents` lists them")]
    Unknown(String),
    #[error("incident `{0}` is stored in a form that this version cannot read")]
    Unreadable(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An incident with the version it was read in.
#[derive(Debug, Clone)]
pub struct Filed {
    pub incident: Incident,
    version: i64,
    saved: Option<Arc<Incident>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Files<'s> {
    pub store: &'s Store,
    pub clock: Clock,
}

impl Files<'_> {
    pub async fn get(&self, id: i64) -> Result<Filed, FileError> {
        let record = self.store.incident(id).await?;
        let record = record.ok_or_else(|| FileError::Unknown(id.to_string()))?;
        read(&record)
    }

    /// `7` or `#7`.
    pub fn number(typed: &str) -> Result<i64, FileError> {
        let digits = typed.strip_prefix('#').unwrap_or(typed);
        let number = digits.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| FileError::Unknown(typed.to_owned()))
    }

    /// Changes one incident, again and again until nobody else changed it meanwhile.
    pub async fn change<T>(
        &self,
        id: i64,
        mut change: impl FnMut(&mut Incident, Timestamp) -> T,
    ) -> Result<(T, Incident), FileError> {
        loop {
            let mut filed = self.get(id).await?;
            let done = change(&mut filed.incident, self.clock.now());
            let one = std::slice::from_mut(&mut filed);
            if self.save(one, &Placed::default()).await? {
                return Ok((done, filed.incident));
            }
        }
    }

    /// Writes those that changed, and where alerts belong; false where somebody was faster.
    pub async fn save(&self, filed: &mut [Filed], placed: &Placed) -> Result<bool, FileError> {
        let change = |filed: &Filed| IncidentChange {
            record: record(&filed.incident, filed.version),
            log: log(&filed.incident),
            alerts: placed
                .alerts
                .get(&filed.incident.id)
                .cloned()
                .unwrap_or_default(),
        };
        let mut changed: Vec<&mut Filed> = filed
            .iter_mut()
            .filter(|one| one.is_changed() || placed.alerts.contains_key(&one.incident.id))
            .collect();
        if changed.is_empty() && placed.astray.is_empty() {
            return Ok(true);
        }
        let changes: Vec<IncidentChange> = changed.iter().map(|one| change(one)).collect();
        let saved = self.store.save_incidents(&changes, &placed.astray).await?;
        if saved {
            for one in &mut changed {
                one.mark_saved();
            }
        }
        Ok(saved)
    }

    /// The log of an incident.
    pub async fn log(&self, id: i64) -> Result<Vec<Entry>, FileError> {
        let records = self.store.incident_log(id, 0).await?;
        Ok(records.iter().map(entry).collect())
    }

    /// Its log and its alerts, with those of the incidents that go on in it.
    pub async fn story(&self, incident: &Incident) -> Result<(Vec<Entry>, Vec<Alert>), FileError> {
        let (mut log, mut alerts) = (Vec::new(), Vec::new());
        for id in std::iter::once(incident.id).chain(incident.merged.iter().copied()) {
            log.extend(self.log(id).await?);
            alerts.extend(self.alerts(id).await?);
        }
        log.sort_by_key(|entry| entry.at);
        Ok((log, alerts))
    }

    /// Its alerts, as far as they can still be read.
    pub async fn alerts(&self, id: i64) -> Result<Vec<Alert>, FileError> {
        let records = self.store.alerts_of(id).await?;
        let read = |json: &String| serde_json::from_str(json).ok();
        Ok(records
            .iter()
            .filter_map(|one| read(&one.body_json))
            .collect())
    }
}

/// Where alerts belong, by their number in the store.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    pub alerts: BTreeMap<i64, Vec<i64>>,
    /// To no incident.
    pub astray: Vec<i64>,
}

impl Filed {
    /// Grows with every change.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// One that was opened just now.
    pub fn new(incident: Incident) -> Self {
        Self {
            incident,
            version: 0,
            saved: None,
        }
    }

    pub(super) fn read(saved: Arc<Incident>, version: i64) -> Self {
        Self {
            incident: Incident::clone(&saved),
            version,
            saved: Some(saved),
        }
    }

    /// As it is in the store in this version.
    pub(super) fn as_saved(&self) -> Option<Arc<Incident>> {
        self.saved.clone()
    }

    fn is_changed(&self) -> bool {
        !self.incident.fresh.is_empty() || self.saved.as_deref() != Some(&self.incident)
    }

    fn mark_saved(&mut self) {
        self.incident.fresh.clear();
        self.version += 1;
        self.saved = Some(Arc::new(self.incident.clone()));
    }
}

pub fn read(record: &IncidentRecord) -> Result<Filed, FileError> {
    let incident: Incident =
        serde_json::from_str(&record.body_json).map_err(|_| FileError::Unreadable(record.id))?;
    Ok(Filed::read(Arc::new(incident), record.version))
}

fn record(incident: &Incident, version: i64) -> IncidentRecord {
    let finding = incident.finding.as_ref();
    let lead = incident.lead();
    let service = match (finding, lead) {
        (Some(finding), _) if !finding.service.is_empty() => finding.service.to_string(),
        (_, Some(lead)) => lead.place().to_string(),
        _ => String::new(),
    };
    IncidentRecord {
        id: incident.id,
        version,
        opened_ms: incident.opened.as_millisecond(),
        ended_ms: incident.ended().map_or(0, Timestamp::as_millisecond),
        host: incident.host.clone(),
        stack: incident.stack.clone(),
        service,
        state: incident.phase.word().to_owned(),
        severity: incident.severity().word().to_owned(),
        cause: finding.map_or_else(String::new, |finding| finding.cause.clone()),
        title: super::face::title(incident).to_string(),
        body_json: serde_json::to_string(incident).unwrap_or_default(),
    }
}

fn log(incident: &Incident) -> Vec<LogRecord> {
    let quiet = incident.is_quiet();
    let record = |entry: &Entry| LogRecord {
        seq: 0,
        at_ms: entry.at.as_millisecond(),
        who: entry.who.clone(),
        kind: entry.kind.word().to_owned(),
        text: entry.text.to_string(),
        told: entry.kind.is_told(quiet),
    };
    incident.fresh.iter().map(record).collect()
}

/// An entry as it was written; what cannot be placed any more is a note.
pub fn entry(record: &LogRecord) -> Entry {
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.word() == record.kind);
    Entry {
        at: Timestamp::from_millisecond(record.at_ms).unwrap_or_default(),
        who: record.who.clone(),
        kind: kind.unwrap_or(Kind::Note),
        text: stored(&record.text),
    }
}

/// What comes back from the store passes the redactor again.
pub fn stored(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}
