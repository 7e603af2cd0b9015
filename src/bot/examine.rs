//! One report for each service, from evidence gathered once: what `diagnose` shows, and what an
//! incident is told by.

use crate::access::Policy;
use crate::clock::Clock;
use crate::diagnose::{Case, Diagnosis};
use crate::engine::Engine;
use crate::report::Report;
use crate::report::build::{Occasion, from_diagnosis};
use crate::say;
use crate::stack::Key;
use crate::survey::Survey;
use crate::survey::gather::gather;
use crate::text::Name;

pub async fn examine(
    engine: &Engine,
    survey: &Survey,
    with: (Clock, &Policy),
    services: &[Key],
) -> Vec<Report> {
    let examined = diagnoses(engine, survey, with, services).await;
    examined.into_iter().map(|(_, report)| report).collect()
}

/// The same with what each report was made of, for who has to know more than names.
pub async fn diagnoses(
    engine: &Engine,
    survey: &Survey,
    (clock, policy): (Clock, &Policy),
    services: &[Key],
) -> Vec<(Diagnosis, Report)> {
    let gathered = gather(engine, survey, services).await;
    let now = clock.now();
    let took = now.duration_since(survey.at).as_secs_f64();
    let one = |asked: &Key| {
        let case = Case {
            asked,
            evidence: &gathered.evidence,
            graph: &gathered.graph,
            // the states were seen at this moment; to judge them later would make them look older
            now: survey.at,
        };
        let occasion = Occasion {
            id: clock.id(),
            created_at: now,
            host: survey.host.clone(),
            environment: environment(policy, survey, asked),
            looked_at: say!("{} containers in {:.1} s", gathered.containers, took),
            not_seen: gathered.not_seen.clone(),
        };
        let diagnosis = crate::diagnose::diagnose(&case);
        let report = from_diagnosis(&diagnosis, &gathered.evidence, occasion);
        (diagnosis, report)
    };
    services.iter().map(one).collect()
}

/// Of the stack; empty where none is configured.
pub fn environment(policy: &Policy, survey: &Survey, asked: &Key) -> Name {
    let environment = policy.environment_on(&survey.host, asked.stack.as_ref());
    environment.map(Name::new).unwrap_or_default()
}
