//! Slack at the wire: its Web API, its response URLs, its sockets, and the rules it holds apps to.
//! Whatever breaks a rule is kept as a violation and fails the test that asks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dogwatch::clock::Clock;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fake_slack_rules as rules;
use super::fake_slack_socket::Sockets;
use super::fake_slack_views as views;
use super::wire::{awaited, bound};

pub(crate) const BOT_TOKEN: &str = "xoxb-test-bot-token";
pub(crate) const APP_TOKEN: &str = "xapp-test-app-token";

/// A message as somebody in the channel sees it now.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread: Option<String>,
    /// Only this person sees it.
    pub(crate) only: Option<String>,
    pub(crate) text: String,
    pub(crate) blocks: Value,
    pub(crate) edits: usize,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) shown: Vec<Shown>,
    pub(crate) views: Vec<Value>,
    pub(crate) files: Vec<String>,
    pub(crate) violations: Vec<String>,
    /// What the next calls of a method get instead of an answer.
    pub(crate) failures: BTreeMap<String, VecDeque<Failure>>,
    /// Channels that the bot is not in.
    pub(crate) closed: BTreeSet<String>,
    /// How many seconds Slack's clock is ahead.
    pub(crate) clock_apart: i64,
    triggers: BTreeSet<String>,
    uses: BTreeMap<String, u8>,
    posts: BTreeMap<String, VecDeque<Instant>>,
    edits: VecDeque<Instant>,
    count: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    TooMany(u64),
    Broken,
    Refused(&'static str),
}

#[derive(Clone)]
pub(crate) struct FakeSlack {
    world: Arc<Mutex<World>>,
    pub(crate) sockets: Sockets,
    base: String,
    _tasks: Arc<JoinSet<()>>,
}

impl FakeSlack {
    pub(crate) async fn start() -> Self {
        let (listener, base) = bound("http").await;
        let mut tasks = JoinSet::new();
        let sockets = Sockets::open(&mut tasks).await;
        let world = Arc::new(Mutex::new(World::default()));
        let state = (Arc::clone(&world), sockets.clone(), base.clone());
        let app = Router::new()
            .route("/api/{method}", post(call))
            .route("/respond/{id}", post(respond))
            .route("/upload/{id}", post(upload))
            .with_state(state);
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            world,
            sockets,
            base,
            _tasks: Arc::new(tasks),
        }
    }

    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/", self.base)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn number(&self) -> u64 {
        let mut world = self.world();
        world.count += 1;
        world.count
    }

    /// A trigger that can be used once.
    pub(crate) fn trigger(&self) -> String {
        let trigger = format!("trigger.{}", self.number());
        self.world().triggers.insert(trigger.clone());
        trigger
    }

    /// A URL that can be used five times.
    pub(crate) fn response_url(&self, channel: &str, user: &str) -> String {
        format!("{}/respond/{channel}-{user}-{}", self.base, self.number())
    }

    /// The payload of a slash command.
    pub(crate) fn slash(&self, user: &str, channel: &str, text: &str) -> Value {
        json!({
            "token": "x", "team_id": "T1", "team_domain": "d", "channel_id": channel,
            "channel_name": "ops", "user_id": user, "command": "/ops", "text": text,
            "response_url": self.response_url(channel, user), "trigger_id": self.trigger(),
        })
    }

    /// The payload of a press on a button of a message, found by the start of its label.
    pub(crate) fn press(&self, user: &str, message: &Shown, label: &str) -> Value {
        let button = message
            .buttons()
            .into_iter()
            .find(|button| button["text"]["text"].as_str().unwrap().starts_with(label))
            .unwrap_or_else(|| panic!("no button `{label}` in {message:#?}"));
        json!({
            "type": "block_actions", "user": { "id": user }, "trigger_id": self.trigger(),
            "channel": { "id": message.channel },
            "container": {
                "type": "message", "channel_id": message.channel, "message_ts": message.ts,
                "is_ephemeral": message.only.is_some(),
            },
            "message": {
                "ts": message.ts, "thread_ts": message.thread,
                "text": message.text, "blocks": message.blocks,
            },
            "response_url": self.response_url(&message.channel, user),
            "actions": [button],
        })
    }

    /// The payload of an event.
    pub(crate) fn event(&self, event: &Value) -> Value {
        let id = format!("Ev{}", self.number());
        json!({ "type": "event_callback", "event_id": id, "team_id": "T1", "event": event })
    }

    /// The first message that is as wanted, when it is there.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let look = || {
            let world = self.world();
            world.shown.iter().find(|shown| wanted(shown)).cloned()
        };
        let found = awaited(look);
        found
            .await
            .unwrap_or_else(|| panic!("never: {what}; there is {:#?}", self.world().shown))
    }

    pub(crate) async fn until_view(&self) -> Value {
        let found = awaited(|| self.world().views.pop());
        found.await.expect("a form is opened")
    }

    #[track_caller]
    pub(crate) fn assert_obeyed(&self) {
        let violations = &self.world().violations;
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

impl Shown {
    /// The message as its blocks say it.
    pub(crate) fn words(&self) -> String {
        let mut words = Vec::new();
        gather(&self.blocks, &mut words);
        words.join("\n")
    }

    pub(crate) fn buttons(&self) -> Vec<Value> {
        let blocks = self.blocks.as_array().cloned().unwrap_or_default();
        blocks
            .iter()
            .filter(|block| block["type"] == "actions")
            .flat_map(|block| block["elements"].as_array().cloned().unwrap_or_default())
            .collect()
    }
}

fn gather(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| gather(value, words)),
        Value::Object(fields) if fields.get("type") == Some(&json!("button")) => {
            words.push(format!("[{}]", fields["text"]["text"].as_str().unwrap()));
        }
        Value::Object(fields) => {
            for value in fields.values().filter(|value| !value.is_string()) {
                gather(value, words);
            }
        }
        _ => {}
    }
    if let Some(said) = value.get("text").and_then(Value::as_str) {
        words.push(said.to_owned());
    }
}

type Shared = (Arc<Mutex<World>>, Sockets, String);

async fn call(
    State((world, sockets, base)): State<Shared>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (body, is_json) = rules::decode(&headers, &body);
    let mut world = world.lock().unwrap();
    let token = if method == "apps.connections.open" {
        APP_TOKEN
    } else {
        BOT_TOKEN
    };
    let given = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    if given != Some(&format!("Bearer {token}")) {
        return refused("invalid_auth");
    }
    let broken = rules::against_spec(&method, &body, is_json);
    world.violations.extend(broken);
    if let Some(failure) = world
        .failures
        .get_mut(&method)
        .and_then(VecDeque::pop_front)
    {
        return fail(failure);
    }
    let mut answered = answer(&mut world, &sockets, &base, &method, &body);
    let theirs = Clock::System.now() + SignedDuration::from_secs(world.clock_apart);
    let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answered.headers_mut().insert("date", date.parse().unwrap());
    answered
}

fn answer(
    world: &mut World,
    sockets: &Sockets,
    base: &str,
    method: &str,
    body: &Value,
) -> Response {
    match method {
        "auth.test" => ok(&json!({ "team": "T", "user": "dogwatch", "user_id": "U0BOT" })),
        "apps.connections.open" => ok(&json!({ "url": sockets.url() })),
        "chat.postMessage" | "chat.postEphemeral" => world.post(body),
        "chat.update" => world.update(body),
        "conversations.history" => world.history(body, None),
        "conversations.replies" => world.history(body, body["ts"].as_str()),
        "conversations.info" => {
            let channel = body["channel"].as_str().unwrap();
            ok(
                &json!({ "channel": { "id": channel, "is_member": !world.closed.contains(channel) } }),
            )
        }
        "views.open" => world.open_view(body),
        "usergroups.users.list" => ok(&json!({ "users": ["UBOB"] })),
        "conversations.open" => ok(&json!({ "channel": { "id": "D1" } })),
        "files.getUploadURLExternal" => {
            ok(&json!({ "upload_url": format!("{base}/upload/1"), "file_id": "F1" }))
        }
        "files.completeUploadExternal" => ok(&json!({ "files": [{ "id": "F1" }] })),
        other => {
            world
                .violations
                .push(format!("there is no method `{other}`"));
            refused("unknown_method")
        }
    }
}

fn fail(failure: Failure) -> Response {
    match failure {
        Failure::TooMany(seconds) => limited(seconds),
        Failure::Broken => StatusCode::BAD_GATEWAY.into_response(),
        Failure::Refused(why) => refused(why),
    }
}

fn limited(seconds: u64) -> Response {
    let body = axum::Json(json!({ "ok": false, "error": "ratelimited" }));
    let after = [("retry-after", seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, after, body).into_response()
}

fn ok(more: &Value) -> Response {
    let mut body = more.clone();
    body["ok"] = true.into();
    let scopes = [("x-oauth-scopes", "chat:write,commands,files:write")];
    (scopes, axum::Json(body)).into_response()
}

fn refused(why: &str) -> Response {
    axum::Json(json!({ "ok": false, "error": why })).into_response()
}

impl World {
    /// The time, and a number that makes it unique.
    fn ts(&mut self) -> String {
        self.count += 1;
        format!("{}.{:06}", Clock::System.now().as_second(), self.count)
    }

    fn post(&mut self, body: &Value) -> Response {
        self.violations.extend(rules::message(body));
        let channel = body["channel"].as_str().unwrap().to_owned();
        if self.closed.contains(&channel) {
            return refused("not_in_channel");
        }
        // about one a second of each kind in each channel, with bursts of three; on a busy machine
        // what was sent in pace may arrive together
        let kind = if body.get("user").is_some() {
            "ephemeral"
        } else {
            "message"
        };
        let lane = self.posts.entry(format!("{kind} {channel}")).or_default();
        if !rules::in_pace(lane, 12, Duration::from_secs(5)) {
            self.violations.push(format!("too fast in {channel}"));
            return limited(1);
        }
        let ts = self.ts();
        self.shown.push(Shown {
            channel: channel.clone(),
            ts: ts.clone(),
            thread: body["thread_ts"].as_str().map(str::to_owned),
            only: body["user"].as_str().map(str::to_owned),
            text: body["text"].as_str().unwrap_or_default().to_owned(),
            blocks: body["blocks"].clone(),
            edits: 0,
        });
        ok(&json!({ "channel": channel, "ts": ts }))
    }

    /// Newest first, as Slack gives it.
    fn history(&self, body: &Value, thread: Option<&str>) -> Response {
        let here =
            self.shown.iter().rev().filter(|shown| {
                shown.channel == body["channel"] && shown.thread.as_deref() == thread
            });
        let messages: Vec<Value> = here
            .map(|shown| json!({ "ts": shown.ts, "blocks": shown.blocks }))
            .collect();
        ok(&json!({ "messages": messages }))
    }

    fn update(&mut self, body: &Value) -> Response {
        self.violations.extend(rules::message(body));
        if !rules::in_pace(&mut self.edits, 50, Duration::from_mins(1)) {
            self.violations
                .push("more than 50 edits a minute".to_owned());
            return limited(1);
        }
        let found = self
            .shown
            .iter_mut()
            .find(|shown| shown.channel == body["channel"] && shown.ts == body["ts"]);
        let Some(shown) = found else {
            return refused("message_not_found");
        };
        shown.text = body["text"].as_str().map(str::to_owned).unwrap_or_default();
        shown.blocks = body["blocks"].clone();
        shown.edits += 1;
        ok(&json!({ "channel": body["channel"], "ts": body["ts"] }))
    }

    fn open_view(&mut self, body: &Value) -> Response {
        self.violations.extend(views::broken(&body["view"]));
        if !self
            .triggers
            .remove(body["trigger_id"].as_str().unwrap_or_default())
        {
            self.violations.push("a trigger was used twice".to_owned());
            return refused("exchanged_trigger_id");
        }
        self.views.push(body["view"].clone());
        ok(&json!({ "view": { "id": "V1" } }))
    }
}

async fn respond(
    State((world, ..)): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut world = world.lock().unwrap();
    let used = world.uses.entry(id.clone()).or_default();
    *used += 1;
    if *used > 5 {
        world
            .violations
            .push(format!("`{id}` was used a sixth time"));
        return StatusCode::NOT_FOUND.into_response();
    }
    world.violations.extend(rules::message(&body));
    let mut parts = id.split('-');
    let channel = parts.next().unwrap().to_owned();
    let user = parts.next().unwrap().to_owned();
    let ephemeral = body["response_type"] != "in_channel";
    if body["replace_original"] == true {
        let original = world
            .shown
            .iter_mut()
            .rfind(|shown| shown.channel == channel && shown.only.as_ref() == Some(&user));
        let shown = original.expect("there is something to replace");
        shown.text = body["text"].as_str().map(str::to_owned).unwrap_or_default();
        shown.blocks = body["blocks"].clone();
        shown.edits += 1;
        return "ok".into_response();
    }
    let ts = world.ts();
    world.shown.push(Shown {
        channel,
        ts,
        thread: body["thread_ts"].as_str().map(str::to_owned),
        only: ephemeral.then_some(user),
        text: body["text"].as_str().unwrap_or_default().to_owned(),
        blocks: body["blocks"].clone(),
        edits: 0,
    });
    "ok".into_response()
}

async fn upload(State((world, ..)): State<Shared>, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    world.lock().unwrap().files.push(text);
    "OK".into_response()
}
