//! Socket Mode: two sockets that Slack speaks through, so that one can be renewed while the other
//! listens. The library connects and pings; what a frame means, when a socket is given up and how
//! soon it is tried again is decided here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use slack_morphism::clients_manager::{
    SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory,
};
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::socket_mode::{SlackSocketModeClientListener, SlackSocketModeWssClientId};
use slack_morphism::{SlackApiToken, SlackClient, SlackClientSocketModeConfig};
use tokio::time::{Instant, interval, sleep};

use super::api::{Connector, connector};
use super::door::{Reaction, Slack};
use super::inbound::Kind;
use crate::chat::backoff::{SETTLED, backoff};
use crate::setting::Secret;

const SOCKETS: u32 = 2;
/// A socket that has not said hello by now never will: the library itself waits for ever.
const HELLO: Duration = Duration::from_secs(30);
/// How long the other socket may take to come up before this one is renewed all the same.
const OVERLAP: Duration = Duration::from_secs(8);
/// Between two tries while Slack gives out no socket at all.
const AGAIN: u64 = 5;
/// Pings that may stay without an answer.
const MISSED: u64 = 3;

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One of the two, as far as we know.
#[derive(Debug, Clone)]
struct Socket {
    id: SlackSocketModeWssClientId,
    since: Instant,
    up: bool,
    /// How often it ended soon after it began.
    failures: u32,
}

struct Listener {
    slack: Arc<Slack>,
    me: Weak<Self>,
    manager: OnceLock<Weak<Manager>>,
    sockets: Mutex<BTreeMap<u32, Socket>>,
}

impl Slack {
    /// Listens until the program stops.
    pub(super) async fn listen(self: Arc<Self>, token: &Secret) -> std::io::Result<()> {
        let base = self.settings.api_url.as_str().trim_end_matches('/');
        let http: SlackClientHyperConnector<Connector> =
            SlackClientHyperConnector::with_connector(connector()?).with_slack_api_url(base);
        let client = Arc::new(SlackClient::new(http));
        let around = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(
            &client,
        )));
        let manager = client.http_api.connector.new_clients_manager(around);
        let listener = Arc::new_cyclic(|me| Listener {
            slack: Arc::clone(&self),
            me: me.clone(),
            manager: OnceLock::new(),
            sockets: Mutex::new(fresh_sockets()),
        });
        if listener.manager.set(Arc::downgrade(&manager)).is_err() {
            tracing::debug!("the manager of the sockets was set before");
        }
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(SOCKETS)
            .with_initial_backoff_in_seconds(1)
            .with_reconnect_timeout_in_seconds(AGAIN)
            .with_ping_interval_in_seconds(self.ping.as_secs().max(1))
            .with_ping_failure_threshold_times(MISSED);
        let token = SlackApiToken::new(token.expose().into());
        let registered = manager
            .register_new_token(&config, token, listener.clone())
            .await;
        registered.map_err(std::io::Error::other)?;
        manager.start().await;
        tokio::select! {
            () = listener.watch() => {}
            () = self.stop.cancelled() => {}
        }
        manager.shutdown().await;
        Ok(())
    }
}

fn fresh_sockets() -> BTreeMap<u32, Socket> {
    let socket = |index| Socket {
        id: SlackSocketModeWssClientId::new(index, index, 0),
        since: Instant::now(),
        up: false,
        failures: 0,
    };
    (0..SOCKETS).map(|index| (index, socket(index))).collect()
}

impl Listener {
    fn sockets(&self) -> MutexGuard<'_, BTreeMap<u32, Socket>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &SlackSocketModeWssClientId, change: impl FnOnce(&mut Socket)) {
        let up = {
            let mut sockets = self.sockets();
            if let Some(socket) = sockets.get_mut(&id.initial_index)
                && socket.id == *id
            {
                change(socket);
            }
            sockets.values().filter(|socket| socket.up).count()
        };
        let trouble = (up == 0).then(|| "no socket to Slack is open".to_owned());
        self.slack.health.set(trouble);
    }

    /// Gives up sockets that never came up.
    async fn watch(&self) {
        let mut ticks = interval(Duration::from_secs(5));
        loop {
            ticks.tick().await;
            let stuck: Vec<SlackSocketModeWssClientId> = self
                .sockets()
                .values()
                .filter(|socket| !socket.up && socket.since.elapsed() > HELLO)
                .map(|socket| socket.id.clone())
                .collect();
            for id in stuck {
                tracing::warn!("a socket to Slack does not come up; it is tried anew");
                self.restart(&id).await;
            }
        }
    }

    async fn restart(&self, id: &SlackSocketModeWssClientId) {
        let next = id.new_reconnected_id();
        self.change(id, |socket| {
            socket.id = next;
            socket.since = Instant::now();
            socket.up = false;
        });
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(id).await;
        }
    }

    /// Slack wants this socket renewed. It goes on listening until the other one is there.
    async fn renew(&self, id: &SlackSocketModeWssClientId) {
        let until = Instant::now() + OVERLAP;
        let other_up = || {
            self.sockets()
                .values()
                .any(|socket| socket.up && socket.id.initial_index != id.initial_index)
        };
        while !other_up() && Instant::now() < until {
            sleep(Duration::from_millis(100)).await;
        }
        self.restart(id).await;
    }

    /// It broke. The first time it is tried again at once, then less and less often.
    async fn mend(&self, id: &SlackSocketModeWssClientId) {
        let mut pause = Duration::ZERO;
        self.change(id, |socket| {
            socket.failures = if socket.since.elapsed() > SETTLED {
                0
            } else {
                socket.failures + 1
            };
            socket.up = false;
            pause = backoff(socket.failures);
        });
        sleep(pause).await;
        self.restart(id).await;
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Self>) -> F + Send,
    ) {
        if let Some(me) = self.me.upgrade() {
            tokio::spawn(work(me));
        }
    }

    /// A frame with something in it; the acknowledgement, if it is to be given.
    async fn envelope(&self, frame: &Value) -> Option<String> {
        let id = frame.get("envelope_id")?.as_str()?;
        let kind = match frame.get("type").and_then(Value::as_str)? {
            "slash_commands" => Kind::Command,
            "interactive" => Kind::Interaction,
            "events_api" => Kind::Event,
            other => {
                tracing::debug!(kind = other, "Slack sent something unknown");
                return Some(json!({ "envelope_id": id }).to_string());
            }
        };
        let payload = frame.get("payload").unwrap_or(&Value::Null);
        let ack = match self.slack.take(kind, payload, Some(id)).await {
            Ok(Reaction::Taken) => json!({ "envelope_id": id }),
            Ok(Reaction::Say(answer)) => json!({ "envelope_id": id, "payload": answer }),
            // without an acknowledgement it comes again
            Err(_) => return None,
        };
        Some(ack.to_string())
    }
}

#[async_trait]
impl SlackSocketModeClientListener for Listener {
    async fn on_message(&self, id: &SlackSocketModeWssClientId, body: String) -> Option<String> {
        let frame: Value = serde_json::from_str(&body).ok()?;
        match frame.get("type").and_then(Value::as_str)? {
            "hello" => {
                tracing::info!("a socket to Slack is open");
                self.change(id, |socket| {
                    socket.up = true;
                    socket.since = Instant::now();
                });
                None
            }
            "disconnect" => {
                let id = id.clone();
                self.spawn(|me| async move { me.renew(&id).await });
                None
            }
            _ => self.envelope(&frame).await,
        }
    }

    async fn on_error(&self, error: BoxError) {
        tracing::warn!(%error, "a socket to Slack failed");
    }

    async fn on_disconnect(&self, id: &SlackSocketModeWssClientId) {
        let id = id.clone();
        self.spawn(|me| async move { me.mend(&id).await });
    }
}
