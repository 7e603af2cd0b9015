//! Opening forms, and making lines of what was filled in. Rights and state are looked at before a
//! form opens, and again when its line is done.

use serde_json::{Value, json};

use super::door::Slack;
use super::modal::{Filled, Sheet, Wants, objected};
use super::outbox::SOON;
use crate::access::Caller;
use crate::chat::ask::{by_hand, shown};
use crate::live::{Patience, Place, Stage};
use crate::say;
use crate::text::{Form, Message};

impl Slack {
    /// The line of a form, or what Slack is to show in it.
    pub(super) fn finished(&self, sheet: &Sheet, filled: &Filled) -> Result<String, Value> {
        match filled {
            Filled::Text(text) => sheet.finished(text),
            Filled::Values(answers) => {
                let line = self.bot().filled(&sheet.line, answers);
                line.map_err(|objections| objected(&objections))
            }
        }
    }

    /// A run whose values are missing.
    pub(super) async fn form_for(&self, caller: &Caller, line: &str) -> Option<Form> {
        let line = line.strip_prefix('/').unwrap_or(line);
        self.bot().form(caller, line).await
    }

    /// Opens it where there is something to open it by, else offers a button that can.
    pub(super) async fn offer(&self, place: &Place, form: &Form, trigger: Option<&str>) {
        let sheet = Sheet::new(form.line.as_str().to_owned(), Wants::Values, place);
        let view = sheet.values(form);
        if let (Some(view), Some(trigger)) = (&view, trigger)
            && self.open(view, trigger).await
        {
            return;
        }
        let message = by_hand(form, view.is_some());
        if place.private {
            let posted = self.stage().post(place, &message, Patience::Brief);
            if let Err(why) = posted.await {
                tracing::warn!(%why, "a form could not be offered");
            }
        } else {
            self.whisper(place, &message).await;
        }
    }

    async fn open(&self, view: &Value, trigger: &str) -> bool {
        let body = json!({ "trigger_id": trigger, "view": view });
        match self.outbox.json("views.open", "", &body, SOON).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "a form could not be opened");
                false
            }
        }
    }

    /// A press that asks something first.
    pub(super) async fn ask(
        &self,
        place: &Place,
        caller: &Caller,
        sheet: &Sheet,
        trigger: Option<&str>,
    ) {
        let about = match self.listener.about(caller, &sheet.line).await {
            Ok(about) => about,
            Err(trouble) => return self.whisper(place, &trouble.message()).await,
        };
        if let (Some(view), Some(trigger)) = (sheet.question(&about), trigger)
            && self.open(&view, trigger).await
        {
            return;
        }
        let line = say!(
            "Slack did not open the form; type `{}` instead",
            shown(&sheet.line)
        );
        self.whisper(place, &Message::new().line(line)).await;
    }
}
