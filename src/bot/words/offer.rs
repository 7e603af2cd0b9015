//! From a plan to a run: is it permitted, who has to say yes, and how that is asked. Whatever is
//! decided is written down, a refusal too.

use super::described::described;
use super::runs;
use crate::access::Need;
use crate::action::{Action as Asked, Risk};
use crate::bot::{Context, Outcome, Reply, Trouble};
use crate::report::build::and;
use crate::run::book::{NO_APPROVAL, short};
use crate::run::{Book, Plan, PlannedStep};
use crate::say;
use crate::store::Verdict;
use crate::text::{Action, Ask, Clean, Line, Message, Name, Redactor, Style};

/// Of what a plan deletes so much is named on its first line.
const NAMED: usize = 3;

/// How somebody wants a run to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Confirmed beforehand, for those who may approve alone.
    pub(super) yes: bool,
    /// Wait while somebody else changes the stack.
    pub(super) queue: bool,
}

/// Writes the plan down and carries it out at once, or asks for approval where its risk wants that.
pub(super) async fn offer(
    context: &Context<'_>,
    plan: &Plan,
    wish: Wish,
) -> Result<Outcome, Trouble> {
    let (policy, risk) = (&context.bot.policy, plan.risk());
    let book = runs::book(context).await?;
    let runbook = Some(plan.runbook.as_str());
    let spot = (Some(&plan.host), plan.stack());
    if let Err(denial) = policy.decide_on(context.caller, spot, runbook, risk) {
        let why = denial.to_string();
        book.plan_refused(plan, context.caller, &why).await?;
        return Err(denial.into());
    }
    nothing_cut_short(&book, plan).await?;
    let id = book.plan(plan, context.caller).await?;
    let need = need(context, plan);
    let (alone, told) = match (need, wish.yes) {
        (Need::None, _) => (true, NO_APPROVAL),
        (Need::Confirm, true) => (true, "confirmed beforehand (--yes)"),
        _ => (false, ""),
    };
    if alone {
        book.approve(&id, context.caller, told).await?;
        return runs::perform(context, &id, plan, wish.queue).await;
    }
    if !context.interactive {
        return refuse(context, &book, (&id, plan), need).await;
    }
    context.voice.say(asking(context, plan, &id, need)).await;
    Ok(Outcome::Done)
}

/// Where a run was cut short nothing is begun: it may be half-way through taking something apart.
async fn nothing_cut_short(book: &Book<'_>, plan: &Plan) -> Result<(), Trouble> {
    if plan.risk() == Risk::Read {
        return Ok(());
    }
    let Some(run) = book.cut_short(&plan.place()).await? else {
        return Ok(());
    };
    let text = say!(
        "run {} (`{}`) was cut short in {} and has to be taken up first",
        Name::new(short(&run.id)),
        Redactor::shapes_only().clean(&run.title),
        place(plan)
    );
    let mut trouble = Trouble::new(Outcome::Failed, text);
    if book.waits_at_gate(&run.id).await? {
        let run = Name::new(short(&run.id));
        trouble.more.push(say!(
            "it stands at a gate: say `approve {}` or `deny {}` first",
            run,
            run
        ));
    }
    trouble.more.push(say!(
        "`dogwatch serve` does so by itself; `dogwatch run` and the prompt of `dogwatch console` do when they start"
    ));
    Err(trouble)
}

fn need(context: &Context<'_>, plan: &Plan) -> Need {
    let need = context.bot.policy.need_on(
        context.caller,
        (Some(&plan.host), plan.stack()),
        plan.risk(),
    );
    if context.bot.confirm_changes && plan.risk() > Risk::Read {
        need.max(Need::Confirm)
    } else {
        need
    }
}

/// Nobody is there to be asked.
async fn refuse(
    context: &Context<'_>,
    book: &Book<'_>,
    (id, plan): (&str, &Plan),
    need: Need,
) -> Result<Outcome, Trouble> {
    let risk = plan.risk().word();
    let why = if need == Need::SecondPerson {
        say!(
            "`{}` is {} and needs a second person; ask for it in a chat or in `dogwatch console`",
            plan.title,
            risk
        )
    } else {
        say!(
            "`{}` is {} and waits for a person's word; type it in `dogwatch console`, or use `run` with `--yes`",
            plan.title,
            risk
        )
    };
    book.refuse(id, context.caller, Verdict::Denied, why.as_str())
        .await?;
    Err(Trouble::new(Outcome::Denied, why))
}

pub(super) fn place(plan: &Plan) -> Clean {
    if plan.stack.is_empty() {
        say!("{}", plan.host)
    } else {
        say!("{} on {}", plan.stack, plan.host)
    }
}

pub(super) fn hash_line(plan: &Plan) -> Line {
    let hash: String = plan.hash().chars().take(12).collect();
    Line::new().dim(say!("plan {}", Name::new(&hash)))
}

/// The whole plan, who asked for it, and what to type.
fn asking(context: &Context<'_>, plan: &Plan, id: &str, need: Need) -> Message {
    let run = Name::new(short(id));
    let typed = if plan.risk() == Risk::Destructive {
        say!("approve {} {}", run, runs::word_to_type(plan))
    } else {
        say!("approve {}", run)
    };
    let ways = Line::new()
        .plain("type ")
        .code(typed)
        .plain(" or ")
        .code(say!("deny {}", run));
    let expires = context.bot.policy.approval().expires();
    let ways = match context.bot.clock.now().checked_add(expires) {
        Ok(until) => ways.plain("; it expires at ").time(until),
        Err(_) => ways,
    };
    let asked = Line::new()
        .dim("asked by ")
        .styled(Style::Person, say!("{}", context.caller));
    described(plan, &heading(plan, need), &[ways, asked, hash_line(plan)])
        .about(Name::new(id))
        .action(approving(plan, id))
        .action(Action::new("Deny", say!("deny {}", Name::new(id))).ask(Ask::Reason))
}

/// What would be done, and of what deletes what would be gone.
fn heading(plan: &Plan, need: Need) -> Line {
    let whom = if need == Need::SecondPerson {
        "needs a second person"
    } else {
        "needs approval"
    };
    let risk = plan.risk();
    let text = if risk == Risk::Destructive {
        let gone = deleted(plan);
        say!(
            "{} in {} deletes {}: {}",
            plan.title,
            place(plan),
            gone,
            whom
        )
    } else {
        say!(
            "{} in {}: {}, {}",
            plan.title,
            place(plan),
            risk.word(),
            whom
        )
    };
    let style = if risk == Risk::Destructive {
        Style::Bad
    } else {
        Style::Warn
    };
    Line::new().styled(style, text)
}

/// Volumes where there are some: containers can be made again.
fn deleted(plan: &Plan) -> Clean {
    let deletes = |step: &&PlannedStep| step.risk() == Risk::Destructive;
    let of_volumes = |step: &&PlannedStep| matches!(step.action, Asked::RemoveVolume { .. });
    let all: Vec<&PlannedStep> = plan.steps().filter(deletes).collect();
    let volumes: Vec<&PlannedStep> = all.iter().copied().filter(of_volumes).collect();
    let meant = if volumes.is_empty() { &all } else { &volumes };
    let bare = |step: &&PlannedStep| {
        step.says.map(|says| {
            let says = says.strip_prefix("remove ").unwrap_or(says);
            says.strip_prefix("the volume ").unwrap_or(says)
        })
    };
    let names: Vec<Clean> = meant.iter().take(NAMED).map(bare).collect();
    let names = match meant.len() {
        0 => return say!("for good"),
        count if count > NAMED => {
            say!("{} and {} more", Clean::join(&names, ", "), count - NAMED)
        }
        _ => and(&names),
    };
    match volumes.len() {
        0 => names,
        1 => say!("the volume {}", names),
        count => say!("{} volumes: {}", count, names),
    }
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

/// A plan that is only looked at.
pub(super) fn shown(plan: &Plan) -> Reply {
    let risk = plan.risk();
    let heading = say!(
        "{} in {} would be {} steps, {}",
        plan.title,
        place(plan),
        plan.steps().count(),
        risk.word()
    );
    let message = described(plan, &Line::new().strong(heading), &[hash_line(plan)]);
    let document = serde_json::json!({
        "schema": "dogwatch.plan/1",
        "hash": plan.hash(),
        "risk": risk.word(),
        "runbook": plan.runbook,
        "title": plan.title,
        "host": plan.host,
        "stack": plan.stack,
        "services": plan.services,
        "environment": plan.environment,
        "changes": plan.changes,
        "warnings": plan.warnings,
        "steps": listed(plan.steps()),
        "rollback": listed(plan.rollback.iter()),
        "verify": listed(plan.verify.iter()),
    });
    Reply::Both {
        message,
        document: serde_json::to_string_pretty(&document).unwrap_or_default(),
    }
}

fn listed<'p>(steps: impl Iterator<Item = &'p PlannedStep>) -> serde_json::Value {
    let one = |step: &PlannedStep| {
        serde_json::json!({
            "id": step.id,
            "text": step.says,
            "action": step.action.spec().name,
            "risk": step.risk().word(),
            "containers": step.action.subjects(),
            "when": step.when,
            "expect": step.expect,
        })
    };
    steps.map(one).collect()
}
