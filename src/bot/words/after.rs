//! After a run: looks again, keeps the report, and says in one line how things are now.

use super::diagnose;
use super::look::Look;
use crate::action::Risk;
use crate::bot::{Context, Outcome, Reply, Trouble};
use crate::diagnose::Cause;
use crate::report::{Report, report_json};
use crate::run::repair::{Repair, after_repair};
use crate::run::{Ended, Part, People, Plan, StepEnd, StepOutcome, account};
use crate::say;
use crate::stack::Key;
use crate::store::{RunState, StoreError};
use crate::text::{Action, Clean, Line, Message, Name, Style};

/// What was wrong before, if anything was: the report of a repair begins there.
pub(super) async fn before(context: &Context<'_>, plan: &Plan) -> Option<Report> {
    // who only looks mends nothing
    if plan.risk() == Risk::Read {
        return None;
    }
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

/// Looks again, keeps the report, and gives its id and what is to be said.
pub(super) async fn conclude(
    context: &Context<'_>,
    plan: &Plan,
    ended: Ended,
    before: Option<Report>,
) -> (String, (Reply, Outcome)) {
    let people = people(context, &ended.id).await;
    // one run, one report, one id: a run that is concluded again after a crash makes no second one
    let occasion = (ended.id.clone(), context.bot.clock.now());
    let done = if ended.state == RunState::Succeeded {
        Outcome::Done
    } else {
        Outcome::Failed
    };
    let Some(before) = before else {
        let report = account::report(plan, &ended, &people, occasion);
        diagnose::keep(context, &report).await;
        let whole = say!("report {}", Name::new(&report.id));
        let reply = Reply::Both {
            message: short(plan, &ended).action(Action::new("Report", whole)),
            document: report_json(&report),
        };
        return (report.id, (reply, done));
    };
    let now = examine(context, plan, &concerned(plan, &before))
        .await
        .unwrap_or_default();
    let work: Vec<_> = ended.work().cloned().collect();
    let repair = Repair {
        run: &ended.id,
        title: &plan.title,
        by: people.asked.clone(),
        steps: &work,
        state: ended.state,
    };
    let mut report = after_repair(before, &now, &repair, occasion);
    account::add(&mut report, plan, &ended, &people);
    diagnose::keep(context, &report).await;
    let is_over = !now.iter().any(is_ill);
    let outcome = if is_over { done } else { Outcome::Failed };
    (report.id.clone(), (report.into(), outcome))
}

/// Who asked and who let it go.
async fn people(context: &Context<'_>, id: &str) -> People {
    let found = async {
        let store = context.bot.store.get().await?;
        let run = store.run(id).await?;
        Ok::<_, StoreError>(People::of(&run, store.decisions(id).await?))
    };
    found.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "who asked for a run could not be read");
        People {
            asked: Name::new(&context.caller.to_string()),
            asked_at: context.bot.clock.now(),
            decided: Vec::new(),
        }
    })
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

/// Nothing was wrong before: one line, what was seen, and the failing step where there is one.
fn short(plan: &Plan, ended: &Ended) -> Message {
    let took: std::time::Duration = ended.steps.iter().map(|step| step.took).sum();
    let steps: Vec<&StepOutcome> = ended.work().collect();
    let done = steps
        .iter()
        .filter(|step| step.end == StepEnd::Done)
        .count();
    let line = match ended.state {
        RunState::Succeeded => Line::new().styled(
            Style::Good,
            say!(
                "done: {} ({} steps, {:.1} s)",
                plan.title,
                done,
                took.as_secs_f64()
            ),
        ),
        RunState::Cancelled => Line::new().styled(
            Style::Warn,
            say!(
                "{} was cancelled after {} of {} steps",
                plan.title,
                done,
                steps.len()
            ),
        ),
        _ => {
            let failed = match account::way_back(plan, ended) {
                Some(back) => say!("failed: {}; {}", ended.detail, back),
                None => say!("failed: {}", ended.detail),
            };
            Line::new().styled(Style::Bad, failed)
        }
    };
    let mut message = Message::new().line(line);
    for step in ended.steps.iter().filter(|step| tells(step)) {
        message = message.line(Line::new().dim(step.says.clone()));
        message = message.code(step.text.lines().collect());
    }
    let rolled = steps.iter().filter(|step| step.part == Part::Rollback);
    let rolled: Vec<Clean> = rolled.map(|step| account::told(step)).collect();
    if !rolled.is_empty() {
        message = message.list(rolled.into_iter().map(Line::from).collect());
    }
    let left = |step: &&&StepOutcome| matches!(step.end, StepEnd::Skipped | StepEnd::Cancelled);
    let left: Vec<Clean> = steps
        .iter()
        .filter(left)
        .map(|step| step.says.clone())
        .collect();
    if left.is_empty() {
        message
    } else {
        message.line(Line::new().dim(say!("not done: {}", Clean::join(&left, ", "))))
    }
}

/// What somebody who only looked wants to see.
fn tells(step: &StepOutcome) -> bool {
    step.part == Part::Steps && !step.text.is_empty()
}
