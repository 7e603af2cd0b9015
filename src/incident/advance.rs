//! What time does to an incident: it is kept quiet or heard again, escalated, seen to be over. Pure.

use jiff::{SignedDuration, Timestamp};

use super::escalate::{self, Called};
use super::model::{ITSELF, Incident, Kind, Phase};
use super::quiet::Quiet;
use super::route::Routes;
use super::silence::Silence;
use crate::say;
use crate::text::{Clean, Name};

/// The world around an incident at one moment.
pub struct Moment<'m> {
    pub routes: &'m Routes,
    pub silences: &'m [Silence],
    pub now: Timestamp,
}

impl Moment<'_> {
    /// Takes an incident to this moment; gives the webhooks that are to be called.
    pub fn advance(&self, incident: &mut Incident) -> Vec<Called> {
        if incident.is_over() {
            return Vec::new();
        }
        let quiet = Quiet {
            settings: &self.routes.settings,
            silences: self.silences,
            now: self.now,
        };
        quiet.judge(incident);
        follow(incident);
        match (!incident.is_firing(), incident.well_since) {
            (true, None) => incident.well_since = Some(self.now),
            (false, Some(_)) => incident.well_since = None,
            _ => {}
        }
        escalate::remind(incident, self.routes, self.now);
        escalate::escalate(incident, self.routes, self.now)
    }

    /// Everything has been well for long enough, so it can be verified.
    pub fn is_calm(&self, incident: &Incident) -> bool {
        let calm = SignedDuration::try_from(self.routes.settings.calm()).unwrap_or_default();
        let well = |since: Timestamp| self.now.duration_since(since) >= calm;
        let flaps = self.routes.settings.flaps();
        let flapping = |member: &super::Member| member.flaps(self.now, flaps);
        !incident.is_over()
            && incident.well_since.is_some_and(well)
            && !incident.members.iter().any(flapping)
    }

    /// Nothing was said to be wrong for so long that a look can show that it is over.
    pub fn is_still(&self, incident: &Incident) -> bool {
        let calm = SignedDuration::try_from(self.routes.settings.calm()).unwrap_or_default();
        self.now.duration_since(incident.stirred) >= calm
    }

    /// When this incident next needs a look.
    pub fn due(&self, incident: &Incident) -> Option<Timestamp> {
        let settings = &self.routes.settings;
        let told = incident.opened.checked_add(settings.wait()).ok();
        let told = told.filter(|at| *at > self.now);
        let calm = incident
            .well_since
            .and_then(|since| since.checked_add(settings.calm()).ok());
        let next = escalate::due(incident, self.routes);
        [told, calm, next].into_iter().flatten().min()
    }
}

/// Which troubles follow from another one of the same incident: a host that is down takes its
/// services along, a service at fault those that need it.
fn follow(incident: &mut Incident) {
    let gone = {
        let mut gone = incident.firing().filter(|member| member.is_host_gone());
        gone.next().map(|member| member.summary.clone())
    };
    let fault = incident.finding.as_ref().map(|finding| {
        let dependents = finding.dependents.clone();
        (finding.service.clone(), dependents)
    });
    for member in &mut incident.members {
        let needs = |(fault, dependents): &(Name, Vec<Name>)| {
            let place = member.place();
            (*fault != place && dependents.contains(&place)).then(|| say!("it needs {}", fault))
        };
        member.follows = match &gone {
            Some(why) if !member.is_of_host() => Some(why.clone()),
            _ => fault.as_ref().and_then(needs),
        };
    }
}

/// It is over, and somebody or something saw to that.
pub fn resolve(incident: &mut Incident, who: &str, why: Clean, now: Timestamp) {
    if incident.is_over() {
        return;
    }
    for member in &mut incident.members {
        member.firing = false;
    }
    incident.crowd.all_over();
    incident.phase = Phase::Resolved { at: now };
    incident.note(now, who, Kind::Resolved, why);
}

/// Somebody has heard it.
pub fn acknowledge(incident: &mut Incident, who: &str, now: Timestamp) -> bool {
    if incident.is_over() || matches!(&incident.phase, Phase::Acknowledged { by, .. } if by == who)
    {
        return false;
    }
    incident.phase = Phase::Acknowledged {
        by: who.to_owned(),
        at: now,
    };
    incident.hands = true;
    if incident.assigned.is_none() {
        incident.assigned = Some(who.to_owned());
    }
    let text = say!("{} looks after it", Name::new(who));
    incident.note(now, who, Kind::Acknowledged, text);
    true
}

/// What was looked at is not well, whatever an alert said. Noted once.
pub fn not_well(incident: &mut Incident, why: &Clean, now: Timestamp) {
    if incident.well_since.is_some() {
        incident.well_since = Some(now);
    }
    if !incident.is_firing() && incident.doubt.as_ref() != Some(why) {
        incident.doubt = Some(why.clone());
        incident.note(
            now,
            ITSELF,
            Kind::Note,
            say!("no alert any more, but {}", why),
        );
    }
}
