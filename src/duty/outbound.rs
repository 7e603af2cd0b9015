//! Webhooks that escalation calls: written down first, called until they answer, given up after a
//! day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::bot::Bot;
use crate::incident::counts::{Reason, Stage};
use crate::incident::escalate::{Call, OUTBOUND as SCOPE};
use crate::incident::settings::Webhook;
use crate::incident::{Counts, FileError, Files, Incident, face};
use crate::store::{LedgerEntry, Store};

const LOOK: Duration = Duration::from_millis(500);
const CALL: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(300);
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);

/// Why a webhook did not take a call. It is tried again in any case.
struct NotTaken {
    reason: Reason,
    why: String,
}

impl NotTaken {
    fn later(why: impl Into<String>) -> Self {
        Self {
            reason: Reason::Unreachable,
            why: why.into(),
        }
    }
}

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

pub(super) struct Sender {
    http: Option<Http>,
}

impl Sender {
    pub(super) fn new() -> Self {
        let connector = HttpsConnectorBuilder::new().with_native_roots();
        if let Err(error) = &connector {
            tracing::error!(%error, "webhooks cannot be called");
        }
        let build = |builder: HttpsConnectorBuilder<_>| {
            let connector = builder.https_or_http().enable_http1().build();
            Client::builder(TokioExecutor::new()).build(connector)
        };
        Self {
            http: connector.ok().map(build),
        }
    }

    pub(super) async fn run(&self, bots: watch::Receiver<Arc<Bot>>, counts: Arc<Counts>) {
        let mut failed: BTreeMap<String, (u32, Timestamp)> = BTreeMap::new();
        loop {
            let bot = Arc::clone(&bots.borrow());
            if let Err(error) = self.round(&bot, &counts, &mut failed).await {
                tracing::warn!(%error, "webhooks could not be looked after");
            }
            sleep(LOOK).await;
        }
    }

    async fn round(
        &self,
        bot: &Bot,
        counts: &Counts,
        failed: &mut BTreeMap<String, (u32, Timestamp)>,
    ) -> Result<(), FileError> {
        let store = bot.store.get().await?;
        for entry in store.ledger_list(SCOPE).await? {
            let now = bot.clock.now();
            if failed.get(&entry.name).is_some_and(|(_, next)| *next > now) {
                continue;
            }
            match self.attempt(bot, store, &entry).await? {
                Ok(()) => {
                    counts.add(Stage::Sent, "webhook", 1);
                    failed.remove(&entry.name);
                    store.ledger_remove(SCOPE, &entry).await?;
                }
                Err(NotTaken { reason, why }) => {
                    counts.failed("webhook", reason);
                    tracing::warn!(call = entry.name, why, "a webhook did not take a call");
                    let (times, next) = failed.entry(entry.name.clone()).or_insert((0, now));
                    *times += 1;
                    let pause = SignedDuration::from_secs(1_i64 << (*times).min(8));
                    *next = now.checked_add(pause.min(LONGEST_PAUSE)).unwrap_or(now);
                }
            }
        }
        Ok(())
    }

    async fn attempt(
        &self,
        bot: &Bot,
        store: &Store,
        entry: &LedgerEntry,
    ) -> Result<Result<(), NotTaken>, FileError> {
        let Ok(call) = serde_json::from_str::<Call>(&entry.value_json) else {
            return Ok(Ok(()));
        };
        if bot.clock.now().duration_since(call.since) > GIVEN_UP {
            tracing::error!(call = entry.name, "a webhook did not answer for a day");
            return Ok(Ok(()));
        }
        let webhooks = &bot.conduct.incidents.settings.webhooks;
        let Some(webhook) = webhooks.get(call.webhook.as_str()) else {
            return Ok(Err(NotTaken::later("it is not configured any more")));
        };
        let files = Files {
            store,
            clock: bot.clock,
        };
        match files.get(call.incident).await {
            Ok(filed) => Ok(self.send(webhook, &filed.incident, call.step).await),
            // one that nobody can read holds up no other
            Err(error @ (FileError::Unknown(_) | FileError::Unreadable(_))) => {
                tracing::error!(call = entry.name, %error, "a webhook is not called");
                Ok(Ok(()))
            }
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        webhook: &Webhook,
        incident: &Incident,
        step: usize,
    ) -> Result<(), NotTaken> {
        let http = self.http.as_ref();
        let http = http.ok_or_else(|| NotTaken::later("there is no TLS"))?;
        let body = json!({
            "schema": "dogwatch.incident/1",
            "id": incident.id,
            "state": incident.phase.word(),
            "severity": incident.severity().word(),
            "host": incident.host,
            "stack": incident.stack,
            "title": face::title(incident),
            "cause": incident.finding.as_ref().map(|finding| &finding.cause),
            "service": incident.finding.as_ref().map(|finding| &finding.service),
            "opened_at": incident.opened,
            "step": step,
        });
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(webhook.url.expose())
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &webhook.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request
            .body(Full::from(body.to_string()))
            .map_err(|_| NotTaken::later("its address cannot be used"))?;
        match timeout(CALL, http.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(NotTaken {
                reason: Reason::Refused,
                why: format!("it answered {}", answer.status()),
            }),
            Ok(Err(error)) => Err(NotTaken::later(error.to_string())),
            Err(_) => Err(NotTaken::later("it took too long")),
        }
    }
}
