//! Silences that people ask for: kept with who, why and until when, and gone by themselves.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::alert::Fingerprint;
use super::matcher::Matcher;
use super::model::{Incident, Member};
use crate::say;
use crate::store::{LedgerEntry, Store, StoreError};
use crate::text::{Clean, Name, Redactor};

const SCOPE: &str = "silences";
/// So many places of an incident are named.
const NAMED: usize = 3;

/// An ended silence is listed for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// `s7`: short enough to be typed.
    pub id: String,
    #[serde(default)]
    pub fits: Option<Matcher>,
    /// Exactly these troubles, of this incident.
    #[serde(default)]
    pub of: Option<Troubles>,
    pub by: String,
    pub reason: Clean,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Who ended it before its time.
    pub ended_by: Option<String>,
}

/// The troubles that an incident had when it was silenced. Kept as they are: a name of somebody
/// else's may hold what means something in a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Troubles {
    pub incident: i64,
    pub prints: Vec<Fingerprint>,
}

impl Troubles {
    pub fn of(incident: &Incident) -> Self {
        let prints = incident.members.iter().map(|member| member.print.clone());
        Self {
            incident: incident.id,
            prints: prints.collect(),
        }
    }
}

impl Troubles {
    fn places(&self) -> Clean {
        let places: BTreeSet<Name> = self.prints.iter().map(Fingerprint::place).collect();
        let named: Vec<Clean> = places.iter().take(NAMED).map(Clean::from).collect();
        match places.len().saturating_sub(NAMED) {
            0 => Clean::join(&named, ", "),
            more => say!("{} and {} more", Clean::join(&named, ", "), more),
        }
    }
}

impl Silence {
    pub fn fits(&self, member: &Member) -> bool {
        let one_of = |of: &Troubles| of.prints.contains(&member.print);
        self.fits.as_ref().is_some_and(|fits| fits.fits(member))
            || self.of.as_ref().is_some_and(one_of)
    }

    /// `stack=shop,service=api`, or `#7 (shop/api, shop/db and 3 more)`
    pub fn says(&self) -> Clean {
        match (&self.of, &self.fits) {
            (Some(of), _) => say!("#{} ({})", of.incident, of.places()),
            (None, Some(fits)) => Redactor::shapes_only().clean(&fits.to_string()),
            (None, None) => say!("nothing"),
        }
    }

    pub fn is_on(&self, now: Timestamp) -> bool {
        self.ended_by.is_none() && self.from <= now && now < self.until
    }
}

/// Those that are on, soonest to end first.
pub async fn in_force(store: &Store, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
    let mut silences = all(store).await?;
    silences.retain(|silence| silence.is_on(now));
    silences.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
    Ok(silences)
}

async fn all(store: &Store) -> Result<Vec<Silence>, StoreError> {
    let entries = store.ledger_list(SCOPE).await?;
    let read = |entry: &LedgerEntry| serde_json::from_str(&entry.value_json).ok();
    Ok(entries.iter().filter_map(read).collect())
}

/// Keeps a new one under the next free number.
pub async fn add(store: &Store, mut silence: Silence) -> Result<Silence, StoreError> {
    loop {
        // also of those that cannot be read: their numbers are taken all the same
        let number = |entry: &LedgerEntry| entry.name.strip_prefix('s')?.parse::<u64>().ok();
        let entries = store.ledger_list(SCOPE).await?;
        let taken = entries.iter().filter_map(number).max();
        silence.id = format!("s{}", taken.unwrap_or_default() + 1);
        let value = serde_json::to_string(&silence).unwrap_or_default();
        let at = silence.from.as_millisecond();
        let added = store.ledger_add(SCOPE, &silence.id, &value, at).await?;
        if added.is_some() {
            return Ok(silence);
        }
    }
}

/// Ends one now; `None` where there is none in force under this id.
pub async fn end(
    store: &Store,
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<Option<Silence>, StoreError> {
    while let Some(entry) = store.ledger_get(SCOPE, id).await? {
        let read = serde_json::from_str::<Silence>(&entry.value_json).ok();
        let Some(mut silence) = read.filter(|silence| silence.is_on(now)) else {
            return Ok(None);
        };
        silence.ended_by = Some(by.to_owned());
        let value = serde_json::to_string(&silence).unwrap_or_default();
        let at = now.as_millisecond();
        if store
            .ledger_replace(SCOPE, &entry, &value, at)
            .await?
            .is_some()
        {
            return Ok(Some(silence));
        }
    }
    Ok(None)
}

/// Forgets those that ended long ago.
pub async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for entry in store.ledger_list(SCOPE).await? {
        let ended = serde_json::from_str::<Silence>(&entry.value_json).map_or(true, |silence| {
            now.duration_since(silence.until) > REMEMBERED
        });
        if ended {
            store.ledger_remove(SCOPE, &entry).await?;
        }
    }
    Ok(())
}
