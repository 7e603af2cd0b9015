//! Discord as a stage: posting, editing, whispering, threads. Which way a message takes, and what is
//! done when that way is closed, is decided here.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use serenity::http::Route;
use serenity::model::id::{ApplicationId, UserId};
use tokio::time::{Instant, sleep};

use super::api::{ApiError, Ask};
use super::body::{body, once, with};
use super::outbox::{Outbox, SOON, patience};
use super::rooms::{Rooms, channel, message as message_id, number, text};
use super::tickets::{Placeholder, Tickets};
use crate::live::{Patience, Place, Posted, Stage, StageError, Standing};
use crate::text::{Card, Message, Name, embeds};

/// Discord's codes for a channel the bot cannot speak in: it is not there, or may not write.
const ELSEWHERE: &[u64] = &[10_003, 50_001, 50_013];
/// The token of an interaction that Discord does not know yet, or no more.
const UNKNOWN_WEBHOOK: u64 = 10_015;
const ARCHIVED: u64 = 50_083;
/// Only who asked sees it.
const EPHEMERAL: u64 = 1 << 6;
/// Over HTTP our work may be quicker than our own answer to the request that began it.
const SETTLING: Duration = Duration::from_secs(4);
const A_MOMENT: Duration = Duration::from_millis(200);

pub struct DiscordStage {
    pub(super) outbox: Arc<Outbox>,
    pub(super) tickets: Tickets,
    pub(super) rooms: Rooms,
    /// Whose interactions we answer: known when Discord has told.
    application: OnceLock<u64>,
}

impl DiscordStage {
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        Self {
            outbox,
            tickets: Tickets::default(),
            rooms: Rooms::default(),
            application: OnceLock::new(),
        }
    }

    pub(super) fn is_application(&self, id: u64) {
        self.application.get_or_init(|| id);
    }

    pub(super) fn application(&self) -> Result<ApplicationId, ApiError> {
        match self.application.get() {
            Some(id) => Ok(ApplicationId::new(*id)),
            None => Err(ApiError::Broken(
                "Discord has not told who we are".to_owned(),
            )),
        }
    }

    /// A call by an interaction's token, while Discord may not have heard yet that we took it.
    async fn by_ticket(&self, ask: &Ask<'_>, is_new: bool) -> Result<Value, ApiError> {
        let until = Instant::now() + SETTLING;
        loop {
            let done = if is_new {
                self.outbox.once(ask).await
            } else {
                self.outbox.call(ask, SOON).await
            };
            match done {
                Err(error) if error.code() == UNKNOWN_WEBHOOK && Instant::now() < until => {
                    sleep(A_MOMENT).await;
                }
                done => return done,
            }
        }
    }

    /// Gives the placeholder its words.
    async fn fill(&self, token: &str, card: &Card) -> Result<Value, ApiError> {
        let route = Route::WebhookOriginalInteractionResponse {
            application_id: self.application()?,
            token,
        };
        let ask = Ask::patch(route, body(card)).with_file(card.spilled());
        self.by_ticket(&ask, false).await
    }

    /// One more message by the ticket.
    async fn follow(&self, token: &str, card: &Card, flags: u64) -> Result<Value, ApiError> {
        let route = Route::WebhookFollowupMessages {
            application_id: self.application()?,
            token,
        };
        let body = with(body(card), "flags", flags);
        let ask = Ask::post(route, body).with_file(card.spilled());
        self.by_ticket(&ask, true).await
    }

    /// Takes away a placeholder that gets no words.
    pub(super) async fn clear(&self, token: &str) {
        if self.tickets.take(token) != Placeholder::None {
            self.remove(token).await;
        }
    }

    /// The message whose button was pressed: to its interaction that is the original.
    pub(super) async fn change_pressed(&self, token: &str, body: Value) -> Result<(), ApiError> {
        let route = Route::WebhookOriginalInteractionResponse {
            application_id: self.application()?,
            token,
        };
        self.by_ticket(&Ask::patch(route, body), false)
            .await
            .map(|_| ())
    }

    async fn remove(&self, token: &str) {
        let Ok(application_id) = self.application() else {
            return;
        };
        let route = Route::WebhookOriginalInteractionResponse {
            application_id,
            token,
        };
        if let Err(error) = self.by_ticket(&Ask::delete(route), false).await {
            tracing::info!(%error, "a placeholder could not be taken away");
        }
    }

    async fn send(
        &self,
        to: &str,
        card: &Card,
        (about, how_long): (Option<&Name>, Duration),
    ) -> Result<Posted, ApiError> {
        let route = Route::ChannelMessages {
            channel_id: channel(to)?,
        };
        let ask = Ask::post(route, once(body(card), to, about)).with_file(card.spilled());
        let sent = self.outbox.call(&ask, how_long).await?;
        Ok(self.posted(to, &sent, card))
    }

    fn posted(&self, channel: &str, sent: &Value, card: &Card) -> Posted {
        let id = text(sent, "/id").unwrap_or_default();
        self.rooms.entitle(&id, card.title());
        Posted {
            channel: text(sent, "/channel_id").unwrap_or_else(|| channel.to_owned()),
            id,
            thread: None,
        }
    }

    /// Without having been asked: below a message, as a post in a forum, or in the channel.
    async fn announce(
        &self,
        place: &Place,
        card: &Card,
        (about, how_long): (Option<&Name>, Duration),
    ) -> Result<Posted, ApiError> {
        if let Some(message) = &place.thread {
            let root = Posted {
                channel: place.channel.clone(),
                id: message.clone(),
                thread: None,
            };
            let thread = self.rooms.thread(&self.outbox, &root, card.title()).await?;
            let mut sent = self.send(&thread, card, (about, how_long)).await?;
            sent.thread = Some(thread);
            return Ok(sent);
        }
        let room = self.rooms.room(&self.outbox, &place.channel).await?;
        if room.is_forum {
            let tags = Rooms::tags_of(&room, Standing::Open);
            return self.begin_post(&place.channel, tags, (card, about)).await;
        }
        self.send(&place.channel, card, (about, how_long)).await
    }

    /// Into the placeholder, into the channel, or by the ticket where the bot may not speak.
    async fn say(
        &self,
        place: &Place,
        card: &Card,
        how_long: Duration,
    ) -> Result<Option<Posted>, ApiError> {
        let mut unfilled = None;
        if let Some(token) = place.ticket.as_deref() {
            match self.tickets.take(token) {
                Placeholder::Public => match self.fill(token, card).await {
                    Ok(sent) => {
                        let posted = self.posted(&place.channel, &sent, card);
                        self.tickets.remember(&posted.id, token);
                        return Ok(Some(posted));
                    }
                    Err(error) => {
                        tracing::info!(%error, "a placeholder was not filled");
                        unfilled = Some(token);
                    }
                },
                Placeholder::Private => self.remove(token).await,
                Placeholder::None => {}
            }
        }
        let sent = self.send(&place.channel, card, (None, how_long)).await;
        if let Some(token) = unfilled.filter(|_| sent.is_ok()) {
            self.remove(token).await;
        }
        match (sent, place.ticket.as_deref()) {
            (Err(error), Some(token))
                if ELSEWHERE.contains(&error.code()) && self.tickets.is_good(token) =>
            {
                let sent = self.follow(token, card, 0).await?;
                let posted = self.posted(&place.channel, &sent, card);
                self.tickets.remember(&posted.id, token);
                Ok(Some(posted))
            }
            (sent, _) => sent.map(Some),
        }
    }

    /// To one person: below what they did, or in their own messages when that is too long ago.
    async fn say_privately(&self, place: &Place, card: &Card) -> Result<(), ApiError> {
        if let Some(token) = place
            .ticket
            .as_deref()
            .filter(|it| self.tickets.is_good(it))
        {
            let done = match self.tickets.take(token) {
                Placeholder::Private => self.fill(token, card).await,
                Placeholder::Public => {
                    // it would be for everybody
                    self.remove(token).await;
                    self.follow(token, card, EPHEMERAL).await
                }
                Placeholder::None => self.follow(token, card, EPHEMERAL).await,
            };
            match done {
                Ok(_) => return Ok(()),
                Err(error) => tracing::info!(%error, "an interaction did not take an answer"),
            }
        }
        let body = json!({ "recipient_id": UserId::new(number(&place.person)?) });
        let ask = Ask::post(Route::UserMeDmChannels, body);
        let opened = self.outbox.call(&ask, SOON).await?;
        let direct = text(&opened, "/id").unwrap_or_default();
        self.send(&direct, card, (None, SOON)).await?;
        Ok(())
    }

    async fn change(
        &self,
        posted: &Posted,
        card: &Card,
        how_long: Duration,
    ) -> Result<(), ApiError> {
        self.rooms.entitle(&posted.id, card.title());
        let body = body(card);
        if let Some(token) = self.tickets.maker(&posted.id) {
            let route = Route::WebhookFollowupMessage {
                application_id: self.application()?,
                token: &token,
                message_id: message_id(&posted.id)?,
            };
            let ask = Ask::patch(route, body.clone()).with_file(card.spilled());
            match self.outbox.call(&ask, SOON).await {
                Ok(_) => return Ok(()),
                Err(error) => tracing::info!(%error, "an answer is edited the common way"),
            }
        }
        let route = Route::ChannelMessage {
            channel_id: channel(&posted.channel)?,
            message_id: message_id(&posted.id)?,
        };
        let ask = Ask::patch(route, body).with_file(card.spilled());
        match self.outbox.call(&ask, how_long).await {
            Err(error) if error.code() == ARCHIVED => {
                self.put_away(&posted.channel, false).await?;
                self.outbox.call(&ask, how_long).await?;
                self.put_away(&posted.channel, true).await
            }
            done => done.map(|_| ()),
        }
    }

    async fn put_away(&self, thread: &str, away: bool) -> Result<(), ApiError> {
        let route = Route::Channel {
            channel_id: channel(thread)?,
        };
        let ask = Ask::patch(route, json!({ "archived": away }));
        self.outbox.call(&ask, SOON).await.map(|_| ())
    }
}

impl Stage for DiscordStage {
    fn name(&self) -> &'static str {
        "discord"
    }

    async fn post(
        &self,
        place: &Place,
        message: &Message,
        how_long: Patience,
    ) -> Result<Option<Posted>, StageError> {
        let (card, how_long) = (embeds(message), patience(how_long));
        if place.person.is_empty() {
            let about = message.about.as_ref();
            return Ok(Some(self.announce(place, &card, (about, how_long)).await?));
        }
        Ok(self.say(place, &card, how_long).await?)
    }

    async fn edit(
        &self,
        posted: &Posted,
        message: &Message,
        how_long: Patience,
    ) -> Result<(), StageError> {
        let card = embeds(message);
        Ok(self.change(posted, &card, patience(how_long)).await?)
    }

    async fn reply(&self, posted: &Posted, message: &Message) -> Result<(), StageError> {
        let card = embeds(message);
        let thread = self
            .rooms
            .thread(&self.outbox, posted, card.title())
            .await?;
        self.send(&thread, &card, (None, SOON)).await?;
        Ok(())
    }

    /// A message in a channel is known by its nonce; a post in a forum has to be looked for.
    async fn recall(&self, place: &Place, message: &Message) -> Result<Option<Posted>, StageError> {
        let (Some(about), None) = (&message.about, &place.thread) else {
            return Ok(None);
        };
        let room = self.rooms.room(&self.outbox, &place.channel).await?;
        if !room.is_forum {
            return Ok(None);
        }
        let card = embeds(message);
        Ok(self
            .find_post(&place.channel, &room, (&card, about))
            .await?)
    }

    async fn mark(&self, posted: &Posted, standing: Standing) -> Result<(), StageError> {
        Ok(self.rooms.mark(&self.outbox, posted, standing).await?)
    }

    async fn whisper(&self, place: &Place, message: &Message) -> Result<(), StageError> {
        Ok(self.say_privately(place, &embeds(message)).await?)
    }
}
