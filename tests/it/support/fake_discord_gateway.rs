//! Discord's gateway at the wire: sessions, sequence numbers, heartbeats, resuming; and the faults a
//! connection can have.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::fake_discord::{APPLICATION, TOKEN};
use super::wire::{awaited, bound};

const BEAT_MS: u64 = 1000;

/// What is done to every connection that is open.
#[derive(Debug, Clone)]
enum Deed {
    Send(Value),
    /// The connection breaks without a word.
    Drop,
    Close(u16),
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) connections: usize,
    pub(crate) identified: usize,
    pub(crate) resumed: usize,
    pub(crate) beats: usize,
    pub(crate) open: usize,
    pub(crate) violations: Vec<String>,
    /// Heartbeats stay without an answer.
    pub(crate) is_deaf: bool,
    /// New connections have to wait.
    pub(crate) is_closed: bool,
    /// The next that wants to resume is told that its session is gone.
    pub(crate) forgets: bool,
    events: Vec<Value>,
}

#[derive(Clone)]
pub(crate) struct Gateway {
    log: Arc<Mutex<Log>>,
    deeds: broadcast::Sender<Deed>,
    url: Arc<Mutex<String>>,
}

impl Gateway {
    pub(crate) async fn open(tasks: &mut JoinSet<()>) -> Self {
        let (listener, url) = bound("ws").await;
        let (deeds, _) = broadcast::channel(64);
        let this = Self {
            log: Arc::default(),
            deeds,
            url: Arc::new(Mutex::new(url)),
        };
        let gateway = this.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let gateway = gateway.clone();
                connections.spawn(async move { gateway.serve(stream).await });
            }
        });
        this
    }

    pub(crate) fn url(&self) -> String {
        self.url.lock().unwrap().clone()
    }

    /// Something stands before it, and that is where clients are sent.
    pub(crate) fn is_behind(&self, url: String) {
        *self.url.lock().unwrap() = url;
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// An event, for whoever listens or comes back.
    pub(crate) fn dispatch(&self, kind: &str, data: &Value) {
        let event = {
            let mut log = self.log();
            let number = log.events.len() + 1;
            let event = json!({ "op": 0, "t": kind, "s": number, "d": data });
            log.events.push(event.clone());
            event
        };
        self.deed(Deed::Send(event));
    }

    fn deed(&self, deed: Deed) {
        let _nobody_there = self.deeds.send(deed).is_err();
    }

    pub(crate) fn drop_all(&self) {
        self.deed(Deed::Drop);
    }

    pub(crate) fn close_all(&self, code: u16) {
        self.deed(Deed::Close(code));
    }

    /// A frame that is no event, such as `{"op": 7}`.
    pub(crate) fn order(&self, frame: Value) {
        self.deed(Deed::Send(frame));
    }

    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Log) -> bool) {
        let in_time = awaited(|| wanted(&self.log()).then_some(()))
            .await
            .is_some();
        assert!(in_time, "never: {what}; there is {:#?}", self.log());
    }

    async fn serve(&self, stream: TcpStream) {
        let mut deeds = self.deeds.subscribe();
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
            return;
        };
        self.log().connections += 1;
        while self.log().is_closed {
            sleep(Duration::from_millis(10)).await;
        }
        let hello = json!({ "op": 10, "d": { "heartbeat_interval": BEAT_MS } });
        if send(&mut socket, &hello).await.is_err() {
            return;
        }
        let mut is_ready = false;
        loop {
            tokio::select! {
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(&text).unwrap();
                        let was_ready = is_ready;
                        if !self.frame(&mut socket, &frame, &mut is_ready).await {
                            break;
                        }
                        if is_ready && !was_ready {
                            // what came before was told when it came back
                            deeds = self.deeds.subscribe();
                        }
                    }
                    Some(Ok(_)) => {}
                    _ => break,
                },
                deed = deeds.recv() => match deed.unwrap() {
                    Deed::Send(event) if is_ready => {
                        if send(&mut socket, &event).await.is_err() {
                            break;
                        }
                    }
                    Deed::Send(_) => {}
                    Deed::Drop => break,
                    Deed::Close(code) => {
                        let frame = CloseFrame { code: code.into(), reason: "".into() };
                        let _gone = socket.close(Some(frame)).await.is_err();
                        break;
                    }
                },
            }
        }
        if is_ready {
            self.log().open -= 1;
        }
    }

    /// Whether the connection goes on.
    async fn frame(
        &self,
        socket: &mut WebSocketStream<TcpStream>,
        frame: &Value,
        is_ready: &mut bool,
    ) -> bool {
        let answers = match frame["op"].as_u64().unwrap() {
            1 => self.beat(),
            2 => self.identify(frame),
            6 => self.resume(frame),
            other => {
                self.log().violations.push(format!("an opcode {other}"));
                Vec::new()
            }
        };
        for answer in answers {
            let begins = matches!(answer["t"].as_str(), Some("READY" | "RESUMED"));
            if send(socket, &answer).await.is_err() {
                return false;
            }
            if begins && !*is_ready {
                *is_ready = true;
                self.log().open += 1;
            }
        }
        true
    }

    fn beat(&self) -> Vec<Value> {
        let mut log = self.log();
        log.beats += 1;
        if log.is_deaf {
            return Vec::new();
        }
        vec![json!({ "op": 11 })]
    }

    fn check(log: &mut Log, frame: &Value) {
        let token = frame["d"]["token"].as_str().unwrap_or_default();
        if token.trim_start_matches("Bot ") != TOKEN {
            log.violations.push("another token".to_owned());
        }
    }

    fn identify(&self, frame: &Value) -> Vec<Value> {
        let mut log = self.log();
        Self::check(&mut log, frame);
        if frame["d"]["intents"] != 0 {
            log.violations
                .push(format!("intents {}", frame["d"]["intents"]));
        }
        log.identified += 1;
        // a new session knows nothing of what was before
        log.events.clear();
        let user = json!({ "id": APPLICATION, "username": "dogwatch", "discriminator": "0000", "avatar": null,
            "bot": true, "verified": true, "mfa_enabled": false, "email": null, "flags": 0 });
        let ready = json!({ "op": 0, "t": "READY", "s": 1, "d": {
            "v": 10, "user": user, "guilds": [], "session_id": format!("session-{}", log.identified),
            "resume_gateway_url": self.url(), "shard": [0, 1], "application": { "id": APPLICATION, "flags": 0 } } });
        log.events.push(ready.clone());
        vec![ready]
    }

    fn resume(&self, frame: &Value) -> Vec<Value> {
        let mut log = self.log();
        Self::check(&mut log, frame);
        let session = format!("session-{}", log.identified);
        if log.forgets || frame["d"]["session_id"] != session.as_str() {
            log.forgets = false;
            return vec![json!({ "op": 9, "d": false })];
        }
        log.resumed += 1;
        let seen = usize::try_from(frame["d"]["seq"].as_u64().unwrap()).unwrap();
        let mut missed: Vec<Value> = log.events[seen.min(log.events.len())..].to_vec();
        let number = log.events.len() + 1;
        let resumed = json!({ "op": 0, "t": "RESUMED", "s": number, "d": {} });
        log.events.push(resumed.clone());
        missed.push(resumed);
        missed
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: &Value) -> Result<(), ()> {
    socket
        .send(Message::text(frame.to_string()))
        .await
        .map_err(|_| ())
}
