//! Who is called when nobody acknowledges, and when it is said that something still goes on.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::{ITSELF, Incident, Kind, Phase};
use super::route::Routes;
use crate::clock::Clock;
use crate::say;
use crate::store::{Store, StoreError};
use crate::text::{Clean, Name};

/// A step that was taken: who is called by its webhooks, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub webhook: String,
    pub step: usize,
}

/// Who acknowledged is reminded of it after so long.
const DAY: Duration = Duration::from_hours(24);

/// Calls that are still to be made, in the ledger.
pub const OUTBOUND: &str = "outbound";

/// A call of a webhook that is still to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    pub incident: i64,
    pub webhook: String,
    pub step: usize,
    pub since: Timestamp,
}

/// Writes calls down. The same call written twice is one.
pub async fn enqueue(
    store: &Store,
    clock: Clock,
    called: &[(i64, Called)],
) -> Result<(), StoreError> {
    for (incident, called) in called {
        let call = Call {
            incident: *incident,
            webhook: called.webhook.clone(),
            step: called.step,
            since: clock.now(),
        };
        let name = format!("{incident}-{}-{}", called.step, called.webhook);
        let value = serde_json::to_string(&call).unwrap_or_default();
        let at = call.since.as_millisecond();
        store.ledger_add(OUTBOUND, &name, &value, at).await?;
    }
    Ok(())
}

/// Takes the steps that are due. Somebody who acknowledged has heard it; what is quiet waits.
pub fn escalate(incident: &mut Incident, routes: &Routes, now: Timestamp) -> Vec<Called> {
    let mut called = Vec::new();
    let settings = &routes.settings;
    if incident.phase != Phase::Open
        || incident.is_quiet()
        || !settings.escalates(incident.severity())
    {
        return called;
    }
    while let Some(step) = settings.escalation.get(incident.escalated) {
        let waited = now.duration_since(incident.unheard_since);
        let after = SignedDuration::try_from(step.after.0).unwrap_or_default();
        if waited < after {
            break;
        }
        incident.escalated += 1;
        called.extend(call(incident, routes, &step.tell, now, Some(waited)));
    }
    called
}

/// Calls people by name, and gives the webhooks that are to be called.
pub fn call(
    incident: &mut Incident,
    routes: &Routes,
    named: &[String],
    now: Timestamp,
    waited: Option<SignedDuration>,
) -> Vec<Called> {
    let webhook = |named: &String| named.strip_prefix("webhook:").map(str::to_owned);
    let people: Vec<String> = named
        .iter()
        .filter(|named| webhook(named).is_none())
        .cloned()
        .collect();
    let mut told: Vec<Clean> = routes
        .people(&people, now)
        .iter()
        .map(|who| say!("@{}", who))
        .collect();
    let called: Vec<Called> = named
        .iter()
        .filter_map(webhook)
        .map(|webhook| Called {
            webhook,
            step: incident.escalated,
        })
        .collect();
    told.extend(
        called
            .iter()
            .map(|call| say!("{}", Name::new(&call.webhook))),
    );
    let whom = Clean::join(&told, " ");
    let text = match waited {
        Some(waited) => say!(
            "nobody acknowledged for {}: calling {}",
            length(waited),
            whom
        ),
        None => say!("calling {}", whom),
    };
    incident.note(now, ITSELF, Kind::Escalated, text);
    called
}

/// Says now and then that something still goes on: to all while nobody looks after it, and once a
/// day to who said so. An acknowledgement that was forgotten does not keep quiet for ever.
pub fn remind(incident: &mut Incident, routes: &Routes, now: Timestamp) {
    if incident.is_quiet() || again(incident, routes).is_none_or(|due| now < due) {
        return;
    }
    incident.reminded = now;
    let since = length(now.duration_since(incident.opened));
    let text = match &incident.phase {
        Phase::Acknowledged { by, .. } => {
            say!(
                "it still goes on, since {}; @{} looks after it",
                since,
                Name::new(by)
            )
        }
        _ => say!("it still goes on, since {}", since),
    };
    incident.note(now, ITSELF, Kind::Reminded, text);
}

fn again(incident: &Incident, routes: &Routes) -> Option<Timestamp> {
    match &incident.phase {
        Phase::Open => later(incident.reminded, routes.settings.repeat()),
        Phase::Acknowledged { at, .. } => later(
            incident.reminded.max(*at),
            routes.settings.repeat().max(DAY),
        ),
        Phase::Resolved { .. } | Phase::Merged { .. } => None,
    }
}

/// When the next step or reminder is due.
pub fn due(incident: &Incident, routes: &Routes) -> Option<Timestamp> {
    if incident.is_quiet() {
        return None;
    }
    let settings = &routes.settings;
    let step = settings.escalation.get(incident.escalated);
    let waits = incident.phase == Phase::Open && settings.escalates(incident.severity());
    let step = step.filter(|_| waits);
    let step = step.and_then(|step| later(incident.unheard_since, step.after.0));
    [step, again(incident, routes)].into_iter().flatten().min()
}

fn later(at: Timestamp, by: Duration) -> Option<Timestamp> {
    at.checked_add(by).ok()
}

/// `5 min`, `2 h 10 min`
pub fn length(length: SignedDuration) -> Clean {
    let minutes = length.as_mins().max(0);
    match (minutes / 60, minutes % 60) {
        (0, 0) => say!("{} s", length.as_secs().max(0)),
        (0, minutes) => say!("{} min", minutes),
        (hours, 0) => say!("{} h", hours),
        (hours, minutes) => say!("{} h {} min", hours, minutes),
    }
}
