//! Discord at the wire: its REST API and the rules it holds apps to. Whatever breaks a rule is kept
//! as a violation and fails the test that asks. Interactions are made here as people make them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fake_discord_forms as forms;
use super::fake_discord_gateway::Gateway;
use super::fake_discord_rules as rules;
use super::wire::{awaited, bound};

pub(crate) const TOKEN: &str = "test-discord-token";
pub(crate) const APPLICATION: &str = "42";
pub(crate) const GUILD: &str = "9";
const EPHEMERAL: u64 = 64;

/// A message as somebody sees it now.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) channel: String,
    pub(crate) id: String,
    /// Only this person sees it.
    pub(crate) only: Option<String>,
    /// The interaction that made it.
    pub(crate) by: Option<String>,
    pub(crate) body: Value,
    pub(crate) edits: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Channel {
    pub(crate) kind: u64,
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
    pub(crate) archived: bool,
    pub(crate) applied: Vec<String>,
    /// The bot may not speak here.
    pub(crate) closed: bool,
    /// What everybody may not do here.
    pub(crate) denied: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Interaction {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) kind: u64,
    /// The type of what it was answered with.
    pub(crate) answered: Option<u64>,
    pub(crate) answer: Value,
    pub(crate) came: Instant,
    pub(crate) expired: bool,
    private: bool,
    original: Option<String>,
    cleared: bool,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) shown: Vec<Shown>,
    pub(crate) channels: BTreeMap<String, Channel>,
    /// By token.
    pub(crate) interactions: BTreeMap<String, Interaction>,
    pub(crate) files: Vec<String>,
    /// By server; under no name what is there for all of them.
    commands: BTreeMap<String, Vec<Value>>,
    /// How often commands were written.
    pub(crate) registrations: usize,
    pub(crate) violations: Vec<String>,
    /// What the next calls get instead of an answer, by method and the end of the path's shape.
    pub(crate) failures: BTreeMap<String, VecDeque<Failure>>,
    /// Sessions that are left today.
    pub(crate) sessions: u64,
    pub(crate) sessions_after_ms: u64,
    nonces: BTreeMap<String, String>,
    buckets: BTreeMap<String, VecDeque<Instant>>,
    calls: Vec<String>,
    count: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    TooMany(f64),
    /// Everybody waits.
    Global(f64),
    Broken,
    /// It is done, and the answer gets lost.
    Lost,
    Refused(u16, u64),
}

#[derive(Clone)]
pub(crate) struct FakeDiscord {
    world: Arc<Mutex<World>>,
    pub(crate) gateway: Gateway,
    base: String,
    _tasks: Arc<JoinSet<()>>,
}

impl FakeDiscord {
    pub(crate) async fn start() -> Self {
        let (listener, base) = bound("http").await;
        let mut tasks = JoinSet::new();
        let gateway = Gateway::open(&mut tasks).await;
        let world = Arc::new(Mutex::new(World {
            sessions: 1000,
            count: 100_000,
            ..World::default()
        }));
        let state = (Arc::clone(&world), gateway.clone());
        let app = Router::new().fallback(call).with_state(state);
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let this = Self {
            world,
            gateway,
            base,
            _tasks: Arc::new(tasks),
        };
        this.channel("5", 0);
        this
    }

    pub(crate) fn api_url(&self) -> String {
        self.base.clone()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn channel(&self, id: &str, kind: u64) {
        let channel = Channel {
            kind,
            ..Channel::default()
        };
        self.world().channels.insert(id.to_owned(), channel);
    }

    fn number(&self) -> u64 {
        self.world().number()
    }

    /// What every interaction has, whatever it is about.
    pub(crate) fn interaction(&self, user: &str, channel: &str, kind: u64, data: &Value) -> Value {
        let number = self.number();
        let token = format!("itoken-{number}");
        self.world().interactions.insert(
            token.clone(),
            Interaction {
                id: number.to_string(),
                user: user.to_owned(),
                channel: channel.to_owned(),
                kind,
                answered: None,
                answer: Value::Null,
                came: Instant::now(),
                expired: false,
                private: false,
                original: None,
                cleared: false,
            },
        );
        let roles = if user == super::discord_shop::BOB {
            vec![super::discord_shop::OWNERS]
        } else {
            vec![]
        };
        json!({
            "id": number.to_string(), "application_id": APPLICATION, "type": kind, "token": token,
            "version": 1, "guild_id": GUILD, "channel_id": channel, "locale": "en-US",
            "guild_locale": "en-US", "app_permissions": "0", "entitlements": [],
            "authorizing_integration_owners": {}, "context": 0, "attachment_size_limit": 10_485_760,
            "channel": { "id": channel, "type": 0 },
            "data": data,
            "member": {
                "user": { "id": user, "username": "somebody", "discriminator": "0000", "avatar": null },
                "roles": roles, "joined_at": "2024-01-01T00:00:00Z", "deaf": false, "mute": false,
                "flags": 0, "permissions": "8",
            },
        })
    }

    /// A slash command: a sub-command, wherever it was registered, with its options.
    pub(crate) fn slash(&self, user: &str, channel: &str, word: &str, options: &Value) -> Value {
        let leaf = json!({ "type": 1, "name": word, "options": options });
        let group = path_to(self.world().commands(GUILD), word);
        let options = match group {
            Some(group) => json!([{ "type": 2, "name": group, "options": [leaf] }]),
            None => json!([leaf]),
        };
        let data = json!({ "id": "700", "name": "ops", "type": 1, "options": options });
        self.interaction(user, channel, 2, &data)
    }

    /// A press on a button of a message, found by the start of its label.
    pub(crate) fn press(&self, user: &str, message: &Shown, label: &str) -> Value {
        let button = message
            .buttons()
            .into_iter()
            .find(|button| button["label"].as_str().unwrap().starts_with(label))
            .unwrap_or_else(|| panic!("no button `{label}` in {message:#?}"));
        let data = json!({ "custom_id": button["custom_id"], "component_type": 2 });
        let payload = self.interaction(user, &message.channel, 3, &data);
        self.about(payload, message)
    }

    /// To an interaction with a message, that message is the original.
    pub(super) fn about(&self, mut payload: Value, message: &Shown) -> Value {
        payload["message"] = as_message(message);
        {
            let token = payload["token"].as_str().unwrap();
            let mut world = self.world();
            let interaction = world.interactions.get_mut(token).unwrap();
            interaction.original = Some(message.id.clone());
        }
        payload
    }

    /// The first message that is as wanted, when it is there.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let look = || {
            let world = self.world();
            world.shown.iter().find(|shown| wanted(shown)).cloned()
        };
        let found = awaited(look);
        found.await.unwrap_or_else(|| {
            let world = self.world();
            panic!(
                "never: {what}; there is {:#?}, called were {:#?}",
                world.shown, world.calls
            )
        })
    }

    /// What an interaction was answered with at once.
    pub(crate) async fn answer_to(&self, payload: &Value) -> Interaction {
        let token = payload["token"].as_str().unwrap().to_owned();
        self.until_world("an answer at once", |world| {
            world.interactions[&token].answered.is_some()
        })
        .await;
        self.world().interactions[&token].clone()
    }

    pub(crate) async fn until_world(&self, what: &str, wanted: impl Fn(&World) -> bool) {
        let in_time = awaited(|| wanted(&self.world()).then_some(()))
            .await
            .is_some();
        let world = self.world();
        assert!(in_time, "never: {what}; called were {:#?}", world.calls);
    }

    #[track_caller]
    pub(crate) fn assert_obeyed(&self) {
        let violations = &self.world().violations;
        assert!(violations.is_empty(), "{violations:#?}");
        let log = self.gateway.log();
        assert!(log.violations.is_empty(), "{:#?}", log.violations);
    }
}

/// The group that a sub-command was registered in.
fn path_to(commands: &[Value], word: &str) -> Option<String> {
    let options =
        commands.iter().find(|command| command["name"] == "ops")?["options"].as_array()?;
    options
        .iter()
        .filter(|option| option["type"] == 2)
        .find(|group| {
            let inside = group["options"].as_array().unwrap();
            inside.iter().any(|option| option["name"] == word)
        })
        .map(|group| group["name"].as_str().unwrap().to_owned())
}

fn as_message(shown: &Shown) -> Value {
    let mut message = json!({
        "id": shown.id, "channel_id": shown.channel, "content": "", "timestamp": "2026-01-01T00:00:00Z",
        "author": { "id": APPLICATION, "username": "dogwatch", "discriminator": "0000", "avatar": null },
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
        "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
    });
    message["components"] = shown.body["components"].clone();
    message
}

impl Shown {
    pub(crate) fn buttons(&self) -> Vec<Value> {
        let rows = self.body["components"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        rows.iter()
            .flat_map(|row| row["components"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// Everything a person reads, with the buttons at the end.
    pub(crate) fn words(&self) -> String {
        let mut lines = Vec::new();
        for embed in self.body["embeds"].as_array().into_iter().flatten() {
            for key in ["title", "description"] {
                lines.extend(embed[key].as_str().map(str::to_owned));
            }
            for field in embed["fields"].as_array().into_iter().flatten() {
                let side = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
                lines.push(format!("{}: {}", side("name"), side("value")));
            }
            lines.extend(embed["footer"]["text"].as_str().map(str::to_owned));
        }
        let label = |button: &Value| format!("[{}]", button["label"].as_str().unwrap());
        lines.extend(self.buttons().iter().map(label));
        lines.join("\n")
    }

    pub(crate) fn title(&self) -> String {
        self.words().lines().next().unwrap_or_default().to_owned()
    }
}

type Shared = (Arc<Mutex<World>>, Gateway);

async fn call(
    State((world, gateway)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (body, files) = rules::decode(&headers, &body);
    let mut world = world.lock().unwrap();
    let Some(path) = uri.path().strip_prefix("/api/v10") else {
        world.violations.push(format!("no version: {uri}"));
        return StatusCode::NOT_FOUND.into_response();
    };
    world.calls.push(format!("{method} {path}"));
    let given = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    if given != Some(&format!("Bot {TOKEN}")) {
        return refused(401, 0);
    }
    let broken = rules::against_spec(&method, path, &body);
    world.violations.extend(broken);
    let failure = world.failure(&method, path);
    match failure {
        Some(Failure::TooMany(after)) => return limited(after, false),
        Some(Failure::Global(after)) => return limited(after, true),
        Some(Failure::Broken) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(Failure::Refused(status, code)) => return refused(status, code),
        Some(Failure::Lost) | None => {}
    }
    world.files.extend(files);
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let answer = world.answer(&gateway, &method, &segments, &body);
    if matches!(failure, Some(Failure::Lost)) {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    answer
}

fn limited(after: f64, global: bool) -> Response {
    let body =
        json!({ "message": "You are being rate limited.", "retry_after": after, "global": global });
    let headers = [
        ("retry-after", after.ceil().to_string()),
        (
            "x-ratelimit-scope",
            if global { "global" } else { "user" }.to_owned(),
        ),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response()
}

fn refused(status: u16, code: u64) -> Response {
    let body = json!({ "message": "refused", "code": code });
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn ok(body: &Value) -> Response {
    axum::Json(body).into_response()
}

impl World {
    fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn failure(&mut self, method: &Method, path: &str) -> Option<Failure> {
        let call = format!("{method} {path}");
        let shape = self.failures.iter_mut().find(|(shape, waiting)| {
            let (method, end) = shape.split_once(' ').unwrap();
            !waiting.is_empty() && call.starts_with(method) && call.contains(end)
        });
        shape.and_then(|(_, waiting)| waiting.pop_front())
    }

    fn answer(
        &mut self,
        gateway: &Gateway,
        method: &Method,
        segments: &[&str],
        body: &Value,
    ) -> Response {
        match (method.as_str(), segments) {
            ("GET", ["gateway"]) => ok(&json!({ "url": gateway.url() })),
            ("GET", ["gateway", "bot"]) => ok(&json!({ "url": gateway.url(), "shards": 1,
                "session_start_limit": { "total": 1000, "remaining": self.sessions,
                    "reset_after": self.sessions_after_ms, "max_concurrency": 1 } })),
            ("GET", ["oauth2", "applications", "@me"]) => {
                ok(&json!({ "id": APPLICATION, "name": "dogwatch",
                "flags": 0, "bot": { "id": APPLICATION } }))
            }
            ("GET", ["channels", id]) => self.look(id),
            ("GET", ["channels", channel, "messages", id]) => self.first(channel, id),
            ("GET", ["guilds", GUILD, "threads", "active"]) => self.active(),
            ("PATCH", ["channels", id]) => self.change_channel(id, body),
            ("GET", ["guilds", GUILD, "roles"]) => ok(&json!([
                { "id": GUILD, "permissions": (1_u64 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 35 | 1 << 38).to_string() }])),
            ("GET", ["guilds", GUILD, "members", APPLICATION]) => ok(&json!({ "roles": [] })),
            ("GET", ["applications", APPLICATION, "guilds", guild, "commands"]) => {
                ok(&json!(self.commands(guild)))
            }
            ("GET", ["applications", APPLICATION, "commands"]) => ok(&json!(self.commands(""))),
            ("PUT", ["applications", APPLICATION, "guilds", guild, "commands"]) => {
                self.register(guild, body)
            }
            ("PUT", ["applications", APPLICATION, "commands"]) => self.register("", body),
            ("POST", ["interactions", id, token, "callback"]) => self.callback(id, token, body),
            ("PATCH", ["webhooks", APPLICATION, token, "messages", "@original"]) => {
                self.fill(token, body)
            }
            ("DELETE", ["webhooks", APPLICATION, token, "messages", "@original"]) => {
                self.clear(token)
            }
            ("PATCH", ["webhooks", APPLICATION, token, "messages", id]) => {
                self.edit_by(token, id, body)
            }
            ("POST", ["webhooks", APPLICATION, token]) => self.follow(token, body),
            ("POST", ["users", "@me", "channels"]) => {
                let id = format!("7{}", body["recipient_id"].as_str().unwrap());
                self.channels.insert(
                    id.clone(),
                    Channel {
                        kind: 1,
                        ..Channel::default()
                    },
                );
                ok(&json!({ "id": id, "type": 1 }))
            }
            ("POST", ["channels", id, "messages"]) => self.post(id, body),
            ("PATCH", ["channels", _, "messages", id]) => self.edit(id, body),
            ("POST", ["channels", id, "messages", message, "threads"]) => {
                self.begin_thread(id, Some(message), body)
            }
            ("POST", ["channels", id, "threads"]) => self.begin_thread(id, None, body),
            _ => {
                self.violations
                    .push(format!("there is no {method} {segments:?}"));
                refused(404, 0)
            }
        }
    }

    fn look(&mut self, id: &str) -> Response {
        let Some(channel) = self.channels.get(id) else {
            return refused(404, 10_003);
        };
        let tag = |name: &str, id: &str| json!({ "name": name, "id": id });
        let mut answer = json!({ "id": id, "type": channel.kind, "guild_id": GUILD,
            "parent_id": channel.parent, "applied_tags": channel.applied,
            "permission_overwrites": [{ "id": GUILD, "type": 0, "allow": "0", "deny": channel.denied.to_string() }] });
        if channel.kind == 15 {
            answer["available_tags"] = json!([
                tag("Open", "81"),
                tag("Acknowledged", "82"),
                tag("Resolved", "83"),
                tag("Prod", "84")
            ]);
        }
        ok(&answer)
    }

    fn first(&self, channel: &str, id: &str) -> Response {
        let mut here = self.shown.iter();
        match here.find(|shown| shown.channel == channel && shown.id == id) {
            Some(shown) => ok(&as_message(shown)),
            None => refused(404, 10_008),
        }
    }

    fn active(&self) -> Response {
        let threads = self.channels.iter();
        let threads: Vec<Value> = threads
            .filter(|(_, channel)| channel.kind == 11 && !channel.archived)
            .map(|(id, channel)| {
                json!({ "id": id, "type": 11, "guild_id": GUILD, "parent_id": channel.parent,
                    "name": channel.name, "owner_id": APPLICATION })
            })
            .collect();
        ok(&json!({ "threads": threads, "members": [], "has_more": false }))
    }

    fn change_channel(&mut self, id: &str, body: &Value) -> Response {
        let Some(channel) = self.channels.get_mut(id) else {
            return refused(404, 10_003);
        };
        if let Some(archived) = body["archived"].as_bool() {
            channel.archived = archived;
        }
        if let Some(tags) = body["applied_tags"].as_array() {
            channel.applied = tags
                .iter()
                .map(|tag| tag.as_str().unwrap().to_owned())
                .collect();
        }
        ok(&json!({ "id": id }))
    }

    /// What is registered in a server.
    pub(crate) fn commands(&self, guild: &str) -> &[Value] {
        self.commands.get(guild).map_or(&[], Vec::as_slice)
    }

    fn register(&mut self, guild: &str, body: &Value) -> Response {
        self.violations.extend(rules::commands(body));
        self.registrations += 1;
        let mut commands = body.as_array().unwrap().clone();
        for (index, command) in commands.iter_mut().enumerate() {
            command["id"] = (700 + index).to_string().into();
            command["version"] = "1".into();
            command["application_id"] = APPLICATION.into();
            command["nsfw"] = false.into();
        }
        let answer = ok(&json!(commands));
        self.commands.insert(guild.to_owned(), commands);
        answer
    }

    fn callback(&mut self, id: &str, token: &str, body: &Value) -> Response {
        let Some(interaction) = self.interactions.get_mut(token).filter(|of| of.id == id) else {
            return refused(404, 10_062);
        };
        if interaction.answered.is_some() {
            return refused(400, 40_060);
        }
        // how soon is a matter of benchmarks: a test under load would measure the machine
        if interaction.expired {
            return refused(404, 10_062);
        }
        interaction.answered = body["type"].as_u64();
        interaction.answer = body["data"].clone();
        interaction.private = body["data"]["flags"] == EPHEMERAL;
        // a new message stands in its place
        if matches!(interaction.answered, Some(4 | 5)) {
            interaction.original = None;
        }
        let (is_message, is_form) = (body["type"] == 4, body["type"] == 9);
        let allowed = match interaction.kind {
            4 => body["type"] == 8,
            3 => [4, 5, 6, 7, 9].contains(&body["type"].as_u64().unwrap()),
            5 => [4, 5, 6].contains(&body["type"].as_u64().unwrap()),
            _ => [4, 5, 9].contains(&body["type"].as_u64().unwrap()),
        };
        if !allowed {
            self.violations
                .push(format!("{} is no answer to this", body["type"]));
        }
        if is_form {
            self.violations.extend(forms::broken(&body["data"]));
        }
        if is_message {
            self.violations.extend(rules::message(&body["data"]));
            let id = self.show_by(token, &body["data"]);
            self.interactions.get_mut(token).unwrap().original = Some(id);
        }
        StatusCode::NO_CONTENT.into_response()
    }

    /// Once answered, for fifteen minutes, and whoever asks could have counted them.
    fn is_good(&mut self, token: &str) -> bool {
        let Some(interaction) = self.interactions.get(token) else {
            return false;
        };
        let is_over = interaction.came.elapsed() > Duration::from_mins(15);
        if is_over {
            self.violations.push(format!("{token} is too old"));
        }
        interaction.answered.is_some() && !interaction.expired && !is_over
    }

    fn show_by(&mut self, token: &str, body: &Value) -> String {
        let interaction = self.interactions[token].clone();
        let private = body["flags"] == EPHEMERAL
            || (interaction.original.is_none() && !interaction.cleared && interaction.private);
        let id = self.number().to_string();
        self.shown.push(Shown {
            channel: interaction.channel,
            id: id.clone(),
            only: private.then_some(interaction.user),
            by: Some(token.to_owned()),
            body: body.clone(),
            edits: 0,
        });
        id
    }

    fn fill(&mut self, token: &str, body: &Value) -> Response {
        if !self.is_good(token) {
            return refused(404, 10_015);
        }
        let interaction = &self.interactions[token];
        if ![Some(5), Some(6)].contains(&interaction.answered) || interaction.cleared {
            self.violations
                .push(format!("{token} has nothing to be filled"));
            return refused(404, 10_008);
        }
        if let Some(id) = interaction.original.clone() {
            return self.edit(&id, body);
        }
        self.violations.extend(rules::message(body));
        let id = self.show_by(token, body);
        let channel = self.interactions[token].channel.clone();
        self.interactions.get_mut(token).unwrap().original = Some(id.clone());
        ok(&json!({ "id": id, "channel_id": channel }))
    }

    fn clear(&mut self, token: &str) -> Response {
        if !self.is_good(token) {
            return refused(404, 10_015);
        }
        let interaction = self.interactions.get_mut(token).unwrap();
        interaction.cleared = true;
        if let Some(id) = interaction.original.take() {
            self.shown.retain(|shown| shown.id != id);
        }
        StatusCode::NO_CONTENT.into_response()
    }

    fn follow(&mut self, token: &str, body: &Value) -> Response {
        if !self.is_good(token) {
            return refused(404, 10_015);
        }
        self.violations.extend(rules::message(body));
        let interaction = &self.interactions[token];
        if interaction.answered == Some(5) && interaction.original.is_none() && !interaction.cleared
        {
            self.violations.push(format!("{token} is still thinking"));
        }
        let id = self.show_by(token, body);
        let channel = self.interactions[token].channel.clone();
        ok(&json!({ "id": id, "channel_id": channel }))
    }

    fn post(&mut self, channel: &str, body: &Value) -> Response {
        self.violations.extend(rules::message(body));
        let Some(of) = self.channels.get(channel).cloned() else {
            return refused(404, 10_003);
        };
        if of.closed {
            return refused(403, 50_001);
        }
        if of.kind == 15 {
            self.violations.push("a forum takes posts only".to_owned());
            return refused(400, 50_008);
        }
        let Some(nonce) = body["nonce"]
            .as_str()
            .filter(|_| body["enforce_nonce"] == true)
        else {
            self.violations.push("a message has no nonce".to_owned());
            return refused(400, 50_035);
        };
        if let Some(id) = self.nonces.get(nonce) {
            return ok(&json!({ "id": id, "channel_id": channel }));
        }
        let (left, after) = self.bucket(&format!("post {channel}"));
        if left < 0 {
            self.violations.push(format!("too fast in {channel}"));
            return limited(after, false);
        }
        let id = self.number().to_string();
        self.nonces.insert(nonce.to_owned(), id.clone());
        self.shown.push(Shown {
            channel: channel.to_owned(),
            id: id.clone(),
            only: None,
            by: None,
            body: body.clone(),
            edits: 0,
        });
        let headers = [
            ("x-ratelimit-bucket", "posts".to_owned()),
            ("x-ratelimit-limit", "5".to_owned()),
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-reset-after", format!("{after:.3}")),
        ];
        (headers, ok(&json!({ "id": id, "channel_id": channel }))).into_response()
    }

    /// Five in two seconds: what is left, and when it is whole again.
    fn bucket(&mut self, name: &str) -> (i64, f64) {
        const WITHIN: Duration = Duration::from_secs(2);
        let used = self.buckets.entry(name.to_owned()).or_default();
        if used.front().is_some_and(|first| first.elapsed() > WITHIN) {
            used.clear();
        }
        used.push_back(Instant::now());
        let first = used.front().unwrap().elapsed();
        let left = 5 - i64::try_from(used.len()).unwrap();
        (left, WITHIN.saturating_sub(first).as_secs_f64())
    }

    fn edit_by(&mut self, token: &str, id: &str, body: &Value) -> Response {
        if self.is_good(token) {
            self.edit(id, body)
        } else {
            refused(404, 10_015)
        }
    }

    fn edit(&mut self, id: &str, body: &Value) -> Response {
        let Some(shown) = self.shown.iter_mut().find(|shown| shown.id == id) else {
            return refused(404, 10_008);
        };
        // what is not named stays
        let mut whole = shown.body.clone();
        for (key, value) in body.as_object().unwrap() {
            whole[key] = value.clone();
        }
        self.violations.extend(rules::message(&whole));
        if self
            .channels
            .get(&shown.channel)
            .is_some_and(|of| of.archived)
        {
            return refused(400, 50_083);
        }
        shown.body = whole;
        shown.edits += 1;
        ok(&json!({ "id": id, "channel_id": shown.channel }))
    }

    fn begin_thread(&mut self, channel: &str, message: Option<&str>, body: &Value) -> Response {
        let Some(parent) = self.channels.get(channel).cloned() else {
            return refused(404, 10_003);
        };
        if parent.closed {
            return refused(403, 50_001);
        }
        if ![0, 5, 15].contains(&parent.kind) {
            return refused(400, 50_024);
        }
        let id = message.map_or_else(|| self.number().to_string(), str::to_owned);
        if self.channels.contains_key(&id) {
            return refused(400, 160_004);
        }
        let applied = body["applied_tags"].as_array().cloned().unwrap_or_default();
        let thread = Channel {
            kind: 11,
            parent: Some(channel.to_owned()),
            name: body["name"].as_str().unwrap().to_owned(),
            applied: applied
                .iter()
                .map(|tag| tag.as_str().unwrap().to_owned())
                .collect(),
            ..Channel::default()
        };
        self.channels.insert(id.clone(), thread);
        let mut answer = json!({ "id": id, "type": 11, "parent_id": channel });
        if message.is_none() {
            self.violations.extend(rules::message(&body["message"]));
            self.shown.push(Shown {
                channel: id.clone(),
                id: id.clone(),
                only: None,
                by: None,
                body: body["message"].clone(),
                edits: 0,
            });
            answer["message"] = json!({ "id": id });
        }
        (StatusCode::CREATED, ok(&answer)).into_response()
    }
}
