//! What a channel should show of an incident, and of a digest.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Standing;
use super::pinned::Pin;
use crate::bot::Bot;
use crate::incident::digest::{self, Due, Told};
use crate::incident::{
    FileError, Filed, Files, Incident, Member, Phase, Routes, face, files, silence,
};
use crate::store::{IncidentFilter, Store};
use crate::text::{Message, Name};

/// What a channel should show.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    /// The incident, or the digest.
    pub(super) name: String,
    pub(super) message: Message,
    pub(super) standing: Option<Standing>,
    /// The incident whose log is told below it.
    pub(super) log: Option<i64>,
    /// In which version the incident was read: what shows it is up to date.
    pub(super) version: i64,
    /// It is posted only while this is so; what is posted is edited anyway.
    pub(super) fresh: bool,
}

/// The first message waits a moment for what belongs to it.
pub(super) fn told_from(incident: &Incident, routes: &Routes) -> Timestamp {
    let wait = routes.settings.wait();
    incident.opened.checked_add(wait).unwrap_or(incident.opened)
}

pub(super) fn notice(filed: &Filed, called: &[Name]) -> Notice {
    let incident = &filed.incident;
    let standing = match incident.phase {
        Phase::Open => Standing::Open,
        Phase::Acknowledged { .. } => Standing::Acknowledged,
        Phase::Resolved { .. } | Phase::Merged { .. } => Standing::Resolved,
    };
    Notice {
        name: incident.id.to_string(),
        message: face::message(incident, called),
        standing: Some(standing),
        log: Some(incident.id),
        version: filed.version(),
        // nobody has to hear of what was quiet all along, or is over by now
        fresh: !incident.is_quiet() && !incident.is_over(),
    }
}

impl Notice {
    /// What its message is known by on a chat.
    pub(super) fn about(&self) -> Name {
        Name::new(&format!("dogwatch-{}", self.name))
    }

    /// Whether a channel does not show it yet as it is now.
    pub(super) fn is_due(&self, pin: Option<&Pin>) -> bool {
        match pin.filter(|pin| pin.posted.is_some()) {
            Some(pin) => pin.version != self.version,
            None => self.fresh,
        }
    }
}

pub(super) async fn summary(bot: &Bot, store: &Store, due: &Due) -> Result<Message, FileError> {
    let files = Files {
        store,
        clock: bot.clock,
    };
    let filter = IncidentFilter {
        opened_since_ms: due.from.as_millisecond(),
        ..IncidentFilter::default()
    };
    let mut told = Vec::new();
    for record in store.incidents(&filter).await? {
        let incident = files::read(&record)?.incident;
        if incident.opened < due.until && !matches!(incident.phase, Phase::Merged { .. }) {
            let log = files.log(incident.id).await?;
            told.push(Told::new(incident, &log));
        }
    }
    let now = bot.clock.now();
    let flaps = bot.conduct.incidents.settings.flaps();
    let flapping: BTreeSet<Name> = told
        .iter()
        .flat_map(|one| &one.incident.members)
        .filter(|member| member.flaps(now, flaps))
        .map(Member::place)
        .collect();
    let flapping: Vec<Name> = flapping.into_iter().collect();
    let silences = silence::in_force(store, now).await?;
    Ok(digest::digest(
        &told,
        &silences,
        &flapping,
        (due.from, due.until),
    ))
}
