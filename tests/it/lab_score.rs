//! How good a diagnosis was: held against what a scenario expects, and counted up to one line.

use std::fmt;
use std::time::Duration;

use dogwatch::diagnose::Cause;
use dogwatch::report::Report;

use crate::lab_scenario::Expect;

/// One scenario's outcome. Without `misses` it is as expected.
#[derive(Debug)]
pub(crate) struct Score {
    name: String,
    pub(crate) misses: Vec<String>,
    expected: (Cause, String),
    /// None where the lab could not even ask.
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    cause: Cause,
    service: String,
    took: Duration,
}

impl Score {
    pub(crate) fn broken(name: &str, expect: &Expect, why: String) -> Self {
        Self {
            name: name.to_owned(),
            misses: vec![why],
            expected: (expect.cause, expect.service.clone()),
            found: None,
        }
    }

    pub(crate) fn of(name: &str, expect: &Expect, report: &Report, took: Duration) -> Self {
        let root = &report.root_cause;
        // where two readings are equally right, the one that was found is the expected one
        let mut expect = expect.clone();
        expect.cause = expect
            .or
            .filter(|other| *other == root.cause)
            .unwrap_or(expect.cause);
        Self {
            name: name.to_owned(),
            misses: misses(&expect, report),
            expected: (expect.cause, expect.service.clone()),
            found: Some(Found {
                cause: root.cause,
                service: root.service.as_str().to_owned(),
                took,
            }),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    fn found_cause(&self, cause: Cause) -> bool {
        self.found
            .as_ref()
            .is_some_and(|found| found.cause == cause)
    }

    fn has_cause(&self) -> bool {
        self.found_cause(self.expected.0)
    }

    fn has_service(&self) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|found| found.service == self.expected.1)
    }

    /// It names a cause that is not the one, or a service that is not to blame.
    fn accuses_falsely(&self) -> bool {
        let claims = self
            .found
            .as_ref()
            .is_some_and(|found| !matches!(found.cause, Cause::None | Cause::Inconclusive));
        let blames = self
            .found
            .as_ref()
            .is_some_and(|found| !found.service.is_empty());
        (claims && !self.has_cause()) || (blames && !self.has_service())
    }

    fn is_undecided(&self) -> bool {
        self.found_cause(Cause::Inconclusive) && !self.has_cause()
    }
}

fn misses(expect: &Expect, report: &Report) -> Vec<String> {
    let root = &report.root_cause;
    let mut misses = Vec::new();
    if root.cause != expect.cause {
        misses.push(format!(
            "cause `{}`, not `{}`",
            root.cause.id(),
            expect.cause.id()
        ));
    }
    if root.service.as_str() != expect.service {
        misses.push(format!(
            "service `{}`, not `{}`",
            root.service, expect.service
        ));
    }
    let shown = serde_json::to_string(root).unwrap().to_lowercase();
    for word in &expect.evidence {
        if !shown.contains(&word.to_lowercase()) {
            misses.push(format!("the root cause does not show `{word}`"));
        }
    }
    let whole = serde_json::to_string(report).unwrap();
    for secret in &expect.never {
        if whole.contains(secret.as_str()) {
            misses.push(format!("the report shows `{secret}`"));
        }
    }
    if expect.cause != Cause::None {
        if report.resolution_steps.is_empty() {
            misses.push("no step to resolve it".to_owned());
        }
        if report.verification.is_empty() {
            misses.push("nothing to verify it by".to_owned());
        }
    }
    misses
}

/// All scores; shows the misses, then one line.
pub(crate) struct Scores<'s>(pub(crate) &'s [Score]);

impl fmt::Display for Scores<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for score in self.0.iter().filter(|score| !score.misses.is_empty()) {
            writeln!(f, "lab: MISS {}: {}", score.name, score.misses.join("; "))?;
        }
        let all = self.0.len();
        let count = |is: fn(&Score) -> bool| self.0.iter().filter(|score| is(score)).count();
        let found = self.0.iter().filter_map(|score| score.found.as_ref());
        let mut times: Vec<f64> = found.map(|found| found.took.as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        write!(
            f,
            "lab: right cause {}/{all}, right service {}/{all}, false accusations {}, inconclusive {}, median {:.2} s, worst {:.2} s",
            count(Score::has_cause),
            count(Score::has_service),
            count(Score::accuses_falsely),
            count(Score::is_undecided),
            times.get(times.len() / 2).unwrap_or(&0.0),
            times.last().unwrap_or(&0.0),
        )
    }
}
