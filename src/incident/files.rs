//! Incidents in the store: read, changed one at a time or several at once, never over somebody
//! else's change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;

use super::alert::Alert;
use super::model::{Entry, Incident, Kind};
use super::settings::IncidentSettings;
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
    read: Option<Incident>,
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

    /// What goes on, and what ended lately enough to be opened again.
    pub async fn live(&self, settings: &IncidentSettings) -> Result<Vec<Filed>, FileError> {
        let now = self.clock.now();
        let since = now.checked_sub(settings.reopen()).unwrap_or(now);
        let records = self.store.live_incidents(since.as_millisecond()).await?;
        Ok(records.iter().filter_map(|one| read(one).ok()).collect())
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
            if self
                .save(std::slice::from_ref(&filed), &Placed::default())
                .await?
            {
                return Ok((done, filed.incident));
            }
        }
    }

    /// Writes those that changed, and where alerts belong; false where somebody was faster.
    pub async fn save(&self, filed: &[Filed], placed: &Placed) -> Result<bool, FileError> {
        let changed = |filed: &&Filed| {
            let id = filed.incident.id;
            !filed.incident.fresh.is_empty()
                || placed.alerts.contains_key(&id)
                || filed.read.as_ref() != Some(&filed.incident)
        };
        let change = |filed: &Filed| IncidentChange {
            record: record(&filed.incident, filed.version),
            log: log(&filed.incident),
            alerts: placed
                .alerts
                .get(&filed.incident.id)
                .cloned()
                .unwrap_or_default(),
        };
        let changes: Vec<IncidentChange> = filed.iter().filter(changed).map(change).collect();
        if changes.is_empty() && placed.astray.is_empty() {
            return Ok(true);
        }
        Ok(self.store.save_incidents(&changes, &placed.astray).await?)
    }

    /// The log of an incident.
    pub async fn log(&self, id: i64) -> Result<Vec<Entry>, FileError> {
        let records = self.store.incident_log(id, 0).await?;
        Ok(records.iter().map(entry).collect())
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
            read: None,
        }
    }
}

pub fn read(record: &IncidentRecord) -> Result<Filed, FileError> {
    let incident: Incident =
        serde_json::from_str(&record.body_json).map_err(|_| FileError::Unreadable(record.id))?;
    Ok(Filed {
        read: Some(incident.clone()),
        incident,
        version: record.version,
    })
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
