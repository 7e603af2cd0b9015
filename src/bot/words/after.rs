//! After a run: looks again, keeps the report, and says in one line how things are now.

use super::diagnose;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::{Target, target::What};
use crate::diagnose::Cause;
use crate::report::Report;
use crate::report::repair::{Repair, after_repair};
use crate::run::{Plan, StepEnd, StepOutcome};
use crate::say;
use crate::store::RunState;
use crate::text::{Clean, Line, Message, Style};

/// What was wrong before, if anything was: the report of a repair begins there.
pub(super) async fn before(context: &Context<'_>, plan: &Plan) -> Option<Report> {
    let mut found = None;
    for service in &plan.services {
        let report = diagnose::report(context, &target_of(plan, service.as_str())?).await.ok()?;
        if report.root_cause.cause != Cause::None {
            found = Some(report);
            break;
        }
    }
    found
}

fn target_of(plan: &Plan, service: &str) -> Option<Target> {
    let (stack, name) = match service.split_once('/') {
        Some((stack, name)) => (Some(stack.to_owned()), name),
        None => (None, service),
    };
    let host = Some(plan.host.as_str().to_owned());
    Some(Target { host, stack, what: What::Named(name.to_owned()) })
}

pub(super) async fn tell(
    context: &Context<'_>,
    id: &str,
    plan: &Plan,
    state: RunState,
    steps: &[StepOutcome],
    before: Option<Report>,
) -> Result<Outcome, Trouble> {
    let outcome = if state == RunState::Succeeded { Outcome::Done } else { Outcome::Failed };
    let Some(before) = before else {
        context.voice.say(short(plan, state, steps)).await;
        return Ok(outcome);
    };
    let asked = plan.services.first().and_then(|service| target_of(plan, service.as_str()));
    let now = match asked {
        Some(target) => diagnose::report(context, &target).await.ok(),
        None => None,
    };
    let repair = Repair { run: id, title: &plan.title, by: context.caller.to_string(), steps, state };
    let report = after_repair(before, now, &repair, context.bot.clock.now(), context.bot.clock.id());
    diagnose::keep(context, &report).await;
    context.voice.say(report).await;
    Ok(outcome)
}

/// Nothing was wrong before: one line, and the failing step where there is one.
fn short(plan: &Plan, state: RunState, steps: &[StepOutcome]) -> Message {
    let took: std::time::Duration = steps.iter().map(|step| step.took).sum();
    let failed = steps.iter().find_map(|step| match &step.end {
        StepEnd::Failed(why) => Some(say!("{}: {}", step.says, why)),
        _ => None,
    });
    let done = steps.iter().filter(|step| step.end == StepEnd::Done).count();
    let line = match (state, failed) {
        (RunState::Succeeded, _) => {
            Line::new().styled(Style::Good, say!("done: {} ({} steps, {:.1} s)", plan.title, done, took.as_secs_f64()))
        }
        (_, Some(why)) => Line::new().styled(Style::Bad, say!("failed: {}", why)),
        _ => Line::new().styled(Style::Warn, say!("{} was cancelled after {} of {} steps", plan.title, done, steps.len())),
    };
    let left: Vec<Clean> =
        steps.iter().filter(|step| matches!(step.end, StepEnd::Skipped | StepEnd::Cancelled)).map(|step| step.says.clone()).collect();
    let message = Message::new().line(line);
    if left.is_empty() { message } else { message.line(Line::new().dim(say!("not done: {}", Clean::join(&left, ", ")))) }
}
