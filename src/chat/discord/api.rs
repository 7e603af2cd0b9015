//! One call of Discord's REST API: serenity builds the request, we send it, so that its headers are
//! seen. A time limit, and an answer told apart by what can be done about it. No retries here.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use serenity::builder::CreateAttachment;
use serenity::http::{LightMethod, Multipart, MultipartUpload, Request, Route};
use tokio::time::timeout;

use super::limits::{Lane, Limiter};
use crate::setting::{BaseUrl, Secret};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(15);
/// Where Discord sets no time itself.
const USUAL_PAUSE: Duration = Duration::from_secs(5);

/// Why a call did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiError {
    /// Discord understood and said no, with a code of its own (0: none).
    Refused { status: u16, code: u64, why: String },
    /// Too many calls; not before this much later.
    Limited(Duration),
    /// Nobody there, too slow, or something that is not Discord.
    Broken(String),
    /// Not sent: too many calls were refused lately, and Discord would ban this address.
    HeldBack,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, code, why } => write!(f, "HTTP {status}, code {code}: {why}"),
            Self::Limited(pause) => write!(f, "too many calls; again in {} s", pause.as_secs()),
            Self::Broken(why) => f.write_str(why),
            Self::HeldBack => f.write_str(
                "Discord refused too many calls in ten minutes; nothing is sent until that is over",
            ),
        }
    }
}

impl ApiError {
    /// Discord's own number for what is wrong.
    pub(super) fn code(&self) -> u64 {
        match self {
            Self::Refused { code, .. } => *code,
            _ => 0,
        }
    }
}

/// What is asked of Discord.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) method: LightMethod,
    pub(super) route: Route<'a>,
    pub(super) body: Option<Value>,
    /// A text file that goes with it.
    pub(super) file: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(route: Route<'a>) -> Self {
        Self {
            method: LightMethod::Get,
            route,
            body: None,
            file: None,
        }
    }

    pub(super) fn delete(route: Route<'a>) -> Self {
        Self {
            method: LightMethod::Delete,
            ..Self::get(route)
        }
    }

    pub(super) fn post(route: Route<'a>, body: Value) -> Self {
        Self {
            method: LightMethod::Post,
            body: Some(body),
            ..Self::get(route)
        }
    }

    pub(super) fn patch(route: Route<'a>, body: Value) -> Self {
        Self {
            method: LightMethod::Patch,
            ..Self::post(route, body)
        }
    }

    pub(super) fn put(route: Route<'a>, body: Value) -> Self {
        Self {
            method: LightMethod::Put,
            ..Self::post(route, body)
        }
    }

    pub(super) fn with_file(self, file: Option<&'a str>) -> Self {
        Self { file, ..self }
    }
}

/// What the file of a long answer is called.
pub(super) const FILE: &str = "answer.txt";

pub(super) struct Api {
    http: Client,
    base: BaseUrl,
    /// As the header wants it.
    authorization: Secret,
    pub(super) limiter: Limiter,
}

impl Api {
    pub(super) fn new(base: BaseUrl, token: &Secret) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(CALL_LIMIT)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            http,
            base,
            authorization: Secret::new(format!("Bot {}", token.expose())),
            limiter: Limiter::default(),
        })
    }

    /// One try, when it is its turn. The body of the answer; null where there is none.
    pub(super) async fn call(&self, ask: &Ask<'_>) -> Result<Value, ApiError> {
        if self.limiter.is_held_back() {
            return Err(ApiError::HeldBack);
        }
        let lane = Lane::of(ask.method, &ask.route.path());
        let mut turn = self.limiter.turn(&lane).await;
        let (status, headers, body) = self.send(ask).await?;
        turn.learn(&headers);
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let pause = pause(&headers, &answer);
            turn.limited(&headers, &answer, pause);
            return Err(ApiError::Limited(pause));
        }
        drop(turn);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            self.limiter.refused();
        }
        read(status, answer)
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<(StatusCode, HeaderMap, Vec<u8>), ApiError> {
        // a URL may hold the token of an interaction, so it is never part of the words
        let broken = |error: reqwest::Error| ApiError::Broken(told(&error.without_url()));
        let request = self
            .request(ask)
            .ok_or_else(|| ApiError::Broken("a request could not be built".to_owned()))?;
        let exchange = async {
            let response: Response = request.send().await.map_err(broken)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.bytes().await.map_err(broken)?;
            Ok((status, headers, body.to_vec()))
        };
        timeout(CALL_LIMIT, exchange)
            .await
            .map_err(|_| ApiError::Broken("Discord: no answer in 15 s".to_owned()))?
    }

    fn request(&self, ask: &Ask<'_>) -> Option<reqwest::RequestBuilder> {
        let request = Request::new(ask.route, ask.method);
        let body = ask.body.as_ref().map(Value::to_string);
        let request = match ask.file {
            None => request.body(body.map(String::into_bytes)),
            Some(text) => request.multipart(Some(Multipart {
                upload: MultipartUpload::Attachments(vec![CreateAttachment::bytes(text, FILE)]),
                fields: Vec::new(),
                payload_json: body,
            })),
        };
        let (token, base) = (self.authorization.expose(), self.base.as_str());
        request.build(&self.http, token, Some(base)).ok()
    }
}

fn read(status: StatusCode, answer: Value) -> Result<Value, ApiError> {
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_server_error() {
        return Err(ApiError::Broken(format!("Discord: {status}")));
    }
    let why = answer.get("message").and_then(Value::as_str);
    Err(ApiError::Refused {
        status: status.as_u16(),
        code: answer.get("code").and_then(Value::as_u64).unwrap_or(0),
        why: format!("{}{}", why.unwrap_or("refused"), details(&answer)),
    })
}

/// Which part of a body Discord found wrong: worth more in a log than that one was.
fn details(answer: &Value) -> String {
    match answer.get("errors") {
        None => String::new(),
        Some(errors) => format!(
            " {}",
            errors.to_string().chars().take(300).collect::<String>()
        ),
    }
}

fn pause(headers: &HeaderMap, answer: &Value) -> Duration {
    let header = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = answer.get("retry_after").and_then(Value::as_f64);
    let seconds = seconds.or_else(|| header("retry-after"));
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(USUAL_PAUSE)
}

/// The whole chain: the outermost error only says that a request failed.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = format!("Discord: {error}");
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
