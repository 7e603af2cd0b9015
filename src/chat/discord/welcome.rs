//! What an interaction is answered with at once: a form, a placeholder that waits for its words, a
//! word for who asked. What comes of it later is said elsewhere.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::button::Pressed;
use super::door::{Discord, Work, caller};
use super::inbound::{Came, Wish};
use super::modal::Form;
use super::sheet::{kept, objected, view};
use super::tickets::Placeholder;
use crate::bot::Answers;
use crate::chat::ask::by_hand;
use crate::command::{self, Command};
use crate::live::Place;
use crate::text::{Message, embeds};

/// Discord waits three seconds for a form; the way there and back takes some of it.
const FOR_A_FORM: Duration = Duration::from_secs(2);
const EPHEMERAL: u64 = 1 << 6;

impl Discord {
    /// The answer that Discord gets at once, and the line that is worked on then.
    pub(super) async fn welcome(&self, came: &Came, payload: &Value) -> (Value, Option<Work>) {
        let tickets = &self.stage().tickets;
        let waits = |placeholder| tickets.admit(&came.token, placeholder);
        match &came.wish {
            Wish::Line(line) => {
                if let Some(form) = self.form(came, line, None).await {
                    return (form, None);
                }
                let placeholder = placeholder(line, &came.place);
                waits(placeholder);
                (thinking(placeholder), Some(Work::Line(line.clone())))
            }
            Wish::Alert(text) => {
                waits(Placeholder::Public);
                let work = Work::Alert(text.clone());
                (thinking(Placeholder::Public), Some(work))
            }
            Wish::Press(line) => {
                let draft = self.drafts.find(&came.place.person, line);
                if let Some(form) = self.form(came, line, draft).await {
                    return (form, None);
                }
                waits(Placeholder::None);
                let line = line.clone();
                let work = match Pressed::read(payload) {
                    Some(pressed) => Work::Press(line, pressed),
                    None => Work::Line(line),
                };
                (json!({ "type": 6 }), Some(work))
            }
            Wish::Filled { form, text } => {
                waits(Placeholder::None);
                let work = Work::Line(form.finished(text));
                (json!({ "type": 6 }), Some(work))
            }
            Wish::Values { line, answers } => match self.filled(came, line, answers) {
                Ok(line) => {
                    let placeholder = placeholder(&line, &came.place);
                    waits(placeholder);
                    (thinking(placeholder), Some(Work::Line(line)))
                }
                Err(objection) => (objection, None),
            },
            Wish::Ask(form) => (self.question(came, form).await, None),
            Wish::Ping | Wish::Complete(_) => (Value::Null, None),
        }
    }

    /// The form for values that a line lacks, with what was filled in before; what to give by hand
    /// where none can be opened.
    async fn form(&self, came: &Came, line: &str, draft: Option<Answers>) -> Option<Value> {
        let (bot, caller) = (self.listener.bot(), caller(came));
        let form = timeout(FOR_A_FORM, bot.form(&caller, line));
        let mut form = form.await.ok().flatten()?;
        if let Some(draft) = draft {
            form = kept(form, &draft);
        }
        Some(view(&form).unwrap_or_else(|| only_you(&by_hand(&form, false))))
    }

    /// The line that a form's answers make. What cannot be is said to who filled it in, with the form
    /// as they left it one press away: Discord cannot say it at the field.
    fn filled(&self, came: &Came, line: &str, answers: &Answers) -> Result<String, Value> {
        let person = &came.place.person;
        match self.listener.bot().filled(line, answers) {
            Ok(whole) => {
                self.drafts.forget(person, line);
                Ok(whole)
            }
            Err(objections) => {
                self.drafts.keep(person, line, answers);
                Err(only_you(&objected(line, &objections)))
            }
        }
    }

    async fn question(&self, came: &Came, form: &Form) -> Value {
        let caller = caller(came);
        let about = self.listener.about(&caller, &form.line);
        match timeout(FOR_A_FORM, about).await {
            Ok(Ok(about)) => form.view(about.what.as_str()),
            Ok(Err(trouble)) => only_you(&trouble.message()),
            Err(_) => only_you(&Message::new().line("too slow just now; press again")),
        }
    }
}

fn placeholder(line: &str, place: &Place) -> Placeholder {
    if is_for_all(line) || place.private {
        Placeholder::Public
    } else {
        Placeholder::Private
    }
}

/// What ends in a report or a run is for everybody; what only looks is for who asked.
fn is_for_all(line: &str) -> bool {
    match command::parse(line) {
        Ok(Command::Run(wanted)) => !wanted.plan_only,
        // the run has a message of its own already
        Ok(Command::Approve { .. } | Command::Deny { .. } | Command::Cancel { .. }) | Err(_) => {
            false
        }
        Ok(Command::Diagnose { .. } | Command::Report { id: Some(_) }) => true,
        Ok(command) => command.may_change(),
    }
}

fn thinking(placeholder: Placeholder) -> Value {
    match placeholder {
        Placeholder::Private => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
        _ => json!({ "type": 5 }),
    }
}

/// A whole answer at once, for who asked.
pub(super) fn only_you(message: &Message) -> Value {
    let card = embeds(message);
    json!({
        "type": 4,
        "data": {
            "embeds": card.embeds(),
            "components": card.components(),
            "flags": EPHEMERAL,
            "allowed_mentions": { "parse": [] },
        },
    })
}
