//! Reading and following logs.
//!
//! We read the bytes ourselves: the library takes a terminal's output for frames when it starts
//! with a low byte, holds a line of any length, and asks for whole seconds only.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::containers::segment;
use super::decode::LogDecoder;
use super::failure::Subject;
use super::request::within;
use super::{Engine, EngineError, Lines};
use crate::action::logs::{LONGEST_LINE, LogLine, LogQuery};

const READ_LIMIT: Duration = Duration::from_secs(30);
/// The engine is never asked for more, however long the time span.
const MOST_LINES: usize = 100_000;
/// Of more, the newest stay.
const MOST_BYTES: usize = 4 * 1024 * 1024;

impl Engine {
    /// The lines within the query, oldest first. `follow` is ignored here.
    pub async fn logs(&self, id: &str, query: &LogQuery) -> Result<Vec<LogLine>, EngineError> {
        let reading = async {
            let bytes = self.log_bytes(id, query, false).await?;
            collect(bytes, query.tail.unwrap_or(MOST_LINES)).await
        };
        within(READ_LIMIT, "reading the log", reading).await
    }

    /// Hands over every line within the query, oldest first, and holds none of them.
    pub async fn scan(
        &self,
        id: &str,
        query: &LogQuery,
        mut take: impl FnMut(LogLine) + Send,
    ) -> Result<(), EngineError> {
        let mut bytes = self.log_bytes(id, query, false).await?;
        let mut decoder = LogDecoder::default();
        while let Some(chunk) = bytes.try_next().await? {
            decoder.push(&chunk, &mut take);
        }
        decoder.finish(take);
        Ok(())
    }

    /// Lines as they are written, after those the query asks for. Ends when the container stops;
    /// engines may then swallow words written in its very last moment, which `logs` still has.
    pub fn follow(&self, id: &str, query: &LogQuery) -> Lines {
        let (engine, id, query) = (self.clone(), id.to_owned(), query.clone());
        let opened = async move { engine.log_bytes(&id, &query, true).await };
        stream::once(opened).map_ok(decoded).try_flatten().boxed()
    }

    async fn log_bytes(
        &self,
        id: &str,
        query: &LogQuery,
        follow: bool,
    ) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError> {
        let about = Subject::container(id);
        let path = format!(
            "/containers/{}/logs?{}",
            segment(&about, id)?,
            parameters(query, follow)
        );
        self.get(&path, &about).await
    }
}

fn parameters(query: &LogQuery, follow: bool) -> String {
    let most = (!follow).then_some(MOST_LINES);
    let tail = query.tail.map(|tail| tail.min(MOST_LINES)).or(most);
    let parts = [
        Some("stdout=1&stderr=1&timestamps=1".to_owned()),
        follow.then(|| "follow=1".to_owned()),
        query.since.map(|at| format!("since={}", engine_time(at))),
        query.until.map(|at| format!("until={}", engine_time(at))),
        tail.map(|tail| format!("tail={tail}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join("&")
}

/// Seconds and nanoseconds, as the engine wants its times.
pub(super) fn engine_time(at: Timestamp) -> String {
    let at = at.max(Timestamp::UNIX_EPOCH);
    format!("{}.{:09}", at.as_second(), at.subsec_nanosecond())
}

async fn collect(
    mut bytes: BoxStream<'static, Result<Bytes, EngineError>>,
    most: usize,
) -> Result<Vec<LogLine>, EngineError> {
    let mut decoder = LogDecoder::default();
    let mut newest = Newest::default();
    while let Some(chunk) = bytes.try_next().await? {
        decoder.push(&chunk, |line| newest.push(line, most));
    }
    decoder.finish(|line| newest.push(line, most));
    Ok(newest.lines.into())
}

/// The newest lines, bounded in number and size.
#[derive(Default)]
struct Newest {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

impl Newest {
    fn push(&mut self, line: LogLine, most: usize) {
        self.bytes += weight(&line);
        self.lines.push_back(line);
        while self.lines.len() > most || self.bytes > MOST_BYTES {
            match self.lines.pop_front() {
                Some(oldest) => self.bytes -= weight(&oldest),
                None => break,
            }
        }
    }
}

/// Empty lines take room too.
fn weight(line: &LogLine) -> usize {
    size_of::<LogLine>() + line.text.expose().len()
}

fn decoded(bytes: BoxStream<'static, Result<Bytes, EngineError>>) -> Lines {
    let end = stream::once(std::future::ready(None));
    bytes
        .map(Some)
        .chain(end)
        .scan(LogDecoder::default(), |decoder, chunk| {
            std::future::ready(Some(stream::iter(completed(decoder, chunk))))
        })
        .flatten()
        .boxed()
}

/// `None` is the end of the log. Where it breaks off, the begun line comes before the error.
fn completed(
    decoder: &mut LogDecoder,
    chunk: Option<Result<Bytes, EngineError>>,
) -> Vec<Result<LogLine, EngineError>> {
    let mut lines = Vec::new();
    match chunk {
        Some(Ok(bytes)) => decoder.push(&bytes, |line| lines.push(Ok(line))),
        Some(Err(error)) => {
            decoder.finish(|line| lines.push(Ok(line)));
            lines.push(Err(error));
        }
        None => decoder.finish(|line| lines.push(Ok(line))),
    }
    lines
}

const _: () = assert!(MOST_BYTES > LONGEST_LINE * 2, "one long line must fit");
