//! Slash commands as Slack sends and signs them, beside a Bolt app that only acknowledges.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use dogwatch::clock::Clock;
use dogwatch::sim::Simulation;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::load::{Sender, hex, spread};
use crate::programs::{RUNS, Told, dogwatch, node, serve, world};
use crate::{Failure, Measured};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const A_SECOND: u64 = 200;
const ROUNDS: usize = 2;

async fn web_api(State(told): State<Arc<Told>>, body: Bytes) -> Json<Value> {
    let text = String::from_utf8_lossy(&body);
    let number = told.posts.fetch_add(1, Ordering::Relaxed);
    let id = format!("1700000000.{number:06}");
    if !text.contains("\"ts\"") {
        told.shows(&id, &text);
    }
    Json(json!({ "ok": true, "channel": "C1", "ts": id }))
}

async fn answer(State(told): State<Arc<Told>>) -> &'static str {
    told.answers.fetch_add(1, Ordering::Relaxed);
    "ok"
}

fn fake(told: &Arc<Told>) -> Router {
    Router::new()
        .route("/api/{method}", post(web_api))
        .route("/respond/{number}", post(answer))
        .with_state(Arc::clone(told))
}

fn signature(at: i64, body: &str) -> String {
    let padded = |with: u8| {
        let mut key = [with; 64];
        for (byte, secret) in key.iter_mut().zip(SECRET.bytes()) {
            *byte ^= secret;
        }
        key
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(format!("v0:{at}:{body}"))
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    format!("v0={}", hex(&outer))
}

/// What people type: mostly small questions, one in twenty about a stack.
fn question(number: u64) -> String {
    if number.is_multiple_of(20) {
        format!("status s{:02}", number % 50)
    } else {
        "whoami".to_owned()
    }
}

/// Each command has an answer URL of its own.
fn sender(base: &str, slack: &str, line: fn(u64) -> String) -> Sender {
    let (url, slack) = (format!("{base}/slack/commands"), slack.to_owned());
    let compose = move |number| {
        let line = line(number).replace(' ', "+").replace('=', "%3D");
        let respond = format!("{slack}/respond/{number}");
        let respond = respond.replace(':', "%3A").replace('/', "%2F");
        let body = format!(
            "token=x&team_id=T1&team_domain=d&channel_id=C1&channel_name=ops&user_id=U1&user_name=u&command=%2Fops&text={line}&response_url={respond}&trigger_id=t.{line}.{number}&api_app_id=A1"
        );
        let at = Clock::System.now().as_second();
        Ok(Request::post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-signature", signature(at, &body))
            .header("x-slack-request-timestamp", at.to_string())
            .body(Full::new(Bytes::from(body)))?)
    };
    Sender::new(compose, |_| true)
}

pub(crate) async fn rows(measured: &Measured) -> Result<Vec<String>, Failure> {
    let scratch = tempfile::tempdir()?;
    let socket = scratch.path().join("engine.sock");
    let _engine = Simulation::start(world(&["api"]), &socket, Clock::System)?;
    let told = Arc::new(Told::default());
    let slack = serve(fake(&told)).await?;
    let chat = format!(
        "{{ slack: {{ api_url: \"{slack}/api/\", bot_token: xoxb-bench, signing_secret: {SECRET} }} }}"
    );
    let hosts = format!("{{ local: {{ docker: \"unix://{}\" }} }}", socket.display());
    let ours = dogwatch(&measured.binary, scratch.path(), (&chat, &hosts)).await?;
    let runs = sender(&ours.base, &slack, |number| {
        format!("run hold stack=s{number:02}")
    });
    for _ in 0..RUNS {
        runs.send(Instant::now()).await?;
    }
    told.all_running().await?;
    let beside = match &measured.beside {
        Some(app) => Some(node(app, &[SECRET, &format!("{slack}/api/")]).await?),
        None => None,
    };
    let to_ours = sender(&ours.base, &slack, question);
    let to_beside = beside
        .as_ref()
        .map(|app| sender(&app.base, &slack, question));
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.extend(to_ours.steadily(A_SECOND, measured.load.seconds).await?);
        if let Some(beside) = &to_beside {
            their_times.extend(beside.steadily(A_SECOND, measured.load.seconds).await?);
        }
    }
    let mut rows = vec![format!(
        "acknowledging {A_SECOND} slash commands a second, {RUNS} runs in progress | {} | p99 under 50 ms",
        spread(our_times)
    )];
    if beside.is_some() {
        let what = "a Bolt for JavaScript app that only acknowledges, in turn";
        rows.push(format!("{what} | {} | ", spread(their_times)));
    }
    drop(beside);
    rows.push(ours.growth(&to_ours, &told, measured.load.commands).await?);
    Ok(rows)
}
