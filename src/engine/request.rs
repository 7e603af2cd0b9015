//! How a request is sent: its time limit, and its error in our words.

use std::time::Duration;

use bollard::errors::Error;
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;

use super::failure::{self, Subject};
use super::{Engine, EngineError};
use crate::text::Clean;

/// For questions that an engine answers from memory.
const QUICK: Duration = Duration::from_secs(15);
/// More of an error message is of no use.
const LONGEST_COMPLAINT: usize = 16 * 1024;

impl Engine {
    /// Sends a quick request of the library's.
    pub(super) fn ask<'a, T: 'a>(
        &'a self,
        about: &'a Subject,
        request: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, EngineError>> {
        self.ask_within(QUICK, about, request)
    }

    pub(super) fn ask_within<'a, T: 'a>(
        &'a self,
        limit: Duration,
        about: &'a Subject,
        request: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, EngineError>> {
        let explain = |error| failure::explain(&error, self.endpoint(), about);
        within(limit, self.answer(about), request.map_err(explain))
    }

    /// The bytes that the engine answers to a plain `GET`, as they come.
    pub(super) async fn get(
        &self,
        path: &str,
        about: &Subject,
    ) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError> {
        let response = self
            .inner
            .transport
            .get(path)
            .await
            .map_err(|error| failure::explain(&error, self.endpoint(), about))?;
        let status = response.status();
        if status.is_success() {
            return Ok(body(response));
        }
        let complaint = message(body(response)).await?;
        Err(failure::answered(status.as_u16(), &complaint, about))
    }
}

/// Bounds `work` in time; `what` says what took too long. Boxed: the library's futures are large.
pub(super) fn within<'a, T: 'a>(
    limit: Duration,
    what: impl Into<Clean>,
    work: impl Future<Output = Result<T, EngineError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, EngineError>> {
    let what = what.into();
    let bounded = tokio::time::timeout(limit, work);
    bounded
        .map(move |ended| ended.unwrap_or_else(|_| Err(failure::timed_out(what, limit))))
        .boxed()
}

fn body(response: Response<Incoming>) -> BoxStream<'static, Result<Bytes, EngineError>> {
    response
        .into_body()
        .into_data_stream()
        .map_err(|error| failure::broken(&error.to_string()))
        .boxed()
}

/// Error answers are `{"message": "…"}`, or plain text from something in between.
async fn message(
    mut body: BoxStream<'static, Result<Bytes, EngineError>>,
) -> Result<String, EngineError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        bytes.extend(chunk);
        if bytes.len() > LONGEST_COMPLAINT {
            break;
        }
    }
    let structured = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
    let message = structured
        .as_ref()
        .and_then(|answer| answer.get("message")?.as_str());
    Ok(match message {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
}
