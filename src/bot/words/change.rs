//! `start`, `stop`, `restart`, `kill`, `remove`, `prune`: a plan first, which is then offered like
//! that of any runbook.

use super::look::Look;
use super::offer::{Wish, offer};
use crate::action::Prunable;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::{Change, Target};
use crate::run::Plan;
use crate::say;
use crate::stack::Key;
use crate::stack::resolve::Chosen;
use crate::text::Clean;

pub(super) async fn change(
    context: &Context<'_>,
    change: &Change,
    targets: &[Target],
) -> Result<Outcome, Trouble> {
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    let plan = Plan::change(&look.survey.host, change, &ordered(&look, change, &chosen));
    one_stack(&chosen)?;
    let policy = &context.bot.policy;
    let environment = policy.environment_on(&plan.host, plan.stack());
    let plan = plan.in_environment(environment);
    offer(context, &plan, Wish::default()).await
}

pub(super) async fn prune(context: &Context<'_>, what: Prunable) -> Result<Outcome, Trouble> {
    let host = context.host(None).await?;
    offer(context, &Plan::prune(&host.name, what), Wish::default()).await
}

/// What is needed starts first and stops last.
fn ordered<'i>(
    look: &Look,
    change: &Change,
    chosen: &[Chosen<'i>],
) -> Vec<(&'i Key, &'i [crate::action::container::Container])> {
    let keys: Vec<Key> = chosen
        .iter()
        .map(|chosen| chosen.service.key.clone())
        .collect();
    let mut order = look.survey.graph.start_order(&keys);
    if matches!(
        change,
        Change::Stop { .. } | Change::Kill { .. } | Change::Remove
    ) {
        order.reverse();
    }
    let of = |key: &Key| {
        chosen
            .iter()
            .filter(move |chosen| chosen.service.key == *key)
            .map(|chosen| (&chosen.service.key, chosen.replicas()))
            .collect::<Vec<_>>()
    };
    order.iter().flat_map(of).collect()
}

/// A plan holds the lock of one stack, so it changes one stack.
fn one_stack(chosen: &[Chosen<'_>]) -> Result<(), Trouble> {
    let first = chosen.first().map(|chosen| &chosen.service.key.stack);
    if chosen
        .iter()
        .all(|chosen| Some(&chosen.service.key.stack) == first)
    {
        return Ok(());
    }
    let stacks: std::collections::BTreeSet<Clean> = chosen
        .iter()
        .map(|chosen| {
            chosen
                .service
                .key
                .stack
                .as_ref()
                .map_or_else(|| say!("no stack"), Clean::from)
        })
        .collect();
    let text = say!(
        "these are services of several stacks ({}); change one stack at a time",
        Clean::join(&stacks, ", ")
    );
    Err(Trouble::new(Outcome::Usage, text))
}
