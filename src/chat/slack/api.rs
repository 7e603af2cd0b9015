//! One call of Slack's Web API: a request, a time limit, and an answer told apart by what can be
//! done about it. No retries and no pace here.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{self, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use crate::setting::{BaseUrl, Secret};

pub(super) type Connector = HttpsConnector<HttpConnector>;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(15);
const LARGEST_ANSWER: usize = 4 << 20;
/// Where Slack sets no time itself.
const USUAL_PAUSE: Duration = Duration::from_secs(30);

/// Why a call did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiError {
    /// Slack understood and said no: `not_in_channel`, `missing_scope`.
    Refused { code: String, needed: String },
    /// Too many calls; not before this much later.
    Limited(Duration),
    /// Nobody there, too slow, or something that is not Slack.
    Broken(String),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, needed } if needed.is_empty() => write!(f, "`{code}`"),
            Self::Refused { code, needed } => write!(f, "`{code}`: needs the scope `{needed}`"),
            Self::Limited(pause) => write!(f, "too many calls; again in {} s", pause.as_secs()),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

/// What came back, with the headers that `doctor` reads.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Value,
    pub(super) headers: HeaderMap,
}

#[derive(Clone)]
pub(super) struct Api {
    http: Client<Connector, Full<Bytes>>,
    base: BaseUrl,
}

/// The connector for everything that goes to Slack, its sockets' tickets too.
pub(super) fn connector() -> std::io::Result<Connector> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_LIMIT));
    http.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

/// The innermost cause says what happened; those around it say that something did.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}

impl Api {
    pub(super) fn new(base: BaseUrl, connector: Connector) -> Self {
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self { http, base }
    }

    /// A method that takes JSON.
    pub(super) async fn json(
        &self,
        method: &str,
        token: &Secret,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let kind = "application/json; charset=utf-8";
        let sent = self.method(method, token, kind, body.to_string()).await?;
        Ok(sent.body)
    }

    /// A method that takes a form only.
    pub(super) async fn form(
        &self,
        method: &str,
        token: &Secret,
        fields: &[(&str, &str)],
    ) -> Result<Answer, ApiError> {
        let kind = "application/x-www-form-urlencoded";
        self.method(method, token, kind, encoded(fields)).await
    }

    async fn method(
        &self,
        method: &str,
        token: &Secret,
        kind: &str,
        body: String,
    ) -> Result<Answer, ApiError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.base.join(method))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            .header(header::CONTENT_TYPE, kind)
            .body(Full::from(body))
            .map_err(|error| ApiError::Broken(format!("`{method}`: {error}")))?;
        let (headers, bytes) = self.send(request).await?;
        let body: Value = serde_json::from_slice(&bytes)
            .map_err(|_| ApiError::Broken(format!("`{method}` was answered by no JSON")))?;
        if body.get("ok").and_then(Value::as_bool) == Some(true) {
            return Ok(Answer { body, headers });
        }
        Err(refusal(&body, &headers))
    }

    /// A URL that Slack gave us: a `response_url`, a place for a file. It is its own credential.
    pub(super) async fn post_to(
        &self,
        url: &str,
        kind: &str,
        body: impl Into<Bytes>,
    ) -> Result<(), ApiError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, kind)
            .body(Full::new(body.into()))
            .map_err(|_| ApiError::Broken("Slack gave a URL that is none".to_owned()))?;
        self.send(request).await.map(|_| ())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(HeaderMap, Bytes), ApiError> {
        let broken = |why: &dyn fmt::Display| ApiError::Broken(format!("Slack: {why}"));
        // the path of a given URL is its credential
        let place = request.uri().authority().map(ToString::to_string);
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| {
                let place = place.unwrap_or_default();
                broken(&format!("`{place}` cannot be reached: {}", deepest(&error)))
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER)
                .collect()
                .await
                .map_err(|error| broken(&error))?;
            Ok((head, body.to_bytes()))
        };
        let (head, body) = timeout(CALL_LIMIT, exchange)
            .await
            .map_err(|_| broken(&"no answer in 15 s"))??;
        match head.status {
            StatusCode::TOO_MANY_REQUESTS => Err(ApiError::Limited(pause(&head.headers))),
            status if status.is_server_error() => Err(broken(&status)),
            status if status.is_success() => Ok((head.headers, body)),
            status => Err(ApiError::Refused {
                code: format!("HTTP {}", status.as_u16()),
                needed: String::new(),
            }),
        }
    }
}

fn refusal(body: &Value, headers: &HeaderMap) -> ApiError {
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    match word("error") {
        "ratelimited" | "rate_limited" => ApiError::Limited(pause(headers)),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            ApiError::Broken(format!("Slack: {}", word("error")))
        }
        code => ApiError::Refused {
            code: code.to_owned(),
            needed: word("needed").to_owned(),
        },
    }
}

fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    seconds.map_or(USUAL_PAUSE, Duration::from_secs)
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(key, value)| format!("{key}={}", percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
