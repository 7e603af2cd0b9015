//! One report for each service, from evidence gathered once: what `diagnose` shows, and what an
//! incident is told by.

use crate::access::Policy;
use crate::clock::Clock;
use crate::diagnose::Case;
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
    (clock, policy): (Clock, &Policy),
    services: &[Key],
) -> Vec<Report> {
    let gathered = gather(engine, survey, services).await;
    let now = clock.now();
    let took = now.duration_since(survey.at).as_secs_f64();
    let report = |asked: &Key| {
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
        from_diagnosis(
            &crate::diagnose::diagnose(&case),
            &gathered.evidence,
            occasion,
        )
    };
    services.iter().map(report).collect()
}

/// Of the stack; empty where none is configured.
pub fn environment(policy: &Policy, survey: &Survey, asked: &Key) -> Name {
    let environment = policy.environment_on(&survey.host, asked.stack.as_ref());
    environment.map(Name::new).unwrap_or_default()
}
