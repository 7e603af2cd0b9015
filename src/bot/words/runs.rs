//! `runs`, and what every approved run comes to: carrying it out and saying what became of it. Who
//! lets it go or stops it is `decide`.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::heard::Heard;
use super::undertaking::undertaking;
use super::{after, show};
use crate::bot::{Context, Outcome, Progress, Trouble};
use crate::run::book::short;
use crate::run::{Book, Ended, Ground, Headway, Plan, RunEnd, Runner, Tools};
use crate::say;
use crate::store::{RunRecord, RunState};
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
    let mut table = Table::new(&["run", "what", "state", ">ago", "asked by"]);
    for run in &runs {
        let (state, style) = state_of(&book, run);
        let created = Timestamp::from_millisecond(run.created_ms).ok();
        table.row([
            Line::new().strong(Name::new(short(&run.id))),
            stored(&run.title).into(),
            Line::new().styled(style, state),
            show::since(now, created).into(),
            Clean::from(Name::new(&run.requested_by)).into(),
        ]);
    }
    let message = Message::new().table(table);
    let details = details(&runs);
    let message = if details.is_empty() {
        message
    } else {
        message.list(details)
    };
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// Why some ended as they did: beside the table there would be no room for a sentence.
fn details(runs: &[RunRecord]) -> Vec<Line> {
    let told = runs.iter().filter(|run| !run.detail.is_empty());
    let line = |run: &RunRecord| {
        Line::new()
            .strong(Name::new(short(&run.id)))
            .dim(say!(": {}", stored(&run.detail)))
    };
    told.map(line).collect()
}

fn stored(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

fn state_of(book: &Book<'_>, run: &RunRecord) -> (Clean, Style) {
    match run.state {
        _ if book.was_cut_short(run) => (say!("was cut short"), Style::Bad),
        RunState::AwaitingApproval if book.has_expired(run) => (say!("expired"), Style::Dim),
        RunState::AwaitingApproval => (say!("waits for approval"), Style::Warn),
        RunState::Succeeded => (say!("succeeded"), Style::Good),
        RunState::Failed | RunState::Unknown => (say!("{}", run.state.word()), Style::Bad),
        state => (say!("{}", state.word()), Style::Plain),
    }
}

pub(super) async fn book<'b>(context: &Context<'b>) -> Result<Book<'b>, Trouble> {
    Ok(Book {
        store: context.bot.store.get().await?,
        clock: context.bot.clock,
        expires: context.bot.policy.approval().expires(),
    })
}

/// What a person types to show that they mean it: the stack's name, or the host's.
pub(super) fn word_to_type(plan: &Plan) -> Name {
    plan.stack().unwrap_or(&plan.host).clone()
}

/// Carries an approved run out; the answer says how things are afterwards.
pub(super) async fn perform(
    context: &Context<'_>,
    id: &str,
    plan: &Plan,
    queue: bool,
) -> Result<Outcome, Trouble> {
    let conduct = &context.bot.conduct;
    let host = context.bot.fleet.host(Some(plan.host.as_str())).await?;
    let survey = context.survey(&host).await?;
    let store = context.bot.store.get().await?;
    let (heard, lines) = Heard::new();
    let runner = Runner {
        store,
        clock: context.bot.clock,
        fleet: &context.bot.fleet,
        cancel: context.cancel,
        tools: Tools {
            engine: &host.engine,
            redactor: &survey.redactor,
            secrets: &conduct.secrets,
            directory: &conduct.directory,
            clock: context.bot.clock,
            ground: Ground::Real {
                fleet: &context.bot.fleet,
                sites: &conduct.sites,
                host: &host.name,
                on_line: &|line| heard.line(line),
            },
        },
        slots: &conduct.slots,
        queue,
    };
    let voice = context.voice.clone();
    let undertaking = Arc::new(undertaking(context, id, plan).await);
    let (progress, mut told) = tokio::sync::mpsc::unbounded_channel::<Progress>();
    let watcher = Arc::new(move |headway: &Headway, doing: &Clean| {
        // at most one message a step, so this cannot pile up
        let _heard = progress
            .send(Progress {
                headway: headway.clone(),
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
    let (ill, conclusion) = (Mutex::new(None), Mutex::new(None));
    // what another run does to the stack until this one has it is nobody's fault
    let look = async { put(&ill, after::before(context, plan).await) };
    let conclude = |ended: Ended| async {
        let (id, told) = after::conclude(context, plan, ended, take(&ill)).await;
        put(&conclusion, Some(told));
        id
    };
    let work = async {
        let end = Box::pin(runner.perform(id, plan, &*watcher, (look, conclude))).await;
        drop(watcher);
        heard.end();
        end
    };
    let (end, (), ()) = tokio::join!(work, forward, heard.forward(lines, &voice));
    match (end?, take(&conclusion)) {
        (RunEnd::Ended(_), Some((reply, outcome))) => {
            context.voice.say(reply).await;
            Ok(outcome)
        }
        (RunEnd::Ended(ended), None) => Err(Trouble::new(Outcome::Failed, ended.detail)),
        (RunEnd::Busy { holder }, _) => Err(busy(plan, holder.as_deref())),
        (RunEnd::Away(why), _) => Err(away(plan, id, &why)),
        (RunEnd::Changed(changed), _) => {
            let text = say!(
                "`{}` is not what was planned any more: {}; ask for it again",
                plan.title,
                Clean::join(&changed, "; ")
            );
            Err(Trouble::new(Outcome::Failed, text))
        }
    }
}

fn put<T>(place: &Mutex<Option<T>>, value: Option<T>) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = value;
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.take()
}

/// It has not ended: whoever takes it up finds out what happened before going on.
fn away(plan: &Plan, id: &str, why: &Clean) -> Trouble {
    let text = say!(
        "{} went away in the middle of `{}`: {}",
        plan.host,
        plan.title,
        why
    );
    let mut trouble = Trouble::new(Outcome::Failed, text);
    trouble.more = vec![say!(
        "run {} is taken up when the host answers again: by `dogwatch serve`, or by the next `dogwatch run` or `dogwatch console`",
        Name::new(short(id))
    )];
    trouble
}

fn busy(plan: &Plan, holder: Option<&str>) -> Trouble {
    let place = plan.stack().unwrap_or(&plan.host);
    let holder = holder.map_or_else(
        || say!("another run"),
        |id| say!("run {}", Name::new(short(id))),
    );
    let text = say!(
        "`{}` is being changed by {} right now; see `runs`, ask again when it has ended, or use `run … --queue`",
        place,
        holder
    );
    Trouble::new(Outcome::Failed, text)
}
