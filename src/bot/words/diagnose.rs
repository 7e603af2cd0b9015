//! `diagnose`: survey, gather, judge, report. Reads only.

use super::absent;
use super::look::Look;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::Target;
use crate::report::Report;
use crate::stack::Key;

pub(super) async fn diagnose(context: &Context<'_>, target: &Target) -> Result<Outcome, Trouble> {
    let look = Look::at_service(context, target).await?;
    let asked: Key = match look.service(context, target) {
        Ok(chosen) => chosen.service.key.clone(),
        // it may be one that could never be made
        Err(unknown) => {
            let absent = absent::examine(context, &look, target).await?;
            return tell(context, absent.ok_or(unknown)?).await;
        }
    };
    for report in examine(context, &look, &[asked]).await {
        tell(context, report).await?;
    }
    Ok(Outcome::Done)
}

async fn tell(context: &Context<'_>, report: Report) -> Result<Outcome, Trouble> {
    keep(context, &report).await;
    context.voice.say(report).await;
    Ok(Outcome::Done)
}

/// One report for each service, from evidence gathered once.
pub(super) async fn examine(context: &Context<'_>, look: &Look, services: &[Key]) -> Vec<Report> {
    let bot = context.bot;
    let with = (bot.clock, &bot.policy);
    crate::bot::examine::examine(&look.host.engine, &look.survey, with, services).await
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
