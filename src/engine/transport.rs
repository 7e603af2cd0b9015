//! Connections to an engine: one pool for each endpoint, over a unix socket, TCP or TLS.
//!
//! The client library opens a connection for every request. Through a forwarded socket that is a
//! round trip more each time, so we hand it this transport, which keeps connections.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, body_full};
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::endpoint::{Endpoint, bracketed};
use super::tls;
use crate::text::Clean;

/// Idle connections that are kept: as many as we have requests in flight when listing.
const IDLE_CONNECTIONS: usize = super::IN_FLIGHT;
const IDLE_FOR: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Every call has its own limit here; the library's would also cut a slow stop short.
const LIBRARY_LIMIT_S: u64 = 24 * 60 * 60;

type Answer = Result<Response<Incoming>, Error>;
type Sender = dyn Fn(BollardRequest) -> BoxFuture<'static, Answer> + Send + Sync;

/// Sends requests to one endpoint.
#[derive(Clone)]
pub(super) struct Transport {
    send: Arc<Sender>,
    /// Scheme and authority, without a slash at the end.
    base: String,
}

impl Transport {
    /// Connects to nothing yet. The error says which certificate file will not do.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, Clean> {
        Ok(match endpoint {
            Endpoint::Unix(path) => Self {
                send: pooled(hyperlocal::UnixConnector),
                base: format!("unix://{}", hex(path)),
            },
            Endpoint::Tcp { host, port } => Self {
                send: pooled(tcp_connector()),
                base: format!("http://{}:{port}", bracketed(host)),
            },
            Endpoint::Tls {
                host,
                port,
                cert_dir,
            } => Self {
                send: pooled(tls_connector(tls::client_config(cert_dir)?)),
                base: format!("https://{}:{port}", bracketed(host)),
            },
        })
    }

    /// A client of the library that sends through this transport.
    pub(super) fn client(&self) -> Result<Docker, Error> {
        let send = Arc::clone(&self.send);
        Docker::connect_with_custom_transport(
            move |request| send(request),
            Some(self.base.clone()),
            LIBRARY_LIMIT_S,
            API_DEFAULT_VERSION,
        )
    }

    /// A plain `GET` for answers that the library reads wrongly or not at all.
    pub(super) async fn get(&self, path_and_query: &str) -> Answer {
        let request = Request::get(format!("{}{path_and_query}", self.base));
        (self.send)(request.body(body_full(Bytes::new()))?).await
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

fn pooled<C>(connector: C) -> Arc<Sender>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build(connector);
    Arc::new(move |request: BollardRequest| client.request(request).map_err(Error::from).boxed())
}

fn tcp_connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    connector.set_nodelay(true);
    // A follow or a watch may be silent for hours; a dead peer must still be noticed.
    connector.set_keepalive(Some(Duration::from_secs(30)));
    connector
}

fn tls_connector(config: rustls::ClientConfig) -> hyper_rustls::HttpsConnector<HttpConnector> {
    let mut connector = tcp_connector();
    connector.enforce_http(false);
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .wrap_connector(connector)
}

/// The unix connector wants the path as a host name.
fn hex(path: &Path) -> String {
    path.as_os_str()
        .as_bytes()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
