//! An incident: who is in it, how far it has come, what was found. It changes only through
//! functions that are handed the time, and what changes is noted for its log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::{Alert, Fingerprint, Severity, Source};
use super::crowd::Crowd;
use crate::text::{Clean, Name};

/// Who does what the program does by itself.
pub const ITSELF: &str = "dogwatch";

/// How far an incident has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Open,
    Acknowledged {
        by: String,
        at: Timestamp,
    },
    Resolved {
        at: Timestamp,
    },
    /// What was in it is in another one now.
    Merged {
        into: i64,
        at: Timestamp,
    },
}

impl Phase {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Resolved { .. } => "resolved",
            Self::Merged { .. } => "merged",
        }
    }
}

/// One trouble in an incident: all alerts with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub print: Fingerprint,
    pub source: Source,
    pub severity: Severity,
    pub summary: Clean,
    pub details: Vec<(Clean, Clean)>,
    pub route: Option<String>,
    pub firing: bool,
    /// Alerts that said so, and those that said it is over.
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// When it turned, lately: what turns often flaps.
    pub turns: Vec<Timestamp>,
    /// It follows from something else, which is told instead.
    pub follows: Option<Clean>,
    /// Nobody is told of it, and why.
    pub quiet: Option<Clean>,
}

/// What a diagnosis found, as far as an incident shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub report: String,
    pub at: Timestamp,
    pub cause: String,
    pub confidence: Clean,
    /// `stack/service` at fault.
    pub service: Name,
    pub summary: Clean,
    pub proof: Vec<Clean>,
    pub steps: Vec<Clean>,
    /// Services that fail because they need the one at fault.
    pub dependents: Vec<Name>,
}

/// What an entry of the log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Opened,
    Joined,
    Ended,
    Reopened,
    Diagnosed,
    Acknowledged,
    Assigned,
    Note,
    Escalated,
    Reminded,
    Quieted,
    Heard,
    Flapping,
    Merged,
    Healed,
    GaveUp,
    Resolved,
}

impl Kind {
    pub const ALL: [Self; 17] = [
        Self::Opened,
        Self::Joined,
        Self::Ended,
        Self::Reopened,
        Self::Diagnosed,
        Self::Acknowledged,
        Self::Assigned,
        Self::Note,
        Self::Escalated,
        Self::Reminded,
        Self::Quieted,
        Self::Heard,
        Self::Flapping,
        Self::Merged,
        Self::Healed,
        Self::GaveUp,
        Self::Resolved,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Joined => "joined",
            Self::Ended => "ended",
            Self::Reopened => "reopened",
            Self::Diagnosed => "diagnosed",
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Note => "note",
            Self::Escalated => "escalated",
            Self::Reminded => "reminded",
            Self::Quieted => "quieted",
            Self::Heard => "heard",
            Self::Flapping => "flapping",
            Self::Merged => "merged",
            Self::Healed => "healed",
            Self::GaveUp => "gave-up",
            Self::Resolved => "resolved",
        }
    }

    /// Said below the message; the rest is seen in the message itself, or only in the timeline.
    /// That it is over is said even where the trouble was kept quiet meanwhile.
    pub fn is_told(self, quiet: bool) -> bool {
        match self {
            Self::Opened | Self::Ended | Self::Quieted | Self::Heard => false,
            Self::Resolved | Self::Flapping => true,
            _ => !quiet,
        }
    }
}

/// Something that happened in an incident, besides its alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub who: String,
    pub kind: Kind,
    pub text: Clean,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: i64,
    pub host: String,
    /// Empty where it concerns several stacks, or none.
    pub stack: String,
    /// Of the stack that is worst off, such as `prod`; empty where none is configured.
    #[serde(default)]
    pub environment: Name,
    pub phase: Phase,
    pub opened: Timestamp,
    /// When something new came in last.
    pub grew: Timestamp,
    /// When it was last said that something is wrong.
    pub stirred: Timestamp,
    pub members: Vec<Member>,
    /// Those that go on in here, by number.
    #[serde(default)]
    pub merged: Vec<i64>,
    /// More troubles than it names.
    #[serde(default)]
    pub crowd: Crowd,
    pub assigned: Option<String>,
    pub finding: Option<Finding>,
    /// A diagnosis is to be made.
    pub unclear: bool,
    /// How often one was asked for: what was asked meanwhile is not answered yet.
    #[serde(default)]
    pub asked: u64,
    /// Everything has been well since.
    pub well_since: Option<Timestamp>,
    /// How many steps of the escalation were taken, and since when nobody answered.
    pub escalated: usize,
    pub unheard_since: Timestamp,
    /// When somebody was last told that it still goes on.
    pub reminded: Timestamp,
    /// A person opened or changed it by hand: nothing is mended by itself any more.
    pub hands: bool,
    /// `third time this month; last fix: …`
    pub past: Option<Clean>,
    /// What was done to mend it, for the next time.
    pub mended: Option<Clean>,
    /// Why nothing more is tried by itself.
    pub gave_up: Option<Clean>,
    /// Nothing is tried before.
    pub try_after: Option<Timestamp>,
    /// Why it is not over, although no alert says so any more.
    pub doubt: Option<Clean>,
    /// Noted and not written yet.
    #[serde(skip)]
    pub fresh: Vec<Entry>,
}

impl Incident {
    pub fn open(id: i64, alert: &Alert, now: Timestamp) -> Self {
        let mut incident = Self {
            id,
            host: alert.host.clone(),
            stack: alert.stack.clone(),
            environment: Name::default(),
            phase: Phase::Open,
            opened: now,
            grew: now,
            stirred: now,
            members: vec![Member::of(alert)],
            merged: Vec::new(),
            crowd: Crowd::default(),
            assigned: None,
            finding: None,
            unclear: true,
            asked: 1,
            well_since: None,
            escalated: 0,
            unheard_since: now,
            reminded: now,
            hands: false,
            past: None,
            mended: None,
            gave_up: None,
            try_after: None,
            doubt: None,
            fresh: Vec::new(),
        };
        incident.note(now, ITSELF, Kind::Opened, alert.summary.clone());
        incident
    }

    pub fn note(&mut self, at: Timestamp, who: &str, kind: Kind, text: Clean) {
        self.fresh.push(Entry {
            at,
            who: who.to_owned(),
            kind,
            text,
        });
    }

    /// What was found so far may not be all, or not be true any more.
    pub fn ask(&mut self) {
        self.unclear = true;
        self.asked += 1;
    }

    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Resolved { .. } | Phase::Merged { .. })
    }

    pub fn ended(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Resolved { at } | Phase::Merged { at, .. } => Some(at),
            _ => None,
        }
    }

    pub fn member(&self, print: &Fingerprint) -> Option<&Member> {
        self.members.iter().find(|member| member.print == *print)
    }

    pub fn firing(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.firing)
    }

    /// Something is still said to be wrong.
    pub fn is_firing(&self) -> bool {
        self.crowd.firing() > 0 || self.firing().next().is_some()
    }

    /// How many troubles there are or were, named or not.
    pub fn troubles(&self) -> usize {
        self.members.len() + self.crowd.len()
    }

    /// The worst of what is still wrong, or was.
    pub fn severity(&self) -> Severity {
        let worst = |members: &mut dyn Iterator<Item = &Member>| {
            members.map(|member| member.severity).max()
        };
        worst(&mut self.firing())
            .or_else(|| worst(&mut self.members.iter()))
            .unwrap_or_default()
    }

    /// The trouble that stands for all of them: the worst that follows from nothing else.
    pub fn lead(&self) -> Option<&Member> {
        let rank = |member: &&Member| {
            let order = (
                member.firing,
                member.follows.is_none(),
                member.is_host_gone(),
            );
            (order, member.severity, std::cmp::Reverse(member.first))
        };
        self.members.iter().max_by_key(rank)
    }

    /// Nobody is to be told: everything that is wrong is kept quiet.
    pub fn is_quiet(&self) -> bool {
        self.why_quiet().is_some()
    }

    pub fn why_quiet(&self) -> Option<&Clean> {
        let mut of_concern: Vec<&Member> = self.firing().collect();
        if of_concern.is_empty() {
            of_concern = self.members.iter().collect();
        }
        let first = of_concern.first()?.quiet.as_ref()?;
        of_concern
            .iter()
            .all(|member| member.quiet.is_some())
            .then_some(first)
    }
}

impl Member {
    pub fn of(alert: &Alert) -> Self {
        Self {
            print: alert.fingerprint(),
            source: alert.source,
            severity: alert.severity,
            summary: alert.summary.clone(),
            details: alert.details.clone(),
            route: alert.route.clone(),
            firing: alert.state == super::AlertState::Firing,
            count: 1,
            first: alert.at,
            last: alert.at,
            turns: Vec::new(),
            follows: None,
            quiet: None,
        }
    }

    pub fn place(&self) -> Name {
        self.print.place()
    }

    /// Where and what, in one sentence that names the place once.
    pub fn sentence(&self) -> Clean {
        let place = self.place();
        if self.summary.as_str().starts_with(place.as_str()) {
            return self.summary.clone();
        }
        crate::say!("{}: {}", place, self.summary)
    }

    /// The whole host is gone, or its engine: what runs there is gone with it. Somebody else's alert
    /// about a host, such as a full disk, says no such thing.
    pub fn is_host_gone(&self) -> bool {
        self.is_of_host() && self.source == Source::Events
    }

    pub(super) fn is_of_host(&self) -> bool {
        let print = &self.print;
        print.service.is_empty() && print.stack.is_empty() && !print.host.is_empty()
    }
}
