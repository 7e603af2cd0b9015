//! A registry of our own on loopback, where an engine takes plain HTTP. What it answers about an image
//! goes by the image's name; nothing can be pulled from it.

use std::future::pending;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// `anna:purple-monkey`, as basic authentication writes it.
pub(crate) const LOGIN: &str = "YW5uYTpwdXJwbGUtbW9ua2V5";

pub(crate) struct Registry {
    pub(crate) port: u16,
    serving: JoinHandle<()>,
}

impl Registry {
    /// For everybody.
    pub(crate) async fn open() -> Self {
        Self::start(false).await
    }

    /// For who has logged in.
    pub(crate) async fn closed() -> Self {
        Self::start(true).await
    }

    async fn start(asks_for_login: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(asks_for_login);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, serving }
    }

    /// An image in it.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("127.0.0.1:{}/shop/{name}:v1", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(asks_for_login): State<bool>, headers: HeaderMap, uri: Uri) -> Response {
    let given = headers.get(header::AUTHORIZATION);
    let is_known = given.is_some_and(|given| given.as_bytes().ends_with(LOGIN.as_bytes()));
    if asks_for_login && !is_known {
        let body = refusal("UNAUTHORIZED", "authentication required");
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"shop\"")];
        return (StatusCode::UNAUTHORIZED, ask, body).into_response();
    }
    let name = uri.path().split('/').nth(3).unwrap_or_default();
    match name {
        "" => (StatusCode::OK, "{}").into_response(),
        "for-amd64" => offered("amd64"),
        "for-arm64" => offered("arm64"),
        "secret" => {
            let body = refusal("DENIED", "requested access to the resource is denied");
            (StatusCode::FORBIDDEN, body).into_response()
        }
        "slow" => pending().await,
        _ => (
            StatusCode::NOT_FOUND,
            refusal("MANIFEST_UNKNOWN", "manifest unknown"),
        )
            .into_response(),
    }
}

fn refusal(code: &str, message: &str) -> String {
    json!({"errors": [{"code": code, "message": message}]}).to_string()
}

fn offered(architecture: &str) -> Response {
    let manifest: Value = json!({
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "size": 528,
        "digest": format!("sha256:{}", "0".repeat(64)),
        "platform": {"os": "linux", "architecture": architecture},
    });
    let list = json!({"schemaVersion": 2, "mediaType": LIST, "manifests": [manifest]});
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, LIST)],
        list.to_string(),
    )
        .into_response()
}
