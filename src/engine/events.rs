//! What the engine recorded, and what it records from now on.
//!
//! We read the lines ourselves: the library knows a fixed set of event kinds and ends the whole
//! stream at the first one it does not know.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Deserialize;

use super::failure::{self, Subject};
use super::inspect::moment;
use super::logs::engine_time;
use super::request::within;
use super::{Engine, EngineError, Events};
use crate::action::events::{Event, EventQuery};

const READ_LIMIT: Duration = Duration::from_secs(15);
/// Of more, the newest stay. The engine itself keeps far fewer.
const MOST_EVENTS: usize = 20_000;
/// An event with very many labels has a few kilobytes.
const LONGEST_EVENT: usize = 1024 * 1024;

impl Engine {
    /// The events within the query, oldest first. Without `until`: up to now by the engine's
    /// own clock.
    pub async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, EngineError> {
        let reading = async {
            let until = match query.until {
                Some(until) => until,
                None => self.engine_now().await?,
            };
            let bounded = EventQuery {
                until: Some(until),
                ..query.clone()
            };
            let mut events = decoded(self.event_bytes(&bounded).await?);
            let mut newest = std::collections::VecDeque::new();
            while let Some(event) = events.try_next().await? {
                newest.push_back(event);
                if newest.len() > MOST_EVENTS {
                    newest.pop_front();
                }
            }
            Ok(newest.into())
        };
        within(READ_LIMIT, "reading events", reading).await
    }

    /// Events as they happen, after those the query asks for. Without `until` its end means that
    /// the engine went away, and is an error.
    pub fn watch(&self, query: &EventQuery) -> Events {
        let (engine, query) = (self.clone(), query.clone());
        let endless = query.until.is_none();
        let opened = async move { engine.event_bytes(&query).await };
        let ended = || failure::broken("the engine ended the stream of events");
        let end = stream::iter(endless.then(|| Err(ended())));
        stream::once(opened)
            .map_ok(decoded)
            .try_flatten()
            .chain(end)
            .boxed()
    }

    async fn event_bytes(
        &self,
        query: &EventQuery,
    ) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError> {
        let path = format!("/events?{}", parameters(query));
        self.get(&path, &Subject::engine()).await
    }

    async fn engine_now(&self) -> Result<Timestamp, EngineError> {
        let info = self.ask(&Subject::engine(), self.docker().info()).await?;
        info.system_time
            .as_deref()
            .and_then(moment)
            .ok_or_else(|| failure::broken("the engine does not say what time it is"))
    }
}

fn parameters(query: &EventQuery) -> String {
    let since = query.since.map(|at| format!("since={}", engine_time(at)));
    let until = query.until.map(|at| format!("until={}", engine_time(at)));
    let filters = query.container.as_deref().map(|id| {
        let wanted = serde_json::json!({ "container": [id] }).to_string();
        format!("filters={}", percent_encoded(&wanted))
    });
    let parts: Vec<String> = [since, until, filters].into_iter().flatten().collect();
    parts.join("&")
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn decoded(bytes: BoxStream<'static, Result<Bytes, EngineError>>) -> Events {
    bytes
        .scan(BytesMut::new(), |unread, chunk| {
            let events = chunk.and_then(|chunk| {
                unread.extend_from_slice(&chunk);
                complete(unread)
            });
            std::future::ready(Some(events))
        })
        .map_ok(|events| stream::iter(events.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

/// Takes the complete events out of `unread`. What is no event, or one that we cannot read, is
/// passed over: a newer engine may know kinds that we do not.
fn complete(unread: &mut BytesMut) -> Result<Vec<Event>, EngineError> {
    let mut values = serde_json::Deserializer::from_slice(unread).into_iter::<serde_json::Value>();
    let mut events = Vec::new();
    for value in values.by_ref() {
        match value {
            Ok(value) => events.extend(event(value)),
            Err(error) if error.is_eof() => break,
            Err(error) => return Err(failure::broken(&error.to_string())),
        }
    }
    let read = values.byte_offset();
    unread.advance(read);
    if unread.len() > LONGEST_EVENT {
        return Err(failure::broken("an event without an end"));
    }
    Ok(events)
}

#[derive(Deserialize)]
struct Theirs {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Actor", default)]
    actor: Actor,
    #[serde(default)]
    time: i64,
    #[serde(rename = "timeNano", default)]
    nanoseconds: i64,
}

#[derive(Default, Deserialize)]
struct Actor {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Attributes", default)]
    attributes: Option<BTreeMap<String, String>>,
}

fn event(value: serde_json::Value) -> Option<Event> {
    let found: Theirs = serde_json::from_value(value).ok()?;
    let at = if found.nanoseconds > 0 {
        Timestamp::from_nanosecond(found.nanoseconds.into())
    } else {
        Timestamp::from_second(found.time)
    };
    Some(Event {
        at: at.ok()?,
        kind: found.kind,
        action: found.action,
        actor: found.actor.id,
        attributes: found.actor.attributes.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIE: &str = r#"{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"137"}},"time":5,"timeNano":5000000001}"#;

    fn read(chunks: &[&str]) -> Vec<Event> {
        let mut unread = BytesMut::new();
        let mut events = Vec::new();
        for chunk in chunks {
            unread.extend_from_slice(chunk.as_bytes());
            events.extend(complete(&mut unread).unwrap());
        }
        events
    }

    #[test]
    fn an_event_may_come_in_pieces() {
        let (a, b) = DIE.split_at(30);
        let events = read(&[a, b, "\n", DIE, DIE]);
        assert_eq!(events.len(), 3);
        assert_eq!(events[0], events[2]);
        assert_eq!(events[0].at.as_nanosecond(), 5_000_000_001);
        assert_eq!(events[0].attributes["exitCode"], "137");
    }

    #[test]
    fn kinds_from_the_future_and_odd_shapes_do_not_end_the_stream() {
        let pod =
            r#"{"Type":"pod","Action":"create","Actor":{"ID":"p","Attributes":null},"time":7}"#;
        let events = read(&[pod, r#"{"what":"ever"} [1]"#, DIE]);
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["pod", "container"]);
        assert_eq!(events[0].at.as_second(), 7);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let mut unread = BytesMut::from("<html>");
        assert!(matches!(
            complete(&mut unread),
            Err(EngineError::Broken { .. })
        ));
    }

    #[test]
    fn a_query_is_written_as_the_engine_wants_it() {
        let query = EventQuery {
            since: Some(Timestamp::new(3, 4).unwrap()),
            until: None,
            container: Some("a&b".to_owned()),
        };
        assert_eq!(
            parameters(&query),
            "since=3.000000004&filters=%7B%22container%22%3A%5B%22a%26b%22%5D%7D"
        );
    }
}
