//! One connection to Discord's gateway: hello, heartbeats, a session begun or gone on with, events in
//! their order. When a connection is tried again, and what an event means, is decided elsewhere.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use ulid::Ulid;

use crate::setting::Secret;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Discord says hello at once.
const HELLO_LIMIT: Duration = Duration::from_secs(20);
/// Without any intent only interactions come, and none is larger.
const LARGEST_FRAME: usize = 4 << 20;
const READ_BUFFER: usize = 16 << 10;
/// Any other than 1000 and 1001, which would end the session as well.
const COMING_BACK: u16 = 4000;

/// Operations, as Discord numbers them.
mod op {
    pub(super) const DISPATCH: u64 = 0;
    pub(super) const HEARTBEAT: u64 = 1;
    pub(super) const IDENTIFY: u64 = 2;
    pub(super) const RESUME: u64 = 6;
    pub(super) const RECONNECT: u64 = 7;
    pub(super) const INVALID_SESSION: u64 = 9;
    pub(super) const HELLO: u64 = 10;
    pub(super) const HEARTBEAT_ACK: u64 = 11;
}

/// What Discord has to be told to go on where a connection broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    id: String,
    /// Where it wants to be asked for it.
    pub(super) url: String,
    /// The number of the last event that was heard.
    seen: u64,
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// We were asked to.
    Stopped,
    /// Discord wants us to come back at once.
    Moved,
    /// Worth another try.
    Lost(String),
    /// Nothing helps but another token or another setting.
    Refused(String),
}

/// What somebody has to know of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// A session was begun: who we are.
    Ready(Value),
    Resumed,
    /// Anything else, by its name.
    Other(String, Value),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct Connection<'s> {
    socket: Socket,
    /// Gone on with when there is one, and kept for the next connection.
    session: &'s mut Option<Session>,
    beats: Interval,
    /// The last heartbeat was heard.
    answered: bool,
}

impl<'s> Connection<'s> {
    /// Connects, and begins a session or goes on with the one there is.
    pub(super) async fn open(
        url: &str,
        token: &Secret,
        session: &'s mut Option<Session>,
    ) -> Result<Self, Ended> {
        let mut socket = connect(url).await?;
        let every = timeout(HELLO_LIMIT, hello(&mut socket))
            .await
            .map_err(|_| Ended::Lost("the gateway does not say hello".to_owned()))??;
        let mut this = Self {
            socket,
            session,
            beats: beats(every),
            answered: true,
        };
        let greeting = match &*this.session {
            Some(known) => resume(token, known),
            None => identify(token),
        };
        this.send(&greeting).await?;
        Ok(this)
    }

    /// What happens next. In between it beats.
    pub(super) async fn next(&mut self) -> Result<Event, Ended> {
        loop {
            tokio::select! {
                frame = self.socket.next() => {
                    let frame = read(frame)?;
                    if let Some(event) = self.take(frame).await? {
                        return Ok(event);
                    }
                }
                _ = self.beats.tick() => self.beat().await?,
            }
        }
    }

    /// The program stops: the session ends with it, so that nobody waits for us.
    pub(super) async fn leave(mut self) {
        *self.session = None;
        let bye = self.socket.close(None);
        if timeout(Duration::from_secs(1), bye).await.is_err() {
            tracing::debug!("the gateway took no farewell");
        }
    }

    /// The session is wanted again on another connection.
    async fn come_back(&mut self) {
        let frame = CloseFrame {
            code: COMING_BACK.into(),
            reason: "".into(),
        };
        if let Err(error) = self.socket.close(Some(frame)).await {
            tracing::debug!(%error, "a connection was gone already");
        }
    }

    async fn take(&mut self, frame: Value) -> Result<Option<Event>, Ended> {
        match frame.get("op").and_then(Value::as_u64) {
            Some(op::DISPATCH) => Ok(self.dispatched(frame)),
            Some(op::HEARTBEAT) => self.say_beat().await.map(|()| None),
            Some(op::HEARTBEAT_ACK) => {
                self.answered = true;
                Ok(None)
            }
            Some(op::RECONNECT) => {
                self.come_back().await;
                Err(Ended::Moved)
            }
            Some(op::INVALID_SESSION) => {
                if frame.get("d").and_then(Value::as_bool) != Some(true) {
                    *self.session = None;
                }
                self.come_back().await;
                let why = "Discord does not go on with the session";
                Err(Ended::Lost(why.to_owned()))
            }
            _ => Ok(None),
        }
    }

    fn dispatched(&mut self, mut frame: Value) -> Option<Event> {
        let number = frame.get("s").and_then(Value::as_u64);
        let name = frame.get("t").and_then(Value::as_str)?.to_owned();
        let data = frame.get_mut("d").map(Value::take).unwrap_or_default();
        if name == "READY" {
            *self.session = begun(&data);
        }
        if let (Some(session), Some(number)) = (self.session.as_mut(), number) {
            session.seen = number;
        }
        Some(match name.as_str() {
            "READY" => Event::Ready(data),
            "RESUMED" => Event::Resumed,
            _ => Event::Other(name, data),
        })
    }

    /// A connection that lets a heartbeat go unanswered is dead, whatever it looks like.
    async fn beat(&mut self) -> Result<(), Ended> {
        if !self.answered {
            self.come_back().await;
            return Err(Ended::Lost(
                "the gateway does not answer heartbeats".to_owned(),
            ));
        }
        self.answered = false;
        self.say_beat().await
    }

    async fn say_beat(&mut self) -> Result<(), Ended> {
        let seen = self.session.as_ref().map(|session| session.seen);
        self.send(&json!({ "op": op::HEARTBEAT, "d": seen })).await
    }

    async fn send(&mut self, frame: &Value) -> Result<(), Ended> {
        let sent = self.socket.send(Message::text(frame.to_string()));
        match timeout(CONNECT_LIMIT, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(&error)),
            Err(_) => Err(Ended::Lost("the gateway takes nothing".to_owned())),
        }
    }
}

async fn connect(url: &str) -> Result<Socket, Ended> {
    let url = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_FRAME))
        .max_frame_size(Some(LARGEST_FRAME))
        .read_buffer_size(READ_BUFFER);
    let connecting = connect_async_with_config(url, Some(config), true);
    match timeout(CONNECT_LIMIT, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(lost(&error)),
        Err(_) => Err(Ended::Lost("the gateway is not reached".to_owned())),
    }
}

/// The time between two heartbeats.
async fn hello(socket: &mut Socket) -> Result<Duration, Ended> {
    loop {
        let frame = read(socket.next().await)?;
        if frame.get("op").and_then(Value::as_u64) == Some(op::HELLO) {
            let every = frame.pointer("/d/heartbeat_interval");
            let every = every.and_then(Value::as_u64).filter(|every| *every > 0);
            let nothing = || Ended::Lost("the gateway's hello says nothing".to_owned());
            return every.map(Duration::from_millis).ok_or_else(nothing);
        }
    }
}

/// The first one comes at any time within the interval, so that not everybody beats at once.
fn beats(every: Duration) -> Interval {
    let share = u32::try_from(Ulid::generate().random() % 1000).unwrap_or_default();
    let mut beats = interval_at(Instant::now() + every * share / 1000, every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

fn identify(token: &Secret) -> Value {
    json!({ "op": op::IDENTIFY, "d": {
        "token": token.expose(),
        // interactions come without any
        "intents": 0,
        "properties": { "os": "linux", "browser": "dogwatch", "device": "dogwatch" },
    } })
}

fn resume(token: &Secret, known: &Session) -> Value {
    json!({ "op": op::RESUME, "d": {
        "token": token.expose(), "session_id": known.id, "seq": known.seen,
    } })
}

fn begun(ready: &Value) -> Option<Session> {
    let word = |key: &str| ready.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Session {
        id: word("session_id")?,
        url: word("resume_gateway_url")?,
        seen: 0,
    })
}

/// A frame that was heard; one that is no text is nothing to us.
fn read(frame: Option<Result<Message, Error>>) -> Result<Value, Ended> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap_or_default()),
        Some(Ok(Message::Close(frame))) => Err(closed(frame.as_ref())),
        Some(Ok(_)) => Ok(Value::Null),
        Some(Err(error)) => Err(lost(&error)),
        None => Err(Ended::Lost(
            "the connection to the gateway ended".to_owned(),
        )),
    }
}

fn lost(error: &Error) -> Ended {
    Ended::Lost(format!("the connection to the gateway broke: {error}"))
}

fn closed(frame: Option<&CloseFrame>) -> Ended {
    let code = frame.map_or(0, |frame| u16::from(frame.code));
    match code {
        4004 => Ended::Refused("the token is not accepted".to_owned()),
        4010..=4014 => Ended::Refused(format!(
            "the gateway does not take this bot (close code {code})"
        )),
        _ => Ended::Lost(format!("the gateway closed the connection ({code})")),
    }
}
