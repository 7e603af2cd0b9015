//! What may be mended without being asked, and how often it may be tried. Pure: past tries and the
//! time go in. Without a rule nothing is mended.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::matcher::Matcher;
use crate::setting::{Identifier, Wait};

/// Mending one service, or all that a pattern fits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealRule {
    /// Which troubles, such as `shop/api` or `stack=shop,what=died`.
    #[serde(rename = "match")]
    pub fits: Matcher,
    /// Only these causes, by their ids; without it every cause that was found.
    #[serde(default)]
    pub causes: Vec<String>,
    /// The runbook; without it `restart`. It gets the service at fault as `service`. What deletes
    /// is refused.
    pub runbook: Option<Identifier>,
    /// Other parameters of the runbook.
    #[serde(default)]
    pub with: BTreeMap<Identifier, String>,
    /// So many times …
    pub budget: Option<u8>,
    /// … within this time, such as `1h`.
    pub window: Option<Wait>,
    /// The pause after the first time, such as `30s`; each later one is twice as long.
    pub pause: Option<Wait>,
    /// After so long without trouble everything is forgotten, such as `30m`; without it the window.
    pub reset: Option<Wait>,
}

/// A registry whose services may be mended by their own `restart_cmd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFile {
    pub file: PathBuf,
    pub host: String,
    /// What its services count as.
    pub stack: String,
}

const RUNBOOK: &str = "restart";
const BUDGET: u8 = 3;
const WINDOW: Duration = Duration::from_hours(1);
const PAUSE: Duration = Duration::from_secs(30);

impl HealRule {
    pub fn runbook(&self) -> &str {
        self.runbook.as_ref().map_or(RUNBOOK, Identifier::as_str)
    }

    pub fn budget(&self) -> usize {
        usize::from(self.budget.unwrap_or(BUDGET))
    }

    pub fn window(&self) -> Duration {
        self.window.map_or(WINDOW, |wait| wait.0)
    }

    pub fn pause(&self) -> Duration {
        self.pause.map_or(PAUSE, |wait| wait.0)
    }

    pub fn reset(&self) -> Duration {
        self.reset.map_or_else(|| self.window(), |wait| wait.0)
    }

    pub fn allows(&self, cause: &str) -> bool {
        self.causes.is_empty() || self.causes.iter().any(|allowed| allowed == cause)
    }
}

/// Whether to try now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    Wait(Timestamp),
    /// The budget is used up.
    Stop,
}

/// Judges by the tries so far, oldest first.
pub fn judge(rule: &HealRule, tries: &[Timestamp], now: Timestamp) -> Verdict {
    let counted = counted(rule, tries, now);
    if counted.len() >= rule.budget() {
        return Verdict::Stop;
    }
    let Some(last) = counted.last() else {
        return Verdict::Go;
    };
    let doublings = u32::try_from(counted.len() - 1).unwrap_or(u32::MAX).min(16);
    let pause = rule.pause() * (1_u32 << doublings);
    match last.checked_add(pause) {
        Ok(next) if next > now => Verdict::Wait(next),
        _ => Verdict::Go,
    }
}

/// Tries within the window, and after the last time of calm that was long enough to forget.
pub fn counted(rule: &HealRule, tries: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
    let signed = |length: Duration| SignedDuration::try_from(length).unwrap_or_default();
    let (window, reset) = (signed(rule.window()), signed(rule.reset()));
    let mut counted: Vec<Timestamp> = Vec::new();
    for at in tries {
        let calm = counted
            .last()
            .is_some_and(|last| at.duration_since(*last) >= reset);
        if calm {
            counted.clear();
        }
        counted.push(*at);
    }
    if counted
        .last()
        .is_some_and(|last| now.duration_since(*last) >= reset)
    {
        counted.clear();
    }
    counted.retain(|at| now.duration_since(*at) < window);
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(budget: u8) -> HealRule {
        serde_json::from_value(serde_json::json!({
            "match": "shop/api", "budget": budget, "window": "1h", "pause": "1m", "reset": "20m"
        }))
        .unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn pauses_grow_and_the_budget_ends() {
        let rule = rule(3);
        assert_eq!(judge(&rule, &[], at(0)), Verdict::Go);
        assert_eq!(judge(&rule, &[at(0)], at(0)), Verdict::Wait(at(1)));
        assert_eq!(judge(&rule, &[at(0)], at(1)), Verdict::Go);
        assert_eq!(judge(&rule, &[at(0), at(1)], at(2)), Verdict::Wait(at(3)));
        assert_eq!(judge(&rule, &[at(0), at(1), at(3)], at(9)), Verdict::Stop);
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let rule = rule(3);
        let tries = [at(0), at(1), at(3)];
        assert_eq!(
            judge(&rule, &tries, at(23)),
            Verdict::Go,
            "calm for so long"
        );
        let steady: Vec<Timestamp> = [0, 15, 30].map(at).to_vec();
        assert_eq!(judge(&rule, &steady, at(45)), Verdict::Stop);
        assert_eq!(judge(&rule, &steady[1..], at(49)), Verdict::Go);
    }
}
