//! What becomes of a wish: a line for the bot, a diagnosis of what an alert names. Who asks is known
//! by Slack's word, what they may do is the policy's.

use super::door::Slack;
use super::groups::GROUP;
use super::inbound::{Asked, Wish};
use crate::access::{Caller, Surface};
use crate::bot::Outcome;
use crate::command::Word;
use crate::live::{Ledger, Place, Stage};
use crate::text::{Message, Name};

impl Slack {
    pub(super) async fn fulfil(&self, asked: Asked) {
        let Asked {
            wish,
            place,
            trigger,
            pressed,
        } = asked;
        let caller = self.caller(&place).await;
        match wish {
            Wish::Line(line) => match self.form_for(&caller, &line).await {
                Some(form) => self.offer(&place, &form, trigger.as_deref()).await,
                None => match &pressed {
                    Some(pressed) => {
                        Box::pin(self.press(&place, &caller, &line, pressed)).await;
                    }
                    None => drop(self.line(&place, &caller, &line).await),
                },
            },
            Wish::Overheard(line) => {
                if self.is_meant(&place, &line).await {
                    self.line(&place, &caller, &line).await;
                }
            }
            Wish::Ask(sheet) => self.ask(&place, &caller, &sheet, trigger.as_deref()).await,
            // it became a line when it was taken
            Wish::Filled(..) => {}
            Wish::Alert(text) => self.alert(&place, &caller, &text).await,
        }
    }

    async fn caller(&self, place: &Place) -> Caller {
        let bot = self.bot();
        let wanted = bot.policy.named(GROUP);
        Caller {
            surface: Surface::Slack,
            id: Name::new(&place.person),
            groups: self.groups.of(&place.person, &wanted, &self.outbox).await,
        }
    }

    /// People talk below our messages, too: only what begins with a command is one.
    async fn is_meant(&self, place: &Place, line: &str) -> bool {
        let begins = line.split_whitespace().next().unwrap_or_default();
        let Some(thread) = place.thread.as_deref() else {
            return false;
        };
        if Word::find(begins).is_none() {
            return false;
        }
        let bot = self.bot();
        let Ok(ledger) = Ledger::of(&bot, self.stage().name()).await else {
            return false;
        };
        ledger
            .is_ours(&place.channel, thread)
            .await
            .unwrap_or_default()
    }

    pub(super) async fn line(&self, place: &Place, caller: &Caller, line: &str) -> Outcome {
        let line = line.strip_prefix('/').unwrap_or(line);
        let examined = async { self.examine().await.1 };
        Box::pin(self.listener.line(place, caller, line, examined)).await
    }

    async fn alert(&self, place: &Place, caller: &Caller, text: &str) {
        match self.listener.named(text).await {
            Ok(Some(service)) => {
                self.line(place, caller, &format!("diagnose {service}"))
                    .await;
            }
            Ok(None) => {
                let none = Message::new()
                    .line("this message names no service that is known here; `status` lists them");
                self.whisper(place, &none).await;
            }
            Err(trouble) => self.whisper(place, &trouble.message()).await,
        }
    }

    pub(super) async fn turn_away(&self, place: &Place) {
        let busy = Message::new()
            .line("too much is asked at once; nothing was done, try again in a minute");
        self.whisper(place, &busy).await;
    }

    pub(super) async fn whisper(&self, place: &Place, message: &Message) {
        self.listener.whisper(place, message).await;
    }
}
