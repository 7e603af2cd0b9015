//! After a run: looks again, keeps the report, and says in one line how things are now.

use super::diagnose;
use super::look::Look;
use crate::action::Risk;
use crate::bot::{Context, Outcome, Reply, Trouble};
use crate::diagnose::Cause;
use crate::report::{Report, report_json};
use crate::run::repair::{Now, Repair, after_repair};
use crate::run::{
    Ended, Part, People, Plan, PlannedStep, StepEnd, StepOutcome, account, is_well, state,
};
use crate::say;
use crate::stack::{Key, Service};
use crate::store::{RunState, StoreError};
use crate::text::{Action, Clean, Line, Message, Name, Style};

/// What was wrong before, if anything was: the report of a repair begins there.
pub(super) async fn before(context: &Context<'_>, plan: &Plan) -> Option<Report> {
    // who only looks mends nothing
    if plan.risk() == Risk::Read {
        return None;
    }
    let now = examine(context, plan, &plan.services).await.ok()?;
    let is_ill = |report: &Report| report.root_cause.cause != Cause::None;
    now.reports.into_iter().find(is_ill)
}

/// Looks at services by their `stack/service` names, as they are at this moment.
async fn examine(context: &Context<'_>, plan: &Plan, services: &[Name]) -> Result<Now, Trouble> {
    let host = context.bot.fleet.host(Some(plan.host.as_str())).await?;
    let survey = context.survey(&host).await?;
    let is_meant = |key: &Key| {
        services
            .iter()
            .any(|name| *name == key.to_string().as_str())
    };
    let all = survey.inventory.services.iter();
    let meant: Vec<&Service> = all.filter(|service| is_meant(&service.key)).collect();
    let unwell = meant.iter().filter_map(|service| unwell(service)).collect();
    let keys: Vec<Key> = meant.iter().map(|service| service.key.clone()).collect();
    let reports = diagnose::examine(context, &Look { host, survey }, &keys).await;
    Ok(Now { reports, unwell })
}

/// As `status` sees it: what ended with 0 and stays so has done its work.
fn unwell(service: &Service) -> Option<(Name, Clean)> {
    let mut replicas = service.replicas.iter();
    let ill = replicas.find(|one| !is_well(one))?;
    Some((service.key.service.clone(), state(ill)))
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
        let (id, reply) = by_itself(context, plan, &ended, &report).await;
        return (id, (reply, done));
    };
    let now = examine(context, plan, &concerned(plan, &before))
        .await
        .unwrap_or_default();
    let repair = Repair {
        plan,
        ended: &ended,
        people: &people,
    };
    let report = after_repair(before, &now, &repair, occasion);
    diagnose::keep(context, &report).await;
    let outcome = if now.is_ill() { Outcome::Failed } else { done };
    (report.id.clone(), (report.into(), outcome))
}

/// Nothing was wrong before. A run that only looked leaves no report: among them nobody would find
/// the repairs.
async fn by_itself(
    context: &Context<'_>,
    plan: &Plan,
    ended: &Ended,
    report: &Report,
) -> (String, Reply) {
    let (message, document) = (short(plan, ended), report_json(report));
    if !changes_something(plan) {
        return (String::new(), Reply::Both { message, document });
    }
    diagnose::keep(context, report).await;
    let whole = say!("report {}", Name::new(&report.id));
    let message = message.action(Action::new("Report", whole));
    (report.id.clone(), Reply::Both { message, document })
}

fn changes_something(plan: &Plan) -> bool {
    let changes = |step: &PlannedStep| {
        step.risk() > Risk::Read && !matches!(step.action, crate::action::Action::Exec { .. })
    };
    plan.steps().any(changes)
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
    let steps: Vec<&StepOutcome> = ended.work().collect();
    let done = ended.done();
    let line = match ended.state {
        RunState::Succeeded => Line::new().styled(
            Style::Good,
            say!(
                "done: {} ({} steps, {:.1} s)",
                plan.title,
                done,
                ended.took().as_secs_f64()
            ),
        ),
        RunState::Cancelled => Line::new().styled(
            Style::Warn,
            say!(
                "{} was cancelled after {} of {} steps",
                plan.title,
                done,
                plan.steps().count()
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
