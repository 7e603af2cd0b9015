//! One file per word or family of words: what each does when somebody types it.

mod look;
mod one_host;
mod whereabouts;
mod status;
mod health;
mod registry;
mod logs;
mod stats;
mod inspect;
mod events;
mod everywhere;
mod things;
mod diagnose;
mod absent;
mod help;
mod hosts;
mod show;
mod change;
mod described;
mod offer;
mod heard;
mod undertaking;
mod planning;
mod run;
mod form;
mod runs;
mod decide;
mod stack;
mod in_the_files;
mod limits;
mod overriding;
mod overview;
mod after;
mod reports;
mod doctor;
mod incident_list;
mod incidents;
mod silences;

use super::{Context, Outcome, Trouble};
use crate::command::Command;
use crate::run::Plan;

pub use form::Answers;

pub(super) async fn perform(context: &Context<'_>, command: &Command) -> Result<Outcome, Trouble> {
    match command {
        Command::Help { topic } => help::help(context, topic.as_deref()).await,
        Command::Whoami => help::whoami(context).await,
        Command::Status { targets } => status::status(context, targets).await,
        Command::Health { targets, all } => health::health(context, targets, *all).await,
        Command::Diagnose { target } => diagnose::diagnose(context, target).await,
        Command::Logs(logs) => logs::logs(context, logs).await,
        Command::Stats { targets } => stats::stats(context, targets).await,
        Command::Inspect { target } => inspect::inspect(context, target).await,
        Command::Top { target } => inspect::top(context, target).await,
        Command::Events { targets, since } => events::events(context, targets, *since).await,
        Command::Networks => things::networks(context).await,
        Command::Volumes => things::volumes(context).await,
        Command::Images => things::images(context).await,
        Command::Disk => things::disk(context).await,
        Command::Hosts => hosts::hosts(context).await,
        Command::Change { change, targets } => change::change(context, change, targets).await,
        Command::Prune { what } => change::prune(context, *what).await,
        Command::Runbooks => run::runbooks(context).await,
        Command::Run(wanted) if wanted.plan_only => run::plan(context, wanted).await,
        Command::Run(wanted) => run::run(context, wanted).await,
        Command::Runs => runs::runs(context).await,
        Command::Approve { run, typed } => decide::approve(context, run, typed.as_deref()).await,
        Command::Deny { run, reason } => decide::deny(context, run, reason.as_deref()).await,
        Command::Cancel { run } => decide::cancel(context, run).await,
        Command::Report { id } => reports::report(context, id.as_deref()).await,
        Command::Stack { look, stack, rest } => stack::look(context, *look, stack, rest).await,
        Command::Incident(wanted) => incidents::incident(context, wanted).await,
        Command::Doctor => doctor::doctor(context).await,
    }
}

/// A plan that was confirmed beforehand.
pub(super) async fn offer_confirmed(
    context: &Context<'_>,
    plan: &Plan,
) -> Result<Outcome, Trouble> {
    let wish = offer::Wish {
        yes: true,
        queue: false,
    };
    offer::offer(context, plan, wish).await
}
