//! What becomes of an interaction that was taken: a line for the bot, a diagnosis of what an alert
//! names, choices while somebody types. Who asks is known by Discord's word, what they may do is
//! the policy's.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::door::{Discord, Work, caller};
use super::inbound::Came;
use super::names::choices;
use crate::access::Caller;
use crate::bot::Outcome;
use crate::command::{self, Command};
use crate::live::Place;
use crate::text::Message;

/// Discord waits three seconds; people wait less.
const FOR_CHOICES: Duration = Duration::from_millis(250);
/// Decisions are shown in the run's own message: who made one is told so before long.
const BEFORE_LONG: Duration = Duration::from_secs(5);

impl Discord {
    pub(super) async fn fulfil(&self, came: &Came, work: Work) {
        let (place, caller) = (&came.place, caller(came));
        match work {
            Work::Line(line) => drop(self.line(place, &caller, &line).await),
            Work::Press(line, pressed) => self.press(place, &caller, &line, &pressed).await,
            Work::Alert(text) => self.alert(place, &caller, &text).await,
        }
        // whatever was not said has not to be waited for
        self.stage().clear(&came.token).await;
    }

    pub(super) async fn line(&self, place: &Place, caller: &Caller, line: &str) -> Outcome {
        let examined = async { self.examine().await.1 };
        let mut told = Box::pin(self.listener.line(place, caller, line, examined));
        if !matches!(command::parse(line), Ok(Command::Approve { .. })) {
            return told.await;
        }
        tokio::select! {
            outcome = &mut told => return outcome,
            () = sleep(BEFORE_LONG) => {}
        }
        if let Some(token) = &place.ticket {
            self.stage().clear(token).await;
        }
        told.await
    }

    async fn alert(&self, place: &Place, caller: &Caller, text: &str) {
        match self.listener.named(text).await {
            Ok(Some(service)) => {
                let place = Place {
                    shared: true,
                    ..place.clone()
                };
                self.line(&place, caller, &format!("diagnose {service}"))
                    .await;
            }
            Ok(None) => {
                let none = Message::new()
                    .line("this message names no service that is known here; `status` lists them");
                self.listener.whisper(place, &none).await;
            }
            Err(trouble) => self.listener.whisper(place, &trouble.message()).await,
        }
    }

    pub(super) async fn turn_away(&self, place: &Place) {
        let busy = Message::new()
            .line("too much is asked at once; nothing was done, try again in a minute");
        self.listener.whisper(place, &busy).await;
    }

    /// What could come next in the option that somebody types in; nothing where that takes long.
    pub(super) async fn complete(&self, caller: &Caller, data: &Value) -> Value {
        let (bot, serves) = (self.listener.bot(), self.serves());
        let choices = choices(&bot, caller, &serves.main, data);
        let choices = timeout(FOR_CHOICES, choices).await.unwrap_or_default();
        let choice = |(label, value): (String, String)| json!({ "name": label, "value": value });
        choices.into_iter().map(choice).collect()
    }
}
