//! The far end of Socket Mode: hello, envelopes and their acknowledgements, refreshes, sockets that
//! die with and without a word.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::wire::awaited;

/// What is done to a socket.
#[derive(Debug)]
enum Order {
    Send(Value),
    /// The connection is gone without a word.
    Cut,
    /// It stays open and nothing answers any more.
    Freeze,
}

#[derive(Clone)]
pub(crate) struct Sockets {
    address: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    open: BTreeMap<u64, mpsc::UnboundedSender<Order>>,
    opened: u64,
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
    envelopes: u64,
}

impl Sockets {
    pub(super) async fn open(tasks: &mut JoinSet<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = Self {
            address: format!("ws://{}", listener.local_addr().unwrap()),
            inner: Arc::default(),
        };
        let serving = sockets.clone();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sockets = serving.clone();
                tokio::spawn(async move { sockets.serve(stream).await });
            }
        });
        sockets
    }

    pub(super) fn url(&self) -> String {
        format!("{}/link", self.address)
    }

    async fn serve(&self, stream: TcpStream) {
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
            return;
        };
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let number = {
            let mut inner = self.inner.lock().unwrap();
            inner.opened += 1;
            let number = inner.opened;
            inner.open.insert(number, orders);
            number
        };
        let hello = json!({ "type": "hello", "num_connections": 1 }).to_string();
        socket.send(Message::text(hello)).await.unwrap();
        loop {
            tokio::select! {
                order = ordered.recv() => match order {
                    Some(Order::Send(frame)) => {
                        socket.send(Message::text(frame.to_string())).await.unwrap();
                    }
                    Some(Order::Freeze) => {
                        self.inner.lock().unwrap().open.remove(&number);
                        sleep(Duration::from_mins(10)).await;
                    }
                    Some(Order::Cut) | None => break,
                },
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => self.acknowledge(&text),
                    Some(Ok(_)) => {}
                    _ => break,
                },
            }
        }
        self.inner.lock().unwrap().open.remove(&number);
    }

    fn acknowledge(&self, text: &str) {
        let ack: Value = serde_json::from_str(text).unwrap();
        let id = ack["envelope_id"].as_str().unwrap();
        let waiting = self.inner.lock().unwrap().waiting.remove(id);
        if let Some(waiting) = waiting {
            // nobody waits any more: it came too late, and the sender said so
            let _late = waiting.send(ack).is_err();
        }
    }

    /// How many are open now, and how many ever were.
    pub(crate) fn counts(&self) -> (usize, u64) {
        let inner = self.inner.lock().unwrap();
        (inner.open.len(), inner.opened)
    }

    pub(crate) async fn until_open(&self, open: usize, ever: u64) {
        let are_there = || self.counts().0 >= open && self.counts().1 >= ever;
        let reached = awaited(|| are_there().then_some(())).await;
        assert!(reached.is_some(), "there are {:?} sockets", self.counts());
    }

    fn order(&self, index: usize, order: Order) {
        let inner = self.inner.lock().unwrap();
        let socket = inner.open.values().nth(index).expect("a socket is open");
        socket.send(order).unwrap();
    }

    pub(crate) fn cut(&self, index: usize) {
        self.order(index, Order::Cut);
    }

    pub(crate) fn freeze(&self, index: usize) {
        self.order(index, Order::Freeze);
    }

    pub(crate) fn refresh(&self, index: usize) {
        let frame = json!({ "type": "disconnect", "reason": "refresh_requested" });
        self.order(index, Order::Send(frame));
    }

    pub(crate) fn new_envelope(&self) -> String {
        let mut inner = self.inner.lock().unwrap();
        inner.envelopes += 1;
        format!("envelope-{}", inner.envelopes)
    }

    /// Sends something and waits for its acknowledgement: how soon it comes is a matter of benchmarks.
    pub(crate) async fn send(&self, kind: &str, payload: &Value) -> Value {
        let envelope = self.new_envelope();
        self.deliver(kind, payload, &envelope).await
    }

    pub(crate) async fn deliver(&self, kind: &str, payload: &Value, envelope: &str) -> Value {
        let (answer, answered) = oneshot::channel();
        let frame = json!({
            "type": kind, "envelope_id": envelope, "payload": payload,
            "accepts_response_payload": true,
        });
        self.inner
            .lock()
            .unwrap()
            .waiting
            .insert(envelope.to_owned(), answer);
        self.order(0, Order::Send(frame));
        timeout(Duration::from_mins(2), answered)
            .await
            .expect("an acknowledgement")
            .unwrap()
    }
}
