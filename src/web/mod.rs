//! HTTP: is it alive, can it work, how is it doing, and the reports as pages. Chat callbacks and
//! alert webhooks come in here too.

pub mod settings;
mod alerts;
mod discord;
mod exposition;
mod gate;
mod incidents;
mod metrics;
mod reports;
mod slack;
mod stages;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub use discord::DiscordDoor;
pub use metrics::Metrics;
pub use slack::SlackDoor;

use self::settings::HttpSettings;
use crate::bot::Bot;
use crate::chat::health::ChatHealth;
use crate::report::Templates;
use crate::watch::webhook::Intake;

/// No request of ours is larger.
const LARGEST_BODY: usize = 1 << 20;

const PATIENCE: Duration = Duration::from_secs(20);

/// What pages are made from; replaced as a whole when the configuration changes.
#[derive(Clone)]
pub struct Site {
    pub bot: Arc<Bot>,
    pub templates: Arc<Templates>,
}

/// The chats that are connected, and those of them that speak over HTTP.
#[derive(Clone, Default)]
pub struct Chats {
    pub health: Vec<Arc<ChatHealth>>,
    pub slack: Option<SlackDoor>,
    pub discord: Option<DiscordDoor>,
}

/// Who speaks to us over HTTP besides browsers.
#[derive(Clone, Default)]
pub struct Doors {
    pub chats: Chats,
    pub alerts: Option<Intake>,
}

#[derive(Clone)]
pub(crate) struct Web {
    site: watch::Receiver<Arc<Site>>,
    metrics: Arc<Metrics>,
    doors: Doors,
    loopback: bool,
    public_host: Option<String>,
}

impl Web {
    fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site.borrow())
    }
}

/// Answers until `stop` resolves, then lets open requests end.
pub async fn serve(
    listener: TcpListener,
    settings: &HttpSettings,
    site: watch::Receiver<Arc<Site>>,
    metrics: Arc<Metrics>,
    doors: Doors,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let loopback = listener
        .local_addr()
        .is_ok_and(|address: SocketAddr| address.ip().is_loopback());
    let public_host = settings
        .public_url
        .as_ref()
        .and_then(|url| gate::host_of(url.as_str()));
    let web = Web {
        site,
        metrics,
        doors,
        loopback,
        public_host,
    };
    axum::serve(listener, router(&web))
        .with_graceful_shutdown(stop)
        .await
}

fn router(web: &Web) -> Router {
    let header =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let slack = web.doors.chats.slack.clone().map(slack::routes);
    let discord = web.doors.chats.discord.clone().map(discord::routes);
    let alerts = web.doors.alerts.clone().map(alerts::routes);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::show))
        .merge(pages(web.clone()))
        .with_state(web.clone())
        .merge(slack.unwrap_or_default())
        .merge(discord.unwrap_or_default())
        .merge(alerts.unwrap_or_default())
        .layer(middleware::from_fn_with_state(web.clone(), count))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            PATIENCE,
        ))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        ))
}

fn pages(web: Web) -> Router<Web> {
    Router::new()
        .route("/incidents", get(incidents::list))
        .route("/incidents/{id}", get(incidents::one))
        .route("/reports", get(reports::list))
        .route("/reports/{id}", get(reports::one))
        .route_layer(middleware::from_fn_with_state(web, gate::pages))
}

async fn count(State(web): State<Web>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    web.metrics.answered(response.status().as_u16());
    response
}

/// Ready means: what must be kept can be kept, and people can be heard.
async fn ready(State(web): State<Web>) -> Response {
    let site = web.site();
    let answer = match site.bot.store.get().await {
        Ok(store) => store.ping().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(()) => match deaf(&web.doors.chats) {
            None => "ready\n".into_response(),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
        },
        Err(error) => {
            tracing::error!(%error, "the store is not usable");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: the store is not usable; see the log\n",
            )
                .into_response()
        }
    }
}

/// The chats that are configured and cannot be used.
fn deaf(chats: &Chats) -> Option<String> {
    let lines: Vec<String> = chats
        .health
        .iter()
        .filter_map(|chat| Some(format!("not ready: {}: {}\n", chat.name(), chat.trouble()?)))
        .collect();
    (!lines.is_empty()).then(|| lines.concat())
}
