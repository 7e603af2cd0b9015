//! What a look finds, and what of it an incident takes: the latest that says more than the one before.

use jiff::Timestamp;

use super::model::{Finding, ITSELF, Incident, Kind};
use crate::say;
use crate::text::{Clean, Name};

impl Incident {
    /// A look was taken that was asked for then; what was asked for meanwhile is a new question.
    pub fn answered(&mut self, asked: u64) {
        self.unclear = self.asked != asked;
    }

    /// Takes what was found, unless that is less than what is known.
    pub fn found(&mut self, finding: Finding, past: Option<Clean>, now: Timestamp) {
        if self
            .finding
            .as_ref()
            .is_some_and(|old| self.says_more(old, &finding))
        {
            return;
        }
        let old = self.finding.as_ref();
        let same =
            old.is_some_and(|old| old.cause == finding.cause && old.service == finding.service);
        self.past = past;
        if !same {
            self.note(now, ITSELF, Kind::Diagnosed, finding.told());
        }
        self.finding = Some(finding);
    }

    /// What is well by now tells nothing of what was wrong, and a look that cannot decide does not
    /// clear a service that still suffers.
    fn says_more(&self, old: &Finding, new: &Finding) -> bool {
        let accused = |old: &Finding| self.firing().any(|member| member.place() == old.service);
        new.is_well() || (!new.is_decided() && old.is_decided() && accused(old))
    }
}

impl Finding {
    pub fn is_decided(&self) -> bool {
        !matches!(self.cause.as_str(), "none" | "inconclusive")
    }

    fn is_well(&self) -> bool {
        self.cause == "none"
    }

    fn told(&self) -> Clean {
        if !self.is_decided() {
            return say!("no cause found yet: {}", self.summary);
        }
        let cause = Name::new(&self.cause);
        say!(
            "{} {}: {} ({})",
            self.service,
            cause,
            self.summary,
            self.confidence
        )
    }
}
