//! `runs`, `approve`, `deny`, `cancel`, and what they all come to: carrying a run out and saying
//! what became of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{after, show};
use crate::action::Risk;
use crate::bot::{Context, Outcome, Progress, Trouble, Undertaking};
use crate::run::book::short;
use crate::run::{Book, Plan, RunEnd, Runner};
use crate::say;
use crate::store::{RunRecord, RunState, Verdict};
use crate::text::{Clean, Line, Message, Name, Redactor, Style, Table};

/// How many runs are listed.
const LISTED: u32 = 20;

pub(super) async fn runs(context: &Context<'_>) -> Result<Outcome, Trouble> {
    context.may_read(None)?;
    let book = book(context).await?;
    let runs = book.newest(LISTED).await?;
    if runs.is_empty() {
        context
            .voice
            .say(Message::new().line("nothing was changed yet, so there are no runs"))
            .await;
        return Ok(Outcome::Done);
    }
    let now = context.bot.clock.now();
    let mut table = Table::new(&["run", "what", "state", ">ago", "asked by", "detail"]);
    for run in &runs {
        let (state, style) = state_of(run, book.has_expired(run));
        let created = Timestamp::from_millisecond(run.created_ms).ok();
        table.row([
            Line::new().strong(Name::new(short(&run.id))),
            stored(&run.title).into(),
            Line::new().styled(style, state),
            show::since(now, created).into(),
            Clean::from(Name::new(&run.requested_by)).into(),
            Line::new().dim(stored(&run.detail)),
        ]);
    }
    context.voice.say(Message::new().table(table)).await;
    Ok(Outcome::Done)
}

fn stored(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

fn state_of(run: &RunRecord, expired: bool) -> (Clean, Style) {
    match run.state {
        RunState::AwaitingApproval if expired => (say!("expired"), Style::Dim),
        RunState::AwaitingApproval => (say!("waits for approval"), Style::Warn),
        RunState::Succeeded => (say!("succeeded"), Style::Good),
        RunState::Failed | RunState::Unknown => (say!("{}", run.state.word()), Style::Bad),
        state => (say!("{}", state.word()), Style::Plain),
    }
}

async fn book<'b>(context: &Context<'b>) -> Result<Book<'b>, Trouble> {
    Ok(Book {
        store: context.bot.store.get().await?,
        clock: context.bot.clock,
    })
}

/// What a person types to show that they mean it: the stack's name, or the host's.
pub(super) fn word_to_type(plan: &Plan) -> Name {
    plan.stack().unwrap_or(&plan.host).clone()
}

pub(super) async fn approve(
    context: &Context<'_>,
    typed: &str,
    word: Option<&str>,
) -> Result<Outcome, Trouble> {
    let book = book(context).await?;
    let run = book.find(typed).await?;
    let plan = book.waiting_plan(&run)?;
    if let Err(denial) = context
        .bot
        .policy
        .decide(context.caller, plan.stack(), plan.risk())
    {
        book.note_denial(&run.id, context.caller, &denial.to_string())
            .await?;
        return Err(denial.into());
    }
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
    perform(context, &run.id, &plan).await
}

pub(super) async fn deny(
    context: &Context<'_>,
    typed: &str,
    reason: Option<&str>,
) -> Result<Outcome, Trouble> {
    end_waiting(
        context,
        typed,
        Verdict::Deny,
        reason.unwrap_or("no reason given"),
    )
    .await
}

/// A run that waits is withdrawn. One that goes on in this console is cancelled with Ctrl-C.
pub(super) async fn cancel(context: &Context<'_>, typed: &str) -> Result<Outcome, Trouble> {
    end_waiting(context, typed, Verdict::Cancel, "withdrawn").await
}

async fn end_waiting(
    context: &Context<'_>,
    typed: &str,
    verdict: Verdict,
    reason: &str,
) -> Result<Outcome, Trouble> {
    let book = book(context).await?;
    let run = book.find(typed).await?;
    let plan = book.waiting_plan(&run)?;
    context
        .bot
        .policy
        .decide(context.caller, plan.stack(), plan.risk())?;
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

/// Who asked for a run, which may not be who lets it go.
async fn asked_by(context: &Context<'_>, id: &str) -> Clean {
    let asked = match context.bot.store.get().await {
        Ok(store) => store.run(id).await.ok().map(|run| run.requested_by),
        Err(_) => None,
    };
    asked.map_or_else(
        || say!("{}", context.caller),
        |asked| Name::new(&asked).into(),
    )
}

/// Carries an approved run out; the answer says how things are afterwards.
pub(super) async fn perform(
    context: &Context<'_>,
    id: &str,
    plan: &Plan,
) -> Result<Outcome, Trouble> {
    let host = context.bot.fleet.host(Some(plan.host.as_str())).await?;
    let before = after::before(context, plan).await;
    let store = context.bot.store.get().await?;
    let runner = Runner {
        store,
        engine: &host.engine,
        clock: context.bot.clock,
        cancel: context.cancel,
    };
    let (of, voice) = (plan.steps.len(), context.voice.clone());
    let undertaking = Arc::new(Undertaking {
        run: Name::new(id),
        title: plan.title.clone(),
        steps: plan.steps.iter().map(|step| step.says.clone()).collect(),
        asked_by: asked_by(context, id).await,
    });
    let (progress, mut told) = tokio::sync::mpsc::unbounded_channel::<Progress>();
    let watcher = Arc::new(move |done: usize, doing: &Clean| {
        // at most one message a step, so this cannot pile up
        let _heard = progress
            .send(Progress {
                done,
                of,
                doing: doing.clone(),
                run: Arc::clone(&undertaking),
            })
            .is_ok();
    });
    let forward = async {
        while let Some(progress) = told.recv().await {
            voice.say(progress).await;
        }
    };
    let work = async {
        let end = runner.perform(id, plan, &*watcher).await;
        drop(watcher);
        end
    };
    let (end, ()) = tokio::join!(work, forward);
    match end? {
        RunEnd::Busy => {
            let place = if plan.stack.is_empty() {
                &plan.host
            } else {
                &plan.stack
            };
            let text = say!(
                "`{}` is being changed by another run right now; see `runs`, and ask again when it has ended",
                place
            );
            Err(Trouble::new(Outcome::Failed, text))
        }
        RunEnd::Ended { state, steps } => {
            let run = after::Ended {
                id,
                plan,
                state,
                steps: &steps,
            };
            after::tell(context, &run, before).await
        }
    }
}
