//! Posts in a forum. Discord knows a message by its nonce, and a post by none: so each carries a mark
//! that nobody sees, and is looked for by it before a second one is made.

use serde_json::{Value, json};
use serenity::http::Route;
use serenity::model::id::GuildId;
use sha2::{Digest, Sha256};

use super::api::{ApiError, Ask};
use super::body::body;
use super::outbox::SOON;
use super::rooms::{Room, channel, message, name, number, text};
use super::stage::DiscordStage;
use crate::live::Posted;
use crate::text::{Card, Name};

/// What may have arrived unheard is among the newest.
const LOOKED_THROUGH: usize = 20;
const UNKNOWN_MESSAGE: u64 = 10_008;

/// What a post is about, as the number of its first row of buttons: Discord gives it back as it was.
fn mark(about: &Name) -> u32 {
    let digest = Sha256::digest(about.as_str());
    let four = digest.iter().take(4);
    let number = four.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    // within what Discord takes, and unlike the small numbers it gives by itself
    (number >> 2) | (1 << 29)
}

fn marked(mut body: Value, about: Option<&Name>) -> Value {
    let first = body.pointer_mut("/components/0");
    if let (Some(Value::Object(row)), Some(about)) = (first, about) {
        row.insert("id".to_owned(), mark(about).into());
    }
    body
}

/// A post as it is in Discord.
struct Found {
    thread: String,
    name: String,
}

impl DiscordStage {
    /// A new post; its first message has the id of its thread. Tried again only where it surely was
    /// not made.
    pub(super) async fn begin_post(
        &self,
        forum: &str,
        tags: Vec<String>,
        (card, about): (&Card, Option<&Name>),
    ) -> Result<Posted, ApiError> {
        let route = Route::ChannelThreads {
            channel_id: channel(forum)?,
        };
        let body = json!({
            "name": name(card.title()),
            "message": marked(body(card), about),
            "applied_tags": tags,
        });
        let ask = Ask::post(route, body).with_file(card.spilled());
        let made = self.outbox.once(&ask).await?;
        let thread = text(&made, "/id").unwrap_or_default();
        Ok(Posted {
            channel: thread.clone(),
            id: text(&made, "/message/id").unwrap_or_else(|| thread.clone()),
            thread: Some(thread),
        })
    }

    /// The post about this, if it was made although nobody heard so.
    pub(super) async fn find_post(
        &self,
        forum: &str,
        room: &Room,
        (card, about): (&Card, &Name),
    ) -> Result<Option<Posted>, ApiError> {
        for found in self.latest_posts(forum, room).await? {
            if self.is_about(&found, card, about).await? {
                return Ok(Some(Posted {
                    channel: found.thread.clone(),
                    id: found.thread.clone(),
                    thread: Some(found.thread),
                }));
            }
        }
        Ok(None)
    }

    async fn latest_posts(&self, forum: &str, room: &Room) -> Result<Vec<Found>, ApiError> {
        let Some(guild) = &room.guild else {
            return Ok(Vec::new());
        };
        let guild_id = GuildId::new(number(guild)?);
        let ask = Ask::get(Route::GuildThreadsActive { guild_id });
        let active = self.outbox.call(&ask, SOON).await?;
        let threads = active.get("threads").and_then(Value::as_array);
        let here = threads
            .into_iter()
            .flatten()
            .filter(|thread| text(thread, "/parent_id").as_deref() == Some(forum));
        let mut found: Vec<(u64, Found)> = here
            .filter_map(|thread| {
                let (id, name) = (text(thread, "/id")?, text(thread, "/name")?);
                let number = id.parse().ok()?;
                Some((number, Found { thread: id, name }))
            })
            .collect();
        found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        let latest = found.into_iter().take(LOOKED_THROUGH);
        Ok(latest.map(|(_, found)| found).collect())
    }

    /// By its mark; what has no buttons has no mark, and is known by its name.
    async fn is_about(&self, found: &Found, card: &Card, about: &Name) -> Result<bool, ApiError> {
        let by_name = card.components().is_empty();
        if by_name && found.name != name(card.title()) {
            return Ok(false);
        }
        let route = Route::ChannelMessage {
            channel_id: channel(&found.thread)?,
            message_id: message(&found.thread)?,
        };
        let first = match self.outbox.call(&Ask::get(route), SOON).await {
            Ok(first) => first,
            Err(error) if error.code() == UNKNOWN_MESSAGE => return Ok(false),
            Err(error) => return Err(error),
        };
        let is_marked = first.pointer("/components/0/id").and_then(Value::as_u64);
        let has_buttons = first.pointer("/components/0").is_some();
        Ok(if by_name {
            !has_buttons
        } else {
            is_marked == Some(mark(about).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_number_that_discord_takes_and_nobody_else_has() {
        let marks = ["dogwatch-1", "dogwatch-2", "dogwatch-11"].map(|about| mark(&about.into()));
        assert!(marks.iter().all(|mark| (1 << 29..1 << 31).contains(mark)));
        assert!(marks[0] != marks[1] && marks[0] != marks[2]);
        assert_eq!(
            mark(&"dogwatch-1".into()),
            marks[0],
            "in every life the same"
        );
    }
}
