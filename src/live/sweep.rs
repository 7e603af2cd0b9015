//! Looks after open messages when nobody here is working on their run: it was decided elsewhere,
//! waited too long, goes on elsewhere, or was going when the program stopped. Each gets what is
//! true now, and its last words when there are some.

use jiff::{SignedDuration, Timestamp};

use super::brief::brief;
use super::face::lowered;
use super::ledger::Open;
use super::{Ledger, Patience, Running, Stage, StageError};
use crate::bot::Bot;
use crate::report::Report;
use crate::run::Book;
use crate::say;
use crate::store::{Match, RunRecord, RunState, Store, StoreError};
use crate::text::{Action, Line, Message, Name, Redactor, Style};

/// A run that began a moment ago may be one whose message is just being made here.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

/// One look at all open messages.
pub async fn sweep<S: Stage>(stage: &S, bot: &Bot, running: &Running) -> Result<(), StoreError> {
    let ledger = Ledger::of(bot, stage.name()).await?;
    let (store, clock) = (ledger.store, ledger.clock);
    let book = Book {
        store,
        clock,
        expires: bot.policy.approval().expires(),
    };
    for (id, open) in ledger.all().await? {
        if running.has(&id) {
            continue;
        }
        let Ok(run) = store.run(&id).await else {
            ledger.close(&id).await?;
            continue;
        };
        let expired = run.state == RunState::AwaitingApproval && book.has_expired(&run);
        if run.state.is_final() || expired {
            end(stage, &ledger, &open, &run, expired).await?;
        } else if run.state == RunState::Running && !open.elsewhere && began(&run, clock.now()) {
            hand_over(stage, &ledger, open, &run).await?;
        }
    }
    Ok(())
}

fn began(run: &RunRecord, now: Timestamp) -> bool {
    let started = run
        .started_ms
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    started.is_some_and(|started| now.duration_since(started) > SETTLED)
}

async fn end<S: Stage>(
    stage: &S,
    ledger: &Ledger<'_>,
    open: &Open,
    run: &RunRecord,
    expired: bool,
) -> Result<(), StoreError> {
    let store = ledger.store;
    let who = store.decisions(&run.id).await?.pop().map(|last| last.who);
    let report = report(store, run).await?;
    let message = last_words(run, expired, who.as_deref(), report.as_ref());
    let mut told = stage.edit(&open.posted, &message, Patience::Brief).await;
    if let Err(StageError::Refused(why)) = &told {
        tracing::info!(
            run = run.id,
            why,
            "an old message cannot be edited any more"
        );
        // what nobody hears of has not ended for them
        told = match report {
            Some(_) => stage.reply(&open.posted, &message).await,
            None => Ok(()),
        };
    }
    match told {
        Err(StageError::Unreachable(why)) => {
            tracing::warn!(run = run.id, why, "an old message waits for its last words");
            Ok(())
        }
        Err(StageError::Refused(_)) | Ok(()) => ledger.close(&run.id).await,
    }
}

async fn report(store: &Store, run: &RunRecord) -> Result<Option<Report>, StoreError> {
    if run.report_id.is_empty() {
        return Ok(None);
    }
    Ok(match store.report(&run.report_id).await? {
        Match::One(record) => serde_json::from_str(&record.body_json).ok(),
        Match::None | Match::Many(_) => None,
    })
}

/// Told once: whoever carries it out knows how far it is, and here only that it goes on.
async fn hand_over<S: Stage>(
    stage: &S,
    ledger: &Ledger<'_>,
    open: Open,
    run: &RunRecord,
) -> Result<(), StoreError> {
    let title = Redactor::shapes_only().clean(&run.title);
    let id = Name::new(&run.id);
    let message = Message::new()
        .heading(say!("🔵 {}", title))
        .line(
            "it goes on: begun elsewhere, or taken up again after a restart; its end is told here",
        )
        .line(people(run, None))
        .about(id.clone())
        .action(Action::new("Cancel", say!("cancel {}", id)).style(Style::Bad));
    if let Err(why) = stage.edit(&open.posted, &message, Patience::Brief).await {
        tracing::info!(run = run.id, %why, "a run's message could not be edited");
        return Ok(());
    }
    let open = Open {
        elsewhere: true,
        ..open
    };
    ledger.open(&run.id, &open).await
}

/// What became of it: its report where there is one, and no button that could begin it again.
fn last_words(
    run: &RunRecord,
    expired: bool,
    who: Option<&str>,
    report: Option<&Report>,
) -> Message {
    let title = Redactor::shapes_only().clean(&run.title);
    let (sign, state) = match run.state {
        _ if expired => ("⚪", "expired: nobody let it go in time"),
        RunState::Succeeded => ("🟢", "done"),
        RunState::Cancelled => ("⚪", "cancelled"),
        RunState::Refused => ("⚪", "denied"),
        _ => ("🔴", "failed"),
    };
    let mut message = Message::new().heading(say!("{} {}: {}", sign, title, state));
    let detail = Redactor::shapes_only().clean(&run.detail);
    if let Some(report) = report {
        let told = brief(report);
        message.blocks.extend(told.blocks.into_iter().map(lowered));
        message.actions = told.actions;
    } else if !detail.is_empty() {
        message = message.line(detail);
    }
    message.line(people(run, who))
}

fn people(run: &RunRecord, who: Option<&str>) -> Line {
    let asked = Line::new()
        .dim("asked by ")
        .styled(Style::Person, Name::new(&run.requested_by));
    match who.filter(|who| *who != run.requested_by) {
        Some(who) => asked
            .dim(", decided by ")
            .styled(Style::Person, Name::new(who)),
        None => asked,
    }
}
