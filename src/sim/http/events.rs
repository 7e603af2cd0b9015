//! The engine's record: past events, and new ones for whoever keeps listening, one JSON a line.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::filters::Filters;
use super::params::Params;
use super::{Answer, Chunk};
use crate::sim::live::LiveWorld;
use crate::sim::world::Event;

const FILTERS: &[&str] = &[
    "type",
    "event",
    "container",
    "image",
    "label",
    "network",
    "volume",
    "scope",
    "daemon",
];

pub(super) async fn events(State(world): State<LiveWorld>, params: Params) -> Answer<Response> {
    let (since, until) = (params.time("since")?, params.time("until")?);
    let filters = params.filters()?.only(FILTERS)?;
    // The past is told only to those who name a time.
    let cursor = if since.is_some() || until.is_some() {
        0
    } else {
        world.look(|world, _| world.journal.events().end())
    };
    let news = world.news();
    let listener = Listener {
        world,
        filters,
        since,
        until,
        cursor,
        news,
    };
    let body = Body::from_stream(stream::unfold(listener, Listener::next));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

struct Listener {
    world: LiveWorld,
    filters: Filters,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    cursor: u64,
    news: watch::Receiver<()>,
}

impl Listener {
    async fn next(mut self) -> Option<(Chunk, Self)> {
        loop {
            let (chunk, over) = self.look();
            if !chunk.is_empty() {
                return Some((Ok(chunk), self));
            }
            if over {
                return None;
            }
            self.wait().await?;
        }
    }

    fn look(&mut self) -> (Bytes, bool) {
        let this = &*self;
        let (text, end, over) = this.world.look(|world, now| {
            let events = world.journal.events();
            let mut text = String::new();
            for event in events.since(this.cursor).filter(|event| this.wants(event)) {
                text.push_str(&message(event).to_string());
                text.push('\n');
            }
            let over = this.until.is_some_and(|until| now >= until);
            (text, events.end(), over)
        });
        self.cursor = end;
        (Bytes::from(text), over)
    }

    async fn wait(&mut self) -> Option<()> {
        let Some(until) = self.until else {
            return self.news.changed().await.ok();
        };
        tokio::select! {
            changed = self.news.changed() => changed.ok(),
            () = self.world.sleep_until(until) => Some(()),
        }
    }

    fn wants(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at <= until)
            && fits(&self.filters, event)
    }
}

fn fits(filters: &Filters, event: &Event) -> bool {
    let name = event.attributes.get("name").map_or("", String::as_str);
    let is = |kind: &str, wanted: &str| {
        event.kind == kind && (event.actor.starts_with(wanted) || name == wanted)
    };
    // `health_status` asks for every `health_status: …`.
    let plain = event.action.split(':').next().unwrap_or_default();
    filters.any("type", |kind| event.kind == kind)
        && filters.any("event", |action| event.action == action || plain == action)
        && filters.any("container", |wanted| is("container", wanted))
        && filters.any("network", |wanted| is("network", wanted))
        && filters.any("volume", |wanted| is("volume", wanted))
        && filters.any("image", |image| event.from.as_deref() == Some(image))
        && filters.any("scope", |scope| scope == "local")
        && filters.labels(&event.attributes)
}

fn message(event: &Event) -> Value {
    let mut message = json!({
        "Type": event.kind,
        "Action": event.action,
        "Actor": { "ID": event.actor, "Attributes": event.attributes },
        "scope": "local",
        "time": event.at.as_second(),
        "timeNano": i64::try_from(event.at.as_nanosecond()).unwrap_or(i64::MAX),
    });
    if let Some(image) = &event.from {
        message["status"] = json!(event.action);
        message["id"] = json!(event.actor);
        message["from"] = json!(image);
    }
    message
}
