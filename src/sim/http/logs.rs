//! A container's log: past lines, and new ones for whoever follows, in the engine's frames.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use jiff::Timestamp;
use tokio::sync::watch;

use super::params::Params;
use super::{Answer, Chunk};
use crate::sim::behaviour::Stream;
use crate::sim::live::LiveWorld;
use crate::sim::refusal::Refusal;
use crate::sim::world::{Container, LogEntry};

/// What a caller wants to see.
#[derive(Debug, Clone)]
struct Wish {
    streams: Vec<Stream>,
    timestamps: bool,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    tail: Option<usize>,
    /// Without frames.
    raw: bool,
}

pub(super) async fn logs(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
    params: Params,
) -> Answer<Response> {
    let news = world.news();
    let (id, mut wish, cursor, past) = {
        let mut wish = Wish::read(&params)?;
        world.look(|world, _| {
            let container = world.container(&id)?;
            wish.raw = container.spec.tty;
            let past = wish.past(container);
            Ok((container.id.clone(), wish, container.log.end(), past))
        })?
    };
    wish.since = None;
    let kind = if wish.raw {
        "application/vnd.docker.raw-stream"
    } else {
        "application/vnd.docker.multiplexed-stream"
    };
    let body = if params.flag("follow") {
        let follower = Follower {
            world,
            id,
            wish,
            cursor,
            news,
            first: Some(past),
        };
        Body::from_stream(stream::unfold(follower, Follower::next))
    } else {
        Body::from(past)
    };
    Ok(([(CONTENT_TYPE, kind)], body).into_response())
}

struct Follower {
    world: LiveWorld,
    id: String,
    wish: Wish,
    cursor: u64,
    news: watch::Receiver<()>,
    first: Option<Bytes>,
}

impl Follower {
    async fn next(mut self) -> Option<(Chunk, Self)> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Some((Ok(first), self));
        }
        loop {
            let (chunk, ended) = self.look();
            if !chunk.is_empty() {
                return Some((Ok(chunk), self));
            }
            if ended {
                return None;
            }
            self.wait().await?;
        }
    }

    /// What is new, and whether there will be no more: the container is dead, gone, or the time
    /// is up.
    fn look(&mut self) -> (Bytes, bool) {
        let (id, wish, cursor) = (&self.id, &self.wish, self.cursor);
        let (chunk, end, ended) = self.world.look(|world, now| {
            let Ok(container) = world.container(id) else {
                return (Bytes::new(), cursor, true);
            };
            let fresh = container
                .log
                .since(cursor)
                .filter(|entry| wish.wants(entry));
            let chunk = wish.frames(fresh);
            let over = wish.until.is_some_and(|until| now > until);
            (chunk, container.log.end(), over || !container.is_alive())
        });
        self.cursor = end;
        (chunk, ended)
    }

    async fn wait(&mut self) -> Option<()> {
        let Some(until) = self.wish.until else {
            return self.news.changed().await.ok();
        };
        tokio::select! {
            changed = self.news.changed() => changed.ok(),
            () = self.world.sleep_until(until) => Some(()),
        }
    }
}

impl Wish {
    fn read(params: &Params) -> Answer<Self> {
        let mut streams = Vec::new();
        streams.extend(params.flag("stdout").then_some(Stream::Stdout));
        streams.extend(params.flag("stderr").then_some(Stream::Stderr));
        if streams.is_empty() {
            let text = "Bad parameters: you must choose at least one stream";
            return Err(Refusal::BadParameter(text.to_owned()));
        }
        Ok(Self {
            streams,
            timestamps: params.flag("timestamps"),
            since: params.time("since")?,
            until: params.time("until")?,
            tail: params.text("tail").and_then(|tail| tail.parse().ok()),
            raw: false,
        })
    }

    /// The engine cuts the tail off the whole log first, and picks by time and stream then.
    fn past(&self, container: &Container) -> Bytes {
        let lines = container.log.iter().count();
        let skipped = self.tail.map_or(0, |tail| lines.saturating_sub(tail));
        let chosen = container.log.iter().skip(skipped);
        self.frames(chosen.filter(|entry| self.wants(entry)))
    }

    fn wants(&self, entry: &LogEntry) -> bool {
        self.streams.contains(&entry.stream)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at <= until)
    }

    fn frames<'a>(&self, entries: impl Iterator<Item = &'a LogEntry>) -> Bytes {
        let mut bytes = BytesMut::new();
        for entry in entries {
            let mut line = String::new();
            if self.timestamps {
                line = entry.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string();
            }
            line.push_str(&entry.text);
            line.push('\n');
            if self.raw {
                bytes.put_slice(line.as_bytes());
            } else {
                put_frame(&mut bytes, entry.stream, line.as_bytes());
            }
        }
        bytes.freeze()
    }
}

/// Eight bytes of header (the stream, three zeros, the length), then the bytes.
pub(super) fn put_frame(bytes: &mut BytesMut, stream: Stream, payload: &[u8]) {
    bytes.put_u8(match stream {
        Stream::Stdout => 1,
        Stream::Stderr => 2,
    });
    bytes.put_slice(&[0, 0, 0]);
    bytes.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    bytes.put_slice(payload);
}
