//! `diagnose`: survey, gather, judge, report. Reads only.

use jiff::SignedDuration;

use super::look::Look;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::diagnose::Case;
use crate::report::Report;
use crate::report::build::{Occasion, from_diagnosis};
use crate::say;
use crate::store::ReportRecord;
use crate::stack::Key;
use crate::survey::gather::gather;

pub(super) async fn diagnose(context: &Context<'_>, target: &Target) -> Result<Outcome, Trouble> {
    let report = report(context, target).await?;
    keep(context, &report).await;
    context.voice.say(report).await;
    Ok(Outcome::Done)
}

/// The report alone, for whoever shows it in another way.
pub(crate) async fn report(context: &Context<'_>, target: &Target) -> Result<Report, Trouble> {
    let look = Look::at(context, std::slice::from_ref(target)).await?;
    let asked: Key = look.service(context, target)?.service.key.clone();
    let gathered = gather(&look.host.engine, &look.survey, &asked).await;
    let now = context.bot.clock.now();
    let case = Case {
        asked: &asked,
        evidence: &gathered.evidence,
        graph: &look.survey.graph,
        now,
    };
    let diagnosis = crate::diagnose::diagnose(&case);
    let took: SignedDuration = now.duration_since(look.survey.at);
    let occasion = Occasion {
        id: context.bot.clock.id(),
        created_at: now,
        host: look.survey.host.clone(),
        looked_at: say!(
            "{} containers looked at in {:.1} s",
            gathered.containers,
            took.as_secs_f64()
        ),
        not_seen: gathered.not_seen.clone(),
    };
    Ok(from_diagnosis(&diagnosis, &gathered.evidence, occasion))
}

/// A report that cannot be kept is still worth showing.
pub(super) async fn keep(context: &Context<'_>, report: &Report) {
    let kept = match context.bot.store.get().await {
        Ok(store) => store.save_report(&record(report)).await,
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the report could not be kept");
    }
}

fn record(report: &Report) -> ReportRecord {
    ReportRecord {
        id: report.id.clone(),
        created_ms: report.created_at.as_millisecond(),
        host: report.host.to_string(),
        project: report.project.to_string(),
        service: report.root_cause.service.to_string(),
        cause: report.root_cause.cause.id().to_owned(),
        confidence: report.root_cause.confidence.word().to_owned(),
        issue: report.issue.to_string(),
        summary: report.root_cause.summary.to_string(),
        body_json: serde_json::to_string(report).unwrap_or_default(),
    }
}
