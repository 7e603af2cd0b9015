//! What happened to the same service before, and what helped then.

use jiff::{SignedDuration, Timestamp};

use super::files::{self, FileError, Files};
use super::model::Incident;
use crate::say;
use crate::store::IncidentFilter;
use crate::text::{Clean, Name};

const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
const LOOKED_AT: u32 = 50;

impl Files<'_> {
    /// `third time in 30 days, last #4; what helped: restart`; `None` for the first time.
    pub async fn past(&self, incident: &Incident) -> Result<Option<Clean>, FileError> {
        let Some(finding) = &incident.finding else {
            return Ok(None);
        };
        let now = self.clock.now();
        let since = now.checked_sub(MONTH).unwrap_or(Timestamp::UNIX_EPOCH);
        let filter = IncidentFilter {
            host: incident.host.clone(),
            service: finding.service.to_string(),
            opened_since_ms: since.as_millisecond(),
            limit: Some(LOOKED_AT),
            ..IncidentFilter::default()
        };
        let records = self.store.incidents(&filter).await?;
        let similar: Vec<Incident> = records
            .iter()
            .filter(|record| record.id < incident.id && record.cause == finding.cause)
            .filter_map(|record| Some(files::read(record).ok()?.incident))
            .collect();
        Ok(words(&similar))
    }
}

/// Newest first.
fn words(similar: &[Incident]) -> Option<Clean> {
    let last = similar.first()?;
    let times = similar.len() + 1;
    let helped = similar.iter().find_map(|one| one.mended.clone());
    let helped = match helped {
        Some(helped) => say!("; what helped: {}", helped),
        None => Clean::default(),
    };
    Some(say!(
        "{} time in 30 days, last #{}{}",
        ordinal(times),
        last.id,
        helped
    ))
}

fn ordinal(number: usize) -> Name {
    let word = match number {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        5 => "fifth",
        _ => return Name::new(&format!("{number}th")),
    };
    Name::new(word)
}
