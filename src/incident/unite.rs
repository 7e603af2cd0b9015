//! Two incidents become one: because a person says so, because a whole host is in trouble, or
//! because both turned out to have the same cause.

use jiff::Timestamp;

use super::model::{ITSELF, Incident, Kind, Phase};
use crate::say;

/// So many troubles are named in an incident; the rest is counted.
pub(super) const MOST_MEMBERS: usize = 500;

/// Everything of one incident goes on in another; what it was about stays readable.
pub fn merge(from: &mut Incident, into: &mut Incident, who: &str, now: Timestamp) {
    for member in &from.members {
        if into.member(&member.print).is_some() {
            continue;
        }
        if into.members.len() < MOST_MEMBERS {
            into.members.push(member.clone());
        } else {
            into.crowd.take(&member.print, member.firing);
        }
    }
    into.merged.push(from.id);
    into.merged.extend(&from.merged);
    into.grew = now;
    into.well_since = None;
    into.ask();
    into.note(now, who, Kind::Merged, say!("#{} goes on in here", from.id));
    from.phase = Phase::Merged {
        into: into.id,
        at: now,
    };
    from.note(now, who, Kind::Merged, say!("goes on in #{}", into.id));
}

/// The places of two incidents that one cause explains, where there are such: the younger one,
/// which nobody has taken up yet, and the one it belongs to.
pub fn same_cause(incidents: &[&Incident]) -> Option<(usize, usize)> {
    incidents.iter().enumerate().find_map(|(place, young)| {
        let older = incidents.iter().take(place);
        let into = older.enumerate().find(|(_, old)| explains(old, young))?;
        Some((place, into.0))
    })
}

/// The same service of the same host is at fault in both.
fn explains(old: &Incident, young: &Incident) -> bool {
    let cause = |incident: &Incident| {
        let finding = incident.finding.as_ref()?;
        let decided = finding.is_decided() && !finding.service.is_empty();
        decided.then(|| (finding.cause.clone(), finding.service.clone()))
    };
    let untouched = young.phase == Phase::Open && young.assigned.is_none();
    old.id < young.id
        && old.host == young.host
        && !old.is_over()
        && untouched
        && cause(old).is_some_and(|found| cause(young) == Some(found))
}

/// The trouble of an incident that goes on and whose cause was found to reach this far.
pub(super) fn reaches(incident: &Incident, place: &crate::text::Name) -> bool {
    let finding = incident.finding.as_ref();
    !incident.is_over()
        && finding.is_some_and(|finding| finding.is_decided() && finding.dependents.contains(place))
}

/// By itself; see `merge`.
pub fn merge_by_itself(from: &mut Incident, into: &mut Incident, now: Timestamp) {
    if let (Some(of), Some(to)) = (&from.finding, &mut into.finding) {
        to.dependents.extend(of.dependents.iter().cloned());
        to.dependents.sort();
        to.dependents.dedup();
    }
    merge(from, into, ITSELF, now);
}
