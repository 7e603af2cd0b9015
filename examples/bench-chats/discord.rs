//! Interactions as Discord posts and signs them: commands that are deferred, and names offered while
//! somebody types, with a host in the configuration that hangs. Beside an app that only defers.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{Method, Uri};
use axum::{Json, Router};
use dogwatch::clock::Clock;
use dogwatch::sim::Simulation;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::load::{Sender, hex, spread};
use crate::programs::{RUNS, Told, dogwatch, node, serve, world};
use crate::{Failure, Measured};

/// In each stack.
const SERVICES: [&str; 4] = ["api", "cache", "db", "gateway"];
const DEFERS_A_SECOND: u64 = 200;
/// A letter each, of twenty people.
const LETTERS_A_SECOND: u64 = 50;
const ROUNDS: usize = 2;
const DEFERRED: u64 = 5;
const CHOICES: u64 = 8;

/// Takes whatever it is told, and has what the bot wants to know.
async fn web_api(
    State(told): State<Arc<Told>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Json<Value> {
    let path = uri.path();
    if method == Method::GET {
        return Json(match path {
            _ if path.ends_with("/commands") => json!([]),
            _ if path.ends_with("/active") => {
                json!({ "threads": [], "members": [], "has_more": false })
            }
            _ => json!({ "id": "42", "type": 0, "guild_id": "9", "permission_overwrites": [] }),
        });
    }
    if path.ends_with("/commands") {
        return Json(serde_json::from_slice(&body).unwrap_or_default());
    }
    if path.ends_with("/@original") {
        told.answers.fetch_add(1, Ordering::Relaxed);
        told.shows(path, &String::from_utf8_lossy(&body));
    }
    let number = 1_000_000 + told.posts.fetch_add(1, Ordering::Relaxed);
    Json(json!({ "id": number.to_string(), "channel_id": "5", "type": 11 }))
}

/// A sub-command with one option, or none.
fn interaction(number: u64, kind: u64, name: &str, option: &Value) -> Value {
    let options = if option.is_null() {
        json!([])
    } else {
        json!([option])
    };
    let leaf = json!({ "type": 1, "name": name, "options": options });
    json!({
        "id": number.to_string(), "application_id": "42", "type": kind, "token": format!("token-{number}"),
        "version": 1, "guild_id": "9", "channel_id": "5", "channel": { "id": "5", "type": 0 },
        "data": { "id": "700", "name": "ops", "type": 1, "options": [leaf] },
        "member": { "user": { "id": "1001", "username": "anna" }, "roles": [] },
    })
}

/// What people ask: mostly small questions, one in twenty about a stack.
fn question(number: u64) -> Value {
    let stack = format!("local:s{:02}", number % 50);
    let option = json!({ "type": 3, "name": "service", "value": stack });
    if number.is_multiple_of(20) {
        interaction(number, 2, "status", &option)
    } else {
        interaction(number, 2, "whoami", &Value::Null)
    }
}

/// One letter after the other: `g`, `ga`, `gat`, then another service.
fn letter(number: u64) -> Value {
    let service = SERVICES[usize::try_from(number / 3).unwrap_or_default() % SERVICES.len()];
    let length = usize::try_from(number % 3).unwrap_or_default() + 1;
    let typed: String = service.chars().take(length).collect();
    let option = json!({ "type": 3, "name": "service", "value": typed, "focused": true });
    interaction(number, 4, "restart", &option)
}

fn hold(number: u64) -> Value {
    let text = format!("run hold stack=local:s{number:02}");
    let option = json!({ "type": 3, "name": "text", "value": text });
    interaction(number, 2, "line", &option)
}

/// The numbers of each sender begin elsewhere: an interaction is answered once.
fn sender(
    base: &str,
    from: u64,
    payload: fn(u64) -> Value,
    is_good: fn(&Value) -> bool,
) -> Result<Sender, Failure> {
    let key = key()?;
    let url = format!("{base}/discord/interactions");
    let compose = move |number| {
        let mut payload = payload(number);
        payload["id"] = (from + number).to_string().into();
        payload["token"] = format!("token-{from}-{number}").into();
        let (at, body) = (Clock::System.now().as_second(), payload.to_string());
        let signature = key.sign(format!("{at}{body}").as_bytes());
        Ok(Request::post(&url)
            .header("content-type", "application/json")
            .header("x-signature-ed25519", hex(signature.as_ref()))
            .header("x-signature-timestamp", at.to_string())
            .body(Full::new(Bytes::from(body)))?)
    };
    Ok(Sender::new(compose, move |body| {
        serde_json::from_slice(body).is_ok_and(|answer| is_good(&answer))
    }))
}

fn key() -> Result<Ed25519KeyPair, Failure> {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map_err(|error| error.to_string().into())
}

fn is_deferred(answer: &Value) -> bool {
    answer["type"] == DEFERRED
}

fn is_answered(answer: &Value) -> bool {
    answer["type"] == CHOICES
}

fn has_choices(answer: &Value) -> bool {
    let choices = answer.pointer("/data/choices").and_then(Value::as_array);
    is_answered(answer) && choices.is_some_and(|choices| !choices.is_empty())
}

pub(crate) async fn rows(measured: &Measured) -> Result<Vec<String>, Failure> {
    let scratch = tempfile::tempdir()?;
    let (socket, hangs) = (
        scratch.path().join("engine.sock"),
        scratch.path().join("hangs.sock"),
    );
    let _engine = Simulation::start(world(&SERVICES), &socket, Clock::System)?;
    let _hangs = UnixListener::bind(&hangs)?;
    let told = Arc::new(Told::default());
    let discord = serve(
        Router::new()
            .fallback(web_api)
            .with_state(Arc::clone(&told)),
    )
    .await?;
    let public = hex(key()?.public_key().as_ref());
    let chat = format!(
        "{{ discord: {{ api_url: \"{discord}\", token: bench-token, public_key: \"{public}\", guild_id: \"9\" }} }}"
    );
    let hosts = format!(
        "{{ local: {{ docker: \"unix://{}\" }}, vps: {{ docker: \"unix://{}\" }} }}",
        socket.display(),
        hangs.display()
    );
    let ours = dogwatch(&measured.binary, scratch.path(), (&chat, &hosts)).await?;
    let runs = sender(&ours.base, 1, hold, is_deferred)?;
    for _ in 0..RUNS {
        runs.send(Instant::now()).await?;
    }
    told.all_running().await?;
    let beside = match &measured.beside {
        Some(app) => Some(node(app, &[&public]).await?),
        None => None,
    };
    let seconds = measured.load.seconds;
    let to_ours = sender(&ours.base, 1_000_000, question, is_deferred)?;
    let to_beside = match &beside {
        Some(app) => Some(sender(&app.base, 1, question, is_deferred)?),
        None => None,
    };
    let letters = sender(&ours.base, 500_000_000, letter, has_choices)?;
    let (mut our_times, mut their_times, mut offered) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.extend(to_ours.steadily(DEFERS_A_SECOND, seconds).await?);
        if let Some(beside) = &to_beside {
            their_times.extend(beside.steadily(DEFERS_A_SECOND, seconds).await?);
        }
        offered.extend(letters.steadily(LETTERS_A_SECOND, seconds).await?);
    }
    let mut rows = vec![format!(
        "deferring {DEFERS_A_SECOND} commands a second, {RUNS} runs in progress | {} | under 300 ms",
        spread(our_times)
    )];
    if beside.is_some() {
        let what = "an Express app with `discord-interactions` that only defers, in turn";
        rows.push(format!("{what} | {} | ", spread(their_times)));
    }
    rows.push(format!(
        "names of {} services while somebody types, {LETTERS_A_SECOND} a second, one of two hosts hangs | {} | under 300 ms",
        RUNS * SERVICES.len(),
        spread(offered)
    ));
    rows.push(ours.growth(&to_ours, &told, measured.load.commands).await?);
    Ok(rows)
}
