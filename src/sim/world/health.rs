//! A container's health as the engine tracks it: results of the check, the streak, the verdict.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::sim::spec::HealthSpec;

/// The engine keeps five results.
const RESULTS_KEPT: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Verdict {
    Starting,
    Healthy,
    Unhealthy,
}

impl Verdict {
    pub(in crate::sim) fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

#[derive(Debug, Clone)]
pub(in crate::sim) struct ProbeResult {
    pub(in crate::sim) start: Timestamp,
    pub(in crate::sim) end: Timestamp,
    pub(in crate::sim) code: i64,
    pub(in crate::sim) output: String,
}

#[derive(Debug, Clone)]
pub(in crate::sim) struct Health {
    pub(in crate::sim) verdict: Verdict,
    pub(in crate::sim) streak: u64,
    pub(in crate::sim) results: VecDeque<ProbeResult>,
}

impl Health {
    pub(super) fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            streak: 0,
            results: VecDeque::new(),
        }
    }

    /// A new life begins with old results but no streak.
    pub(super) fn begin_life(&mut self) {
        self.verdict = Verdict::Starting;
        self.streak = 0;
    }

    /// Takes in a result; `Some` when the verdict changed by it.
    pub(super) fn take(
        &mut self,
        result: ProbeResult,
        spec: &HealthSpec,
        started: Timestamp,
    ) -> Option<Verdict> {
        let before = self.verdict;
        if result.code == 0 {
            self.streak = 0;
            self.verdict = Verdict::Healthy;
        } else if self.counts(&result, spec, started) {
            self.streak += 1;
            if self.streak >= spec.retries {
                self.verdict = Verdict::Unhealthy;
            }
        }
        if self.results.len() == RESULTS_KEPT {
            self.results.pop_front();
        }
        self.results.push_back(result);
        (self.verdict != before).then_some(self.verdict)
    }

    /// Failures of a container that is still starting are forgiven within its start period.
    fn counts(&self, result: &ProbeResult, spec: &HealthSpec, started: Timestamp) -> bool {
        self.verdict != Verdict::Starting
            || super::between(started, result.start) >= spec.start_period
    }
}
