//! `diagnose`: survey, gather, judge, report. Reads only.

use super::look::Look;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::diagnose::Case;
use crate::report::Report;
use crate::report::build::{Occasion, from_diagnosis};
use crate::say;
use crate::stack::Key;
use crate::survey::gather::gather;
use crate::text::Name;

pub(super) async fn diagnose(context: &Context<'_>, target: &Target) -> Result<Outcome, Trouble> {
    let look = Look::at(context, std::slice::from_ref(target)).await?;
    let asked: Key = look.service(context, target)?.service.key.clone();
    for report in examine(context, &look, &[asked]).await {
        keep(context, &report).await;
        context.voice.say(report).await;
    }
    Ok(Outcome::Done)
}

/// One report for each service, from evidence gathered once.
pub(super) async fn examine(context: &Context<'_>, look: &Look, services: &[Key]) -> Vec<Report> {
    let survey = &look.survey;
    let gathered = gather(&look.host.engine, survey, services).await;
    let now = context.bot.clock.now();
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
            id: context.bot.clock.id(),
            created_at: now,
            host: survey.host.clone(),
            looked_at: say!("{} containers in {:.1} s", gathered.containers, took),
            not_seen: gathered.not_seen.clone(),
        };
        let mut report = from_diagnosis(
            &crate::diagnose::diagnose(&case),
            &gathered.evidence,
            occasion,
        );
        let policy = &context.bot.policy;
        let environment = policy.environment_on(&report.host, Some(&report.project));
        report.environment = environment.map(Name::new).unwrap_or_default();
        report
    };
    services.iter().map(report).collect()
}

/// A report that cannot be kept is still worth showing.
pub(super) async fn keep(context: &Context<'_>, report: &Report) {
    let kept = match context.bot.store.get().await {
        Ok(store) => store.save_report(&report.into()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the report could not be kept");
    }
}
