//! The Engine API over a world: routes, and what every answer has in common.

mod actions;
mod answer;
mod containers;
mod create;
mod events;
mod exec;
mod filters;
mod human;
mod inspect;
mod inventory;
mod logs;
mod params;
mod prune;
mod stats;
mod system;

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response, Uri};
use axum::middleware::map_response;
use axum::routing::{get, post};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::live::LiveWorld;
use super::refusal::Refusal;

const API_VERSION: &str = "1.41";
const ENGINE_VERSION: &str = "20.10.24";

fn router(world: LiveWorld) -> Router {
    Router::new()
        .route("/_ping", get(system::ping))
        .route("/version", get(system::version))
        .route("/info", get(system::info))
        .route("/system/df", get(system::disk_usage))
        .route("/events", get(events::events))
        .route("/networks", get(inventory::networks))
        .route("/networks/{id}", get(inventory::network))
        .route("/networks/prune", post(prune::networks))
        .route("/volumes", get(inventory::volumes))
        .route("/volumes/create", post(inventory::create_volume))
        .route(
            "/volumes/{name}",
            get(inventory::volume).delete(inventory::remove_volume),
        )
        .route("/images/json", get(inventory::images))
        .route("/images/prune", post(prune::images))
        .route("/build/prune", post(prune::build_cache))
        .merge(container_routes())
        .route("/exec/{id}/start", post(exec::start))
        .route("/exec/{id}/json", get(exec::inspect))
        .fallback(async || Refusal::NoSuchPage)
        .layer(map_response(async |mut response: Response<Body>| {
            sign(&mut response);
            response
        }))
        .with_state(world)
}

fn container_routes() -> Router<LiveWorld> {
    Router::new()
        .route("/containers/json", get(containers::list))
        .route("/containers/create", post(create::create))
        .route("/containers/prune", post(prune::containers))
        .route("/containers/{id}", axum::routing::delete(actions::remove))
        .route("/containers/{id}/json", get(containers::inspect))
        .route("/containers/{id}/logs", get(logs::logs))
        .route("/containers/{id}/stats", get(stats::stats))
        .route("/containers/{id}/top", get(containers::top))
        .route("/containers/{id}/start", post(actions::start))
        .route("/containers/{id}/stop", post(actions::stop))
        .route("/containers/{id}/restart", post(actions::restart))
        .route("/containers/{id}/kill", post(actions::kill))
        .route("/containers/{id}/wait", post(actions::wait))
        .route("/containers/{id}/pause", post(actions::pause))
        .route("/containers/{id}/unpause", post(actions::unpause))
        .route("/containers/{id}/update", post(actions::update))
        .route("/containers/{id}/exec", post(exec::create))
}

/// Accepts until it is dropped, and every connection is dropped with it.
pub(super) async fn serve(listener: UnixListener, world: LiveWorld) {
    let app = router(world);
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(converse(stream, app.clone()));
            }
            Err(why) => tracing::warn!(%why, "the simulated engine missed a caller"),
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: UnixStream, app: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        TowerToHyperService::new(app.clone()).call(unversioned(request))
    });
    let ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(why) = ended {
        tracing::debug!(%why, "a caller of the simulated engine left in the middle");
    }
}

/// Clients may write `/v1.41` in front of every path; it changes nothing here.
fn unversioned<B>(mut request: Request<B>) -> Request<B> {
    let uri = request.uri();
    let Some(rest) = uri.path().strip_prefix("/v") else {
        return request;
    };
    let Some((version, path)) = rest.split_once('/') else {
        return request;
    };
    if !version.starts_with(|first: char| first.is_ascii_digit()) {
        return request;
    }
    let query = uri.query().map(|query| format!("?{query}"));
    let target = format!("/{path}{}", query.unwrap_or_default());
    if let Ok(target) = target.parse::<Uri>() {
        *request.uri_mut() = target;
    }
    request
}

/// The headers the engine puts on everything.
fn sign(response: &mut Response<Body>) {
    let headers = [
        ("api-version", API_VERSION),
        ("docker-experimental", "false"),
        ("ostype", "linux"),
        ("server", "Docker/20.10.24 (linux)"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// What handlers give back: an answer, or a refusal in the engine's words.
type Answer<T> = Result<T, Refusal>;

/// A streaming body cannot fail: the world is right here.
type Chunk = Result<bytes::Bytes, Infallible>;
