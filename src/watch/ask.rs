//! One HTTP request over a connection of its own: what answers, how, how fast, and how long its
//! certificate is still valid. Nothing is followed, kept or tried again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, header};
use hyper_rustls::ConfigBuilderExt;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::certificate;
use crate::say;
use crate::setting::PageUrl;
use crate::text::{Clean, Redactor};

/// More of a body is not read.
pub(super) const LARGEST_BODY: usize = 512 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) method: &'static str,
    pub(super) url: &'q PageUrl,
    pub(super) wants_body: bool,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Bytes,
    /// When the certificate ends, where there is one.
    pub(super) valid_until: Option<Timestamp>,
    pub(super) took: Duration,
}

/// Asks; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Asker {
    /// The system's authorities, read when the first `https` is asked.
    tls: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl Asker {
    /// Whoever calls bounds the time.
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Reply, Clean> {
        let began = Instant::now();
        let url = question.url;
        let stream = connect(url.host(), url.port()).await?;
        let (response, valid_until) = if url.is_https() {
            let name = ServerName::try_from(url.host().to_owned()).map_err(|error| told(&error))?;
            let config = self.tls.get_or_try_init(authorities).await?;
            let connector = TlsConnector::from(Arc::clone(config));
            let stream = connector
                .connect(name, stream)
                .await
                .map_err(|error| told(&error))?;
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let valid_until = certificates
                .first()
                .and_then(|own| certificate::valid_until(own));
            (exchange(stream, question).await?, valid_until)
        } else {
            (exchange(stream, question).await?, None)
        };
        let (status, body) = response;
        Ok(Reply {
            status,
            body,
            valid_until,
            took: began.elapsed(),
        })
    }
}

/// The error says what was tried.
pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, Clean> {
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| say!("cannot connect: {}", told(&error)))?;
    // a check is one small question: nothing to wait for
    stream.set_nodelay(true).map_err(|error| told(&error))?;
    Ok(stream)
}

async fn authorities() -> Result<Arc<ClientConfig>, Clean> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| told(&error))?
        .with_native_roots()
        .map_err(|error| told(&error))?
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    question: Question<'_>,
) -> Result<(u16, Bytes), Clean> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| told(&error))?;
    let request = Request::builder()
        .method(question.method)
        .uri(question.url.path())
        .header(header::HOST, question.url.authority())
        .header(
            header::USER_AGENT,
            concat!("dogwatch/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .header(header::CONTENT_LENGTH, "0")
        .body(Empty::<Bytes>::new())
        .map_err(|error| told(&error))?;
    let work = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| told(&error))?;
        let status = response.status().as_u16();
        let body = if question.wants_body {
            read(response).await?
        } else {
            Bytes::new()
        };
        Ok((status, body))
    };
    tokio::pin!(work, connection);
    tokio::select! {
        answer = &mut work => answer,
        // what was read before the end is still in there
        _ = &mut connection => work.await,
    }
}

/// What is longer is no page that a person would check.
async fn read(response: Response<Incoming>) -> Result<Bytes, Clean> {
    let body = Limited::new(response.into_body(), LARGEST_BODY);
    let collected = body.collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| say!("the answer could not be read: {}", told(&*error)))
}

/// The deepest cause says what happened.
fn told(error: &dyn std::error::Error) -> Clean {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    Redactor::shapes_only().clean(&deepest.to_string())
}
