//! Slack as a stage: posting, editing, whispering, files. Which way a message takes, and what is
//! done when that way is closed, is decided here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::api::ApiError;
use super::outbox::{Outbox, SOON, UNTIL_DONE};
use crate::live::{Patience, Place, Posted, Stage, StageError, Standing};
use crate::text::{Message, Name, Posting, block_kit};

/// Slack takes five answers in thirty minutes; the clocks may differ a little.
const USES: u8 = 5;
const LASTS: Duration = Duration::from_mins(29);

/// A message that nobody heard of is among the latest.
const LOOKED_THROUGH: &str = "200";

/// The bot is not where it should speak. There are other ways to be heard.
const ELSEWHERE: &[&str] = &[
    "channel_not_found",
    "not_in_channel",
    "user_not_in_channel",
    "restricted_action",
];

pub(super) struct SlackStage {
    pub(super) outbox: Arc<Outbox>,
    tickets: Mutex<HashMap<String, Ticket>>,
}

/// A `response_url`, and how often it can still be used.
struct Ticket {
    left: u8,
    until: Instant,
}

impl SlackStage {
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        Self {
            outbox,
            tickets: Mutex::default(),
        }
    }

    /// A `response_url` came in: it is good from now on.
    pub(super) fn admit(&self, url: &str) {
        let now = Instant::now();
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|_, ticket| ticket.until > now);
        let ticket = Ticket {
            left: USES,
            until: now + LASTS,
        };
        tickets.entry(url.to_owned()).or_insert(ticket);
    }

    /// Its line is done: nothing is said by it any more.
    pub(super) fn forget(&self, url: &str) {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.remove(url);
    }

    /// One use of it, if it has one left.
    pub(super) fn use_ticket(&self, url: &str) -> bool {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ticket) = tickets.get_mut(url) else {
            return false;
        };
        if ticket.left == 0 || ticket.until < Instant::now() {
            return false;
        }
        ticket.left -= 1;
        true
    }

    /// Answers by the place's ticket; false where it has none that is good.
    async fn respond(&self, place: &Place, posting: &Posting, kind: &str) -> bool {
        let Some(url) = place.ticket.as_deref().filter(|url| self.use_ticket(url)) else {
            return false;
        };
        let mut body = json!({
            "response_type": kind,
            "replace_original": false,
            "text": posting.text(),
            "blocks": posting.blocks(),
        });
        if let (Some(thread), Some(body)) = (&place.thread, body.as_object_mut()) {
            body.insert("thread_ts".to_owned(), thread.as_str().into());
        }
        match self.outbox.respond(url, &body).await {
            Ok(()) => true,
            Err(error) => {
                tracing::info!(%error, "a response_url did not take an answer");
                false
            }
        }
    }

    async fn message(
        &self,
        channel: &str,
        thread: Option<&str>,
        posting: &Posting,
        patience: Duration,
    ) -> Result<Posted, ApiError> {
        self.known(channel, thread, (posting, None), patience).await
    }

    /// A message that can be found again by what it is about: the id of its first block says it.
    async fn known(
        &self,
        channel: &str,
        thread: Option<&str>,
        (posting, about): (&Posting, Option<&Name>),
        patience: Duration,
    ) -> Result<Posted, ApiError> {
        let mut blocks = posting.blocks().to_vec();
        if let (Some(about), Some(Value::Object(first))) = (about, blocks.first_mut()) {
            first.insert("block_id".to_owned(), about.as_str().into());
        }
        let mut body = json!({
            "channel": channel,
            "text": posting.text(),
            "blocks": blocks,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        if let (Some(thread), Some(body)) = (thread, body.as_object_mut()) {
            body.insert("thread_ts".to_owned(), thread.into());
        }
        let answer = self
            .outbox
            .json("chat.postMessage", channel, &body, patience)
            .await?;
        let word = |key: &str| answer.get(key).and_then(Value::as_str);
        Ok(Posted {
            // a message to a person comes back with the channel it really went to
            channel: word("channel").unwrap_or(channel).to_owned(),
            id: word("ts").unwrap_or_default().to_owned(),
            thread: thread.map(str::to_owned),
        })
    }

    /// What did not fit, as a file below the message.
    async fn spill(&self, posting: &Posting, channel: &str, thread: Option<&str>) {
        let Some(text) = posting.spilled() else {
            return;
        };
        if let Err(error) = self.upload(text, channel, thread).await {
            tracing::warn!(%error, "a long answer could not be added as a file");
        }
    }

    async fn upload(
        &self,
        text: &str,
        channel: &str,
        thread: Option<&str>,
    ) -> Result<(), ApiError> {
        let size = text.len().to_string();
        let wanted = [("filename", "answer.txt"), ("length", size.as_str())];
        let place = self
            .outbox
            .form("files.getUploadURLExternal", &wanted)
            .await?
            .body;
        let word = |key: &str| place.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = "text/plain; charset=utf-8";
        self.outbox
            .api
            .post_to(word("upload_url"), kind, text.to_owned())
            .await?;
        let files = json!([{ "id": word("file_id"), "title": "the whole answer" }]).to_string();
        let mut fields = vec![("files", files.as_str()), ("channel_id", channel)];
        fields.extend(thread.map(|thread| ("thread_ts", thread)));
        self.outbox
            .form("files.completeUploadExternal", &fields)
            .await?;
        Ok(())
    }

    /// Seen by one person in a channel; in their own where the bot is not in that channel.
    async fn ephemeral(&self, place: &Place, posting: &Posting) -> Result<(), ApiError> {
        let mut body = json!({
            "channel": place.channel,
            "user": place.person,
            "text": posting.text(),
            "blocks": posting.blocks(),
        });
        if let (Some(thread), Some(body)) = (&place.thread, body.as_object_mut()) {
            body.insert("thread_ts".to_owned(), thread.as_str().into());
        }
        let sent = self
            .outbox
            .json("chat.postEphemeral", &place.channel, &body, SOON)
            .await;
        match sent {
            Err(ApiError::Refused { code, .. }) if ELSEWHERE.contains(&code.as_str()) => {
                self.message(&place.person, None, posting, SOON).await?;
                Ok(())
            }
            sent => sent.map(|_| ()),
        }
    }

    /// A whisper's file goes where only that person reads.
    async fn spill_privately(&self, posting: &Posting, person: &str) {
        if posting.spilled().is_none() {
            return;
        }
        let opened = self
            .outbox
            .json("conversations.open", "", &json!({ "users": person }), SOON)
            .await;
        let channel = opened.as_ref().ok().and_then(|opened| {
            opened
                .pointer("/channel/id")
                .and_then(Value::as_str)
                .map(str::to_owned)
        });
        match channel {
            Some(channel) => self.spill(posting, &channel, None).await,
            None => tracing::warn!("a long answer has no place for its file"),
        }
    }
}

fn is_about(message: &Value, about: &Name) -> bool {
    let id = message.pointer("/blocks/0/block_id");
    id.and_then(Value::as_str) == Some(about.as_str())
}

fn patience(patience: Patience) -> Duration {
    match patience {
        Patience::Brief => SOON,
        Patience::Long => UNTIL_DONE,
    }
}

impl From<ApiError> for StageError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused { .. } => Self::Refused(error.to_string()),
            ApiError::Limited(_) | ApiError::Broken(_) => Self::Unreachable(error.to_string()),
        }
    }
}

impl Stage for SlackStage {
    fn name(&self) -> &'static str {
        "slack"
    }

    async fn post(
        &self,
        place: &Place,
        message: &Message,
        how_long: Patience,
    ) -> Result<Option<Posted>, StageError> {
        let posting = block_kit(message);
        let (channel, thread) = (place.channel.as_str(), place.thread.as_deref());
        let sent = self
            .known(
                channel,
                thread,
                (&posting, message.about.as_ref()),
                patience(how_long),
            )
            .await;
        match sent {
            Ok(posted) => {
                let below = thread.unwrap_or(&posted.id);
                self.spill(&posting, &posted.channel, Some(below)).await;
                Ok(Some(posted))
            }
            Err(error) => {
                if self.respond(place, &posting, "in_channel").await {
                    return Ok(None);
                }
                Err(error.into())
            }
        }
    }

    async fn edit(
        &self,
        posted: &Posted,
        message: &Message,
        how_long: Patience,
    ) -> Result<(), StageError> {
        let posting = block_kit(message);
        let body = json!({
            "channel": posted.channel,
            "ts": posted.id,
            "text": posting.text(),
            "blocks": posting.blocks(),
        });
        self.outbox
            .json("chat.update", &posted.channel, &body, patience(how_long))
            .await?;
        let below = posted.thread.as_ref().unwrap_or(&posted.id);
        self.spill(&posting, &posted.channel, Some(below)).await;
        Ok(())
    }

    async fn reply(&self, posted: &Posted, message: &Message) -> Result<(), StageError> {
        let thread = posted.thread.as_ref().unwrap_or(&posted.id);
        let posting = block_kit(message);
        self.message(&posted.channel, Some(thread), &posting, SOON)
            .await?;
        Ok(())
    }

    async fn recall(&self, place: &Place, message: &Message) -> Result<Option<Posted>, StageError> {
        let Some(about) = &message.about else {
            return Ok(None);
        };
        let mut fields = vec![
            ("channel", place.channel.as_str()),
            ("limit", LOOKED_THROUGH),
        ];
        fields.extend(place.thread.as_deref().map(|thread| ("ts", thread)));
        let method = match place.thread {
            Some(_) => "conversations.replies",
            None => "conversations.history",
        };
        let found = match self.outbox.form(method, &fields).await {
            Ok(found) => found.body,
            Err(ApiError::Refused { code, .. }) => {
                tracing::info!(code, "Slack does not let us look for a message of ours");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let messages = found.get("messages").and_then(Value::as_array);
        let mut ours = messages
            .into_iter()
            .flatten()
            .filter(|one| is_about(one, about));
        let id = ours.find_map(|one| one.get("ts").and_then(Value::as_str));
        Ok(id.map(|id| Posted {
            channel: place.channel.clone(),
            id: id.to_owned(),
            thread: place.thread.clone(),
        }))
    }

    async fn mark(&self, _posted: &Posted, _standing: Standing) -> Result<(), StageError> {
        // Slack has no such place: the message's own heading says it
        Ok(())
    }

    async fn whisper(&self, place: &Place, message: &Message) -> Result<(), StageError> {
        let posting = block_kit(message);
        if !self.respond(place, &posting, "ephemeral").await {
            self.ephemeral(place, &posting).await?;
        }
        self.spill_privately(&posting, &place.person).await;
        Ok(())
    }
}
