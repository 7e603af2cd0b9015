//! Where in Discord something is said: threads below messages, posts in forums and their tags,
//! people's own channels.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use serenity::http::Route;
use serenity::model::id::{ChannelId, MessageId};
use tokio::time::Instant;

use super::api::{ApiError, Ask};
use super::outbox::{Outbox, SOON};
use crate::live::{Posted, Standing};

/// What a channel is does not change often; its tags may.
const FRESH: Duration = Duration::from_mins(10);
const MANY: usize = 1000;
/// A thread nobody writes in is put away after a day.
const PUT_AWAY_MINUTES: u32 = 1440;
const NAME: usize = 100;

const FORUM: u64 = 15;
const MEDIA: u64 = 16;

/// Discord's words for what we run into here.
const UNKNOWN_CHANNEL: u64 = 10_003;
const ALREADY_HAS_THREAD: u64 = 160_004;

/// What the tags of a forum are called, in any case of letters.
const TAGS: [(Standing, &[&str]); 3] = [
    (Standing::Open, &["open"]),
    (Standing::Acknowledged, &["acknowledged", "ack"]),
    (Standing::Resolved, &["resolved"]),
];

#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    pub(super) is_forum: bool,
    /// The server it is in.
    pub(super) guild: Option<String>,
    /// Names and ids.
    tags: Vec<(String, String)>,
}

#[derive(Default)]
pub(super) struct Rooms {
    known: Mutex<HashMap<String, (Instant, Room)>>,
    /// What threads below a message are called, and which messages have one.
    titles: Mutex<HashMap<String, String>>,
    threads: Mutex<HashMap<String, String>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn channel(id: &str) -> Result<ChannelId, ApiError> {
    number(id).map(ChannelId::new)
}

pub(super) fn message(id: &str) -> Result<MessageId, ApiError> {
    number(id).map(MessageId::new)
}

/// Discord's ids are numbers; anything else came from somewhere else.
pub(super) fn number(id: &str) -> Result<u64, ApiError> {
    let number = id.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| ApiError::Refused {
        status: 404,
        code: 0,
        why: "there is no id that Discord gave".to_owned(),
    })
}

/// A name that a thread can have.
pub(super) fn name(title: &str) -> String {
    let name: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(NAME).collect();
    if name.is_empty() {
        "dogwatch".to_owned()
    } else {
        name
    }
}

impl Rooms {
    /// What a channel is. One that we may not look at is taken for a common one.
    pub(super) async fn room(&self, outbox: &Outbox, id: &str) -> Result<Room, ApiError> {
        if let Some((since, room)) = lock(&self.known).get(id)
            && since.elapsed() < FRESH
        {
            return Ok(room.clone());
        }
        let of = channel(id)?;
        let ask = Ask::get(Route::Channel { channel_id: of });
        let room = match outbox.call(&ask, SOON).await {
            Ok(answer) => read(&answer),
            Err(error @ ApiError::Refused { .. }) => {
                tracing::info!(%error, "a channel cannot be looked at");
                return Ok(Room::default());
            }
            Err(error) => return Err(error),
        };
        let mut known = lock(&self.known);
        if known.len() > MANY {
            known.clear();
        }
        known.insert(id.to_owned(), (Instant::now(), room.clone()));
        Ok(room)
    }

    /// What a thread below this message would be called.
    pub(super) fn entitle(&self, message: &str, title: &str) {
        let mut titles = lock(&self.titles);
        if titles.len() > MANY {
            titles.clear();
        }
        titles.insert(message.to_owned(), name(title));
    }

    /// The thread below a message, made if there is none. The channel itself where there can be no
    /// threads: inside a thread, in somebody's own messages.
    pub(super) async fn thread(
        &self,
        outbox: &Outbox,
        posted: &Posted,
        otherwise: &str,
    ) -> Result<String, ApiError> {
        if let Some(thread) = &posted.thread {
            return Ok(thread.clone());
        }
        if let Some(thread) = lock(&self.threads).get(&posted.id) {
            return Ok(thread.clone());
        }
        let title = lock(&self.titles).get(&posted.id).cloned();
        let title = title.unwrap_or_else(|| name(otherwise));
        let route = Route::ChannelMessageThreads {
            channel_id: channel(&posted.channel)?,
            message_id: message(&posted.id)?,
        };
        let body = json!({ "name": title, "auto_archive_duration": PUT_AWAY_MINUTES });
        let thread = match outbox.call(&Ask::post(route, body), SOON).await {
            Ok(made) => text(&made, "/id").unwrap_or_else(|| posted.id.clone()),
            // a thread has the id of the message it began with
            Err(error) if error.code() == ALREADY_HAS_THREAD => posted.id.clone(),
            Err(ApiError::Refused { .. }) => posted.channel.clone(),
            Err(error) => return Err(error),
        };
        let mut threads = lock(&self.threads);
        if threads.len() > MANY {
            threads.clear();
        }
        threads.insert(posted.id.clone(), thread.clone());
        Ok(thread)
    }

    /// The tags of a new forum post.
    pub(super) fn tags_of(room: &Room, standing: Standing) -> Vec<String> {
        let wanted = TAGS.iter().find(|(of, _)| *of == standing);
        let names = wanted.map_or(&[] as &[&str], |(_, names)| names);
        let found = room
            .tags
            .iter()
            .find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, id)| id.clone()).into_iter().collect()
    }

    /// Tags a forum post by its state and puts the thread away when it is over.
    pub(super) async fn mark(
        &self,
        outbox: &Outbox,
        posted: &Posted,
        standing: Standing,
    ) -> Result<(), ApiError> {
        let thread = posted.thread.as_deref().unwrap_or(&posted.id);
        let route = Route::Channel {
            channel_id: channel(thread)?,
        };
        let now = match outbox.call(&Ask::get(route), SOON).await {
            Ok(now) => now,
            // nobody was answered below it, so there is no thread
            Err(error) if error.code() == UNKNOWN_CHANNEL => return Ok(()),
            Err(error) => return Err(error),
        };
        let is_over = standing == Standing::Resolved;
        let mut body = json!({ "archived": is_over });
        if let Some(tags) = self.tags(outbox, &now, standing).await
            && let Some(body) = body.as_object_mut()
        {
            body.insert("applied_tags".to_owned(), tags.into());
        }
        // what is put away takes no new tags, so both go together
        outbox.call(&Ask::patch(route, body), SOON).await?;
        Ok(())
    }

    /// The tags it should have: its own, with the one of its state in place of another state's.
    async fn tags(&self, outbox: &Outbox, now: &Value, standing: Standing) -> Option<Vec<String>> {
        let room = self.room(outbox, &text(now, "/parent_id")?).await.ok()?;
        if !room.is_forum {
            return None;
        }
        let of_states: Vec<String> = TAGS
            .iter()
            .flat_map(|(standing, _)| Self::tags_of(&room, *standing))
            .collect();
        let applied = now.get("applied_tags").and_then(Value::as_array);
        let applied = applied.into_iter().flatten().filter_map(Value::as_str);
        let mut tags = Self::tags_of(&room, standing);
        tags.extend(
            applied
                .filter(|tag| !of_states.iter().any(|of| of == tag))
                .map(str::to_owned),
        );
        // a post has five at most
        tags.truncate(5);
        Some(tags)
    }
}

fn read(answer: &Value) -> Room {
    let kind = answer.get("type").and_then(Value::as_u64);
    let tags = answer.get("available_tags").and_then(Value::as_array);
    let tag = |tag: &Value| Some((text(tag, "/name")?.to_lowercase(), text(tag, "/id")?));
    Room {
        is_forum: matches!(kind, Some(FORUM | MEDIA)),
        guild: text(answer, "/guild_id"),
        tags: tags.into_iter().flatten().filter_map(tag).collect(),
    }
}

pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
