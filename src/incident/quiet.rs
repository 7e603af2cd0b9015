//! What nobody is to be told of, and why: silences, windows of planned work, known issues, flapping.

use jiff::Timestamp;

use super::model::{ITSELF, Incident, Kind, Member};
use super::settings::{IncidentSettings, KnownIssue, Window};
use super::silence::Silence;
use crate::say;
use crate::text::{Clean, Name, Redactor};

/// Everything that keeps quiet, at one moment.
pub struct Quiet<'q> {
    pub settings: &'q IncidentSettings,
    pub silences: &'q [Silence],
    pub now: Timestamp,
}

impl Quiet<'_> {
    /// Looks at every trouble of an incident anew; notes what changed.
    pub fn judge(&self, incident: &mut Incident) {
        let before = incident.why_quiet().cloned();
        let windows = self.open_windows();
        let (_, within) = self.settings.flaps();
        for member in &mut incident.members {
            let flapped = member.quiet.as_ref().is_some_and(is_flapping);
            let quiet = self.why(member, &windows);
            if !flapped && quiet.as_ref().is_some_and(is_flapping) {
                let text = say!(
                    "{} flaps: it turned {} times lately; told again when it is calm",
                    member.place(),
                    member.turns_within(self.now, within)
                );
                incident.fresh.push(super::Entry {
                    at: self.now,
                    who: ITSELF.to_owned(),
                    kind: Kind::Flapping,
                    text,
                });
            }
            member.quiet = quiet;
        }
        let after = incident.why_quiet().cloned();
        match (before, after) {
            (None, Some(why)) => incident.note(self.now, ITSELF, Kind::Quieted, why),
            (Some(_), None) if !incident.is_over() => {
                // who was not told yet is told now, as if it had just begun
                incident.unheard_since = self.now;
                incident.reminded = self.now;
                let text = say!("nothing keeps it quiet any more");
                incident.note(self.now, ITSELF, Kind::Heard, text);
            }
            _ => {}
        }
    }

    fn why(&self, member: &Member, windows: &[&Window]) -> Option<Clean> {
        self.silenced(member)
            .or_else(|| planned(member, windows))
            .or_else(|| self.known(member))
            .or_else(|| self.flapping(member))
    }

    /// Looked up once for all the troubles of an incident.
    fn open_windows(&self) -> Vec<&Window> {
        let open = |window: &&Window| {
            let lasts = window.lasts.0;
            window.cron.is_open(&window.zone, self.now, lasts)
        };
        self.settings.windows.iter().filter(open).collect()
    }

    fn silenced(&self, member: &Member) -> Option<Clean> {
        let mut silences = self.silences.iter();
        let silence = silences.find(|one| one.is_on(self.now) && one.fits(member))?;
        Some(say!(
            "silenced by {} until {}: {}",
            Name::new(&silence.by),
            minute(silence.until),
            silence.reason
        ))
    }

    fn known(&self, member: &Member) -> Option<Clean> {
        if self.settings.known_issues.is_empty() {
            return None;
        }
        let today = super::zone::Zone::default().local(self.now).date();
        let holds = |known: &&KnownIssue| today < known.until.0 && known.fits.fits(member);
        let known = self.settings.known_issues.iter().find(holds)?;
        Some(say!(
            "known until {}: {}",
            Name::new(&known.until.0.to_string()),
            clean(&known.reason)
        ))
    }

    fn flapping(&self, member: &Member) -> Option<Clean> {
        member
            .flaps(self.now, self.settings.flaps())
            .then(|| say!("{}: it turns again and again", FLAPPING))
    }
}

fn planned(member: &Member, windows: &[&Window]) -> Option<Clean> {
    let window = windows.iter().find(|window| window.fits.fits(member))?;
    Some(say!("planned work: {}", clean(&window.reason)))
}

const FLAPPING: &str = "flapping";

fn is_flapping(why: &Clean) -> bool {
    why.as_str().starts_with(FLAPPING)
}

fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

/// `2026-03-01 14:05 UTC`
pub fn minute(at: Timestamp) -> Clean {
    say!(
        "{} UTC",
        Name::new(&at.strftime("%Y-%m-%dT%H:%M").to_string())
    )
}
