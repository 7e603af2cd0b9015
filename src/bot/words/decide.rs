//! `approve`, `deny`, `cancel`: what somebody says to a run that waits, goes on or stands at a gate.

use super::runs::{book, perform, word_to_type};
use crate::action::Risk;
use crate::bot::{Context, Outcome, Trouble};
use crate::run::book::short;
use crate::run::{Book, BookError, Plan};
use crate::say;
use crate::store::{RunRecord, RunState, Verdict};
use crate::text::{Message, Name, Redactor};

pub(super) async fn approve(
    context: &Context<'_>,
    typed: &str,
    word: Option<&str>,
) -> Result<Outcome, Trouble> {
    let book = book(context).await?;
    let run = book.find(typed).await?;
    if matches!(run.state, RunState::Running | RunState::Unknown) {
        return pass_gate(context, &book, &run).await;
    }
    let plan = book.waiting_plan(&run)?;
    permitted(context, &book, &run, &plan).await?;
    second_person(context, &book, &run, &plan).await?;
    let wanted = word_to_type(&plan);
    if plan.risk() == Risk::Destructive && word != Some(wanted.as_str()) {
        let text = say!(
            "`{}` deletes for good; to approve it type `approve {} {}`",
            plan.title,
            Name::new(short(&run.id)),
            wanted
        );
        return Err(Trouble::new(Outcome::Usage, text));
    }
    book.approve(&run.id, context.caller, "").await?;
    perform(context, &run.id, &plan, false).await
}

/// Rights are looked at again whenever somebody says something to a run; a no is written down.
async fn permitted(
    context: &Context<'_>,
    book: &Book<'_>,
    run: &RunRecord,
    plan: &Plan,
) -> Result<(), Trouble> {
    let runbook = Some(plan.runbook.as_str());
    let policy = &context.bot.policy;
    let spot = (Some(&plan.host), plan.stack());
    match policy.decide_on(context.caller, spot, runbook, plan.risk()) {
        Ok(_) => Ok(()),
        Err(denial) => {
            book.note_denial(&run.id, context.caller, &denial.to_string())
                .await?;
            Err(denial.into())
        }
    }
}

/// Where two are asked, nobody approves what they asked for themselves.
async fn second_person(
    context: &Context<'_>,
    book: &Book<'_>,
    run: &RunRecord,
    plan: &Plan,
) -> Result<(), Trouble> {
    let policy = &context.bot.policy;
    match book
        .needs_another(policy, context.caller, (run, plan))
        .await?
    {
        Some(why) => Err(Trouble::new(Outcome::Denied, why)),
        None => Ok(()),
    }
}

/// A run that waits in the middle goes on; whoever performs it hears of it.
async fn pass_gate(
    context: &Context<'_>,
    book: &Book<'_>,
    run: &RunRecord,
) -> Result<Outcome, Trouble> {
    let Some(plan) = book.going_plan(run) else {
        return Err(BookError::Altered(short(&run.id).to_owned()).into());
    };
    if !book.waits_at_gate(&run.id).await? {
        let run = Name::new(short(&run.id));
        let text = say!("run `{}` goes on and waits for nobody", run);
        return Err(Trouble::new(Outcome::Usage, text));
    }
    permitted(context, book, run, &plan).await?;
    second_person(context, book, run, &plan).await?;
    book.say(&run.id, context.caller, Verdict::Approve, "")
        .await?;
    let text = if book.was_cut_short(run) {
        say!(
            "{} goes on when it is taken up: by `dogwatch serve`, or by the next `dogwatch run` or `dogwatch console`",
            plan.title
        )
    } else {
        say!("{} goes on", plan.title)
    };
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}

pub(super) async fn deny(
    context: &Context<'_>,
    typed: &str,
    reason: Option<&str>,
) -> Result<Outcome, Trouble> {
    let reason = reason.unwrap_or("no reason given");
    let book = book(context).await?;
    let run = book.find(typed).await?;
    match book.going_plan(&run) {
        Some(plan) => {
            if !book.waits_at_gate(&run.id).await? {
                let run = Name::new(short(&run.id));
                let text = say!(
                    "run `{}` asks nobody any more; to stop it use `cancel {}`",
                    run,
                    run
                );
                return Err(Trouble::new(Outcome::Usage, text));
            }
            tell_going(context, &book, (&run, &plan), Verdict::Deny, reason).await
        }
        None => end_waiting(context, &book, &run, Verdict::Deny, reason).await,
    }
}

/// A run that waits is withdrawn; one that goes on stops after its present step, wherever it goes
/// on.
pub(super) async fn cancel(context: &Context<'_>, typed: &str) -> Result<Outcome, Trouble> {
    let book = book(context).await?;
    let run = book.find(typed).await?;
    match book.going_plan(&run) {
        Some(plan) => tell_going(context, &book, (&run, &plan), Verdict::Cancel, "cancelled").await,
        None => end_waiting(context, &book, &run, Verdict::Cancel, "withdrawn").await,
    }
}

async fn tell_going(
    context: &Context<'_>,
    book: &Book<'_>,
    (run, plan): (&RunRecord, &Plan),
    verdict: Verdict,
    reason: &str,
) -> Result<Outcome, Trouble> {
    permitted(context, book, run, plan).await?;
    let reason = Redactor::shapes_only().clean(reason);
    book.say(&run.id, context.caller, verdict, reason.as_str())
        .await?;
    let text = if verdict == Verdict::Cancel {
        say!("{} stops after its present step and cleans up", plan.title)
    } else {
        say!(
            "{} is told no by {}: {}",
            plan.title,
            context.caller,
            reason
        )
    };
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}

async fn end_waiting(
    context: &Context<'_>,
    book: &Book<'_>,
    run: &RunRecord,
    verdict: Verdict,
    reason: &str,
) -> Result<Outcome, Trouble> {
    let plan = book.waiting_plan(run)?;
    permitted(context, book, run, &plan).await?;
    let reason = Redactor::shapes_only().clean(reason);
    book.refuse(&run.id, context.caller, verdict, reason.as_str())
        .await?;
    let done = if verdict == Verdict::Cancel {
        "withdrawn"
    } else {
        "denied"
    };
    let text = say!(
        "{} is {} by {}: {}",
        plan.title,
        done,
        context.caller,
        reason
    );
    context.voice.say(Message::new().line(text)).await;
    Ok(Outcome::Done)
}
