//! Gives open messages their last words when nobody here is working on their run: it was decided
//! elsewhere, waited too long, or was going when the program stopped.

use super::{Ledger, Patience, Running, Stage, StageError};
use crate::bot::Bot;
use crate::run::Book;
use crate::say;
use crate::store::{RunRecord, RunState, StoreError};
use crate::text::{Line, Message, Name, Redactor, Style};

/// One look at all open messages.
pub async fn sweep<S: Stage>(stage: &S, bot: &Bot, running: &Running) -> Result<(), StoreError> {
    let (store, clock) = (bot.store.get().await?, bot.clock);
    let ledger = Ledger {
        store,
        clock,
        chat: stage.name(),
    };
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
        if !run.state.is_final() && !expired {
            continue;
        }
        let who = store.decisions(&id).await?.pop().map(|last| last.who);
        let message = last_words(&run, expired, who.as_deref());
        match stage.edit(&open.posted, &message, Patience::Brief).await {
            Err(StageError::Unreachable(why)) => {
                tracing::warn!(run = id, why, "an old message waits for its last words");
            }
            Err(StageError::Refused(why)) => {
                tracing::info!(run = id, why, "an old message cannot be edited any more");
                ledger.close(&id).await?;
            }
            Ok(()) => ledger.close(&id).await?,
        }
    }
    Ok(())
}

/// What became of it, without buttons.
fn last_words(run: &RunRecord, expired: bool, who: Option<&str>) -> Message {
    let title = Redactor::shapes_only().clean(&run.title);
    let (sign, state) = match run.state {
        _ if expired => ("⚪", "expired: nobody let it go in time"),
        RunState::Succeeded => ("🟢", "done"),
        RunState::Cancelled => ("⚪", "cancelled"),
        RunState::Refused => ("⚪", "denied"),
        _ => ("🔴", "not done"),
    };
    let mut message = Message::new().heading(say!("{} {}: {}", sign, title, state));
    let detail = Redactor::shapes_only().clean(&run.detail);
    if !detail.is_empty() {
        message = message.line(detail);
    }
    let person = |text: &str| Name::new(text);
    let mut people = Line::new()
        .dim("asked by ")
        .styled(Style::Person, person(&run.requested_by));
    if let Some(who) = who.filter(|who| *who != run.requested_by) {
        people = people
            .dim(", decided by ")
            .styled(Style::Person, person(who));
    }
    message.line(people)
}
