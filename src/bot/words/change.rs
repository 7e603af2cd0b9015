//! `start`, `stop`, `restart`, `kill`, `remove`, `prune`: a plan first, then whoever must approve,
//! then the run, and at the end what became of it.

use super::look::Look;
use super::runs;
use crate::access::Grant;
use crate::action::{Prunable, Risk};
use crate::bot::{Context, Outcome, Trouble};
use crate::command::{Change, Target};
use crate::run::book::short;
use crate::run::{Book, Plan};
use crate::say;
use crate::stack::Key;
use crate::stack::resolve::Chosen;
use crate::store::Verdict;
use crate::text::{Action, Ask, Clean, Line, Message, Name, Style};

pub(super) async fn change(
    context: &Context<'_>,
    change: &Change,
    targets: &[Target],
) -> Result<Outcome, Trouble> {
    let look = Look::at(context, targets).await?;
    let chosen = look.services(context, targets)?;
    let plan = Plan::change(&look.survey.host, change, &ordered(&look, change, &chosen));
    one_stack(&chosen)?;
    offer(context, &plan).await
}

pub(super) async fn prune(context: &Context<'_>, what: Prunable) -> Result<Outcome, Trouble> {
    let host = context.host(None).await?;
    offer(context, &Plan::prune(&host.name, what)).await
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

/// Writes the plan down and carries it out at once, or asks for approval where its risk wants that.
async fn offer(context: &Context<'_>, plan: &Plan) -> Result<Outcome, Trouble> {
    let grant = context
        .bot
        .policy
        .decide(context.caller, plan.stack(), plan.risk())?;
    let store = context.bot.store.get().await?;
    let book = Book {
        store,
        clock: context.bot.clock,
    };
    let id = book.plan(plan, context.caller).await?;
    if !needs_approval(context, &grant) {
        book.approve(&id, context.caller, "its risk needs no approval")
            .await?;
        return runs::perform(context, &id, plan).await;
    }
    if !context.interactive {
        let why = say!(
            "`{}` is {} and waits for a person's word; type it in `dogwatch console`",
            plan.title,
            plan.risk().word()
        );
        book.refuse(&id, context.caller, Verdict::Denied, why.as_str())
            .await?;
        return Err(Trouble::new(Outcome::Denied, why));
    }
    context.voice.say(asking(plan, &id)).await;
    Ok(Outcome::Done)
}

fn needs_approval(context: &Context<'_>, grant: &Grant) -> bool {
    match grant.risk() {
        Risk::Read => false,
        Risk::Change => context.bot.confirm_changes,
        Risk::Destructive => true,
    }
}

/// The whole plan, and what to type.
fn asking(plan: &Plan, id: &str) -> Message {
    let risk = plan.risk();
    let style = if risk == Risk::Destructive {
        Style::Bad
    } else {
        Style::Warn
    };
    let place = if plan.stack.is_empty() {
        say!("{}", plan.host)
    } else {
        say!("{} on {}", plan.stack, plan.host)
    };
    let heading = Line::new().styled(
        style,
        say!(
            "{} in {}: {}, needs approval",
            plan.title,
            place,
            risk.word()
        ),
    );
    let steps = plan.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| {
        let danger = if step.action.spec().risk == Risk::Destructive {
            say!("  deletes for good")
        } else {
            Clean::default()
        };
        Line::new()
            .plain(say!("{}  {}", index + 1, step.says))
            .styled(Style::Bad, danger)
    });
    let message = steps.fold(Message::new().heading(heading), Message::line);
    let run = Name::new(short(id));
    let typed = if risk == Risk::Destructive {
        say!("approve {} {}", run, runs::word_to_type(plan))
    } else {
        say!("approve {}", run)
    };
    let ways = Line::new()
        .plain("type ")
        .code(typed)
        .plain(" or ")
        .code(say!("deny {}", run))
        .plain("; it expires in 15 minutes");
    let hash: String = plan.hash().chars().take(12).collect();
    message
        .line(ways)
        .line(Line::new().dim(say!("plan {}", Name::new(&hash))))
        .about(Name::new(id))
        .action(approving(plan, id))
        .action(Action::new("Deny", say!("deny {}", Name::new(id))).ask(Ask::Reason))
}

/// What deletes wants its stack's name typed wherever it is approved.
fn approving(plan: &Plan, id: &str) -> Action {
    let line = say!("approve {}", Name::new(id));
    if plan.risk() < Risk::Destructive {
        return Action::new("Approve", line).style(Style::Good);
    }
    let word = runs::word_to_type(plan);
    Action::new(say!("Approve: type {}", word), line)
        .style(Style::Bad)
        .ask(Ask::Word(word))
}
