//! `start`, `stop`, `restart`, `kill`, `remove`, `prune`: short ways to type the runbooks of these
//! names, so that rights, approval, tests and reports are the same however a change is asked for.

use super::look::Look;
use super::offer::{Wish, offer};
use super::{planning, run};
use crate::action::Prunable;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::{Change, RunCommand, Target};

pub(super) async fn change(
    context: &Context<'_>,
    change: &Change,
    targets: &[Target],
) -> Result<Outcome, Trouble> {
    let look = Look::to_change(context, targets).await?;
    // a name that means nothing is told as for any other word
    look.services(context, targets)?;
    let wanted = as_runbook(change, targets);
    let plan = planning::bound(context, &wanted, &look).await?;
    offer(context, &plan, Wish::default()).await
}

pub(super) async fn prune(context: &Context<'_>, what: Prunable) -> Result<Outcome, Trouble> {
    let wanted = RunCommand {
        runbook: "prune".to_owned(),
        given: vec![given("what", what.word())],
        ..RunCommand::default()
    };
    run::run(context, &wanted).await
}

fn as_runbook(change: &Change, targets: &[Target]) -> RunCommand {
    let mut values: Vec<_> = targets
        .iter()
        .map(|target| given("service", &target.to_string()))
        .collect();
    match change {
        Change::Stop { grace: Some(grace) } | Change::Restart { grace: Some(grace) } => {
            values.push(given("grace", &format!("{}s", grace.as_secs())));
        }
        Change::Kill { signal } => {
            let short = signal.strip_prefix("SIG").unwrap_or(signal);
            values.push(given("signal", short));
        }
        Change::Start | Change::Stop { .. } | Change::Restart { .. } | Change::Remove => {}
    }
    RunCommand {
        runbook: change.verb().to_owned(),
        given: values,
        ..RunCommand::default()
    }
}

fn given(name: &str, value: &str) -> (Option<String>, String) {
    (Some(name.to_owned()), value.to_owned())
}
