//! After a run: looks again, keeps the report, and says in one line how things are now.

use super::diagnose;
use super::look::Look;
use crate::bot::{Context, Outcome, Trouble};
use crate::diagnose::Cause;
use crate::report::Report;
use crate::report::repair::{Repair, after_repair};
use crate::run::{Plan, StepEnd, StepOutcome};
use crate::say;
use crate::stack::Key;
use crate::store::RunState;
use crate::text::{Clean, Line, Message, Name, Style};

/// What was wrong before, if anything was: the report of a repair begins there.
pub(super) async fn before(context: &Context<'_>, plan: &Plan) -> Option<Report> {
    let reports = examine(context, plan, &plan.services).await.ok()?;
    reports.into_iter().find(is_ill)
}

fn is_ill(report: &Report) -> bool {
    report.root_cause.cause != Cause::None
}

/// Looks at services by their `stack/service` names, as they are at this moment.
async fn examine(
    context: &Context<'_>,
    plan: &Plan,
    services: &[Name],
) -> Result<Vec<Report>, Trouble> {
    let host = context.bot.fleet.host(Some(plan.host.as_str())).await?;
    let survey = context.survey(&host).await?;
    let is_meant = |key: &Key| {
        services
            .iter()
            .any(|name| *name == key.to_string().as_str())
    };
    let keys: Vec<Key> = survey
        .inventory
        .services
        .iter()
        .map(|service| service.key.clone())
        .filter(is_meant)
        .collect();
    Ok(diagnose::examine(context, &Look { host, survey }, &keys).await)
}

/// One run, as its teller needs to know it.
pub(super) struct Ended<'r> {
    pub(super) id: &'r str,
    pub(super) plan: &'r Plan,
    pub(super) state: RunState,
    pub(super) steps: &'r [StepOutcome],
}

pub(super) async fn tell(
    context: &Context<'_>,
    run: &Ended<'_>,
    before: Option<Report>,
) -> Result<Outcome, Trouble> {
    let outcome = if run.state == RunState::Succeeded {
        Outcome::Done
    } else {
        Outcome::Failed
    };
    let Some(before) = before else {
        context
            .voice
            .say(short(run.plan, run.state, run.steps))
            .await;
        return Ok(outcome);
    };
    let now = examine(context, run.plan, &concerned(run.plan, &before))
        .await
        .unwrap_or_default();
    let repair = Repair {
        run: run.id,
        title: &run.plan.title,
        by: Name::new(&context.caller.to_string()),
        steps: run.steps,
        state: run.state,
    };
    let occasion = (context.bot.clock.id(), context.bot.clock.now());
    let report = after_repair(before, &now, &repair, occasion);
    diagnose::keep(context, &report).await;
    let is_over = !now.iter().any(is_ill);
    context.voice.say(report).await;
    Ok(if is_over { outcome } else { Outcome::Failed })
}

/// What was changed, and who suffered.
fn concerned(plan: &Plan, before: &Report) -> Vec<Name> {
    let full = |service: &Name| {
        Name::new(
            &Key {
                stack: plan.stack().cloned(),
                service: service.clone(),
            }
            .to_string(),
        )
    };
    let affected = before
        .services_affected
        .iter()
        .map(|affected| full(&affected.service));
    plan.services.iter().cloned().chain(affected).collect()
}

/// Nothing was wrong before: one line, and the failing step where there is one.
fn short(plan: &Plan, state: RunState, steps: &[StepOutcome]) -> Message {
    let took: std::time::Duration = steps.iter().map(|step| step.took).sum();
    let failed = steps.iter().find_map(|step| match &step.end {
        StepEnd::Failed(why) => Some(say!("{}: {}", step.says, why)),
        _ => None,
    });
    let done = steps
        .iter()
        .filter(|step| step.end == StepEnd::Done)
        .count();
    let line = match (state, failed) {
        (RunState::Succeeded, _) => Line::new().styled(
            Style::Good,
            say!(
                "done: {} ({} steps, {:.1} s)",
                plan.title,
                done,
                took.as_secs_f64()
            ),
        ),
        (_, Some(why)) => Line::new().styled(Style::Bad, say!("failed: {}", why)),
        _ => Line::new().styled(
            Style::Warn,
            say!(
                "{} was cancelled after {} of {} steps",
                plan.title,
                done,
                steps.len()
            ),
        ),
    };
    let left: Vec<Clean> = steps
        .iter()
        .filter(|step| matches!(step.end, StepEnd::Skipped | StepEnd::Cancelled))
        .map(|step| step.says.clone())
        .collect();
    let message = Message::new().line(line);
    if left.is_empty() {
        message
    } else {
        message.line(Line::new().dim(say!("not done: {}", Clean::join(&left, ", "))))
    }
}
