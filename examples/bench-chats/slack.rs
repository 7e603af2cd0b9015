//! How fast slash commands are acknowledged while runs go on, beside a Bolt app that only
//! acknowledges, and what a hundred thousand commands do to memory. Called by `benches/slack.py`:
//! `bench-slack BINARY SECONDS COMMANDS [BOLT_DIRECTORY]`; prints one row of the table per line.

use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use dogwatch::clock::Clock;
use dogwatch::sim::{Begins, Behaviour, ContainerSpec, Simulation, World};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Http = Client<HttpConnector, Full<Bytes>>;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const RUNS: u64 = 50;
const A_SECOND: u64 = 200;
const ROUNDS: usize = 2;
const AT_ONCE: usize = 16;
/// An acknowledgement that takes longer never comes.
const NEVER: Duration = Duration::from_secs(30);
/// What was begun before has ended by then: memory is looked at when it is quiet.
const QUIET: Duration = Duration::from_mins(3);

/// How long each round takes, and how many commands come after.
#[derive(Clone, Copy)]
struct Load {
    seconds: u64,
    commands: u64,
}

/// Waits for somebody's word, so it is in progress for as long as we like.
const HOLD: &str = "name: hold\ntitle: Hold\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: gate\n    gate: go on?\n  - id: restart\n    container.restart: { services: \"{{stack}}\" }\n";

/// What Slack was told, as far as it is counted.
#[derive(Default)]
struct Told {
    posts: AtomicU64,
    running: AtomicU64,
    answers: AtomicU64,
}

async fn web_api(State(told): State<Arc<Told>>, body: Bytes) -> Json<Value> {
    let number = told.posts.fetch_add(1, Ordering::Relaxed);
    let text = String::from_utf8_lossy(&body);
    if text.contains("step 1 of") && !text.contains("\"ts\"") {
        told.running.fetch_add(1, Ordering::Relaxed);
    }
    Json(json!({ "ok": true, "channel": "C1", "ts": format!("1700000000.{number:06}") }))
}

async fn answer(State(told): State<Arc<Told>>) -> &'static str {
    told.answers.fetch_add(1, Ordering::Relaxed);
    "ok"
}

async fn fake_slack() -> Result<(String, Arc<Told>), Failure> {
    let told = Arc::new(Told::default());
    let app = Router::new()
        .route("/api/{method}", post(web_api))
        .route("/respond/{number}", post(answer))
        .with_state(Arc::clone(&told));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((base, told))
}

/// One stack for each run, since a stack is changed by one run at a time.
fn world() -> World {
    (0..RUNS).fold(World::new(), |world, number| {
        let stack = format!("s{number:02}");
        world.with(
            ContainerSpec::new(&format!("{stack}-api-1"), "example:1")
                .label("com.docker.compose.project", &stack)
                .label("com.docker.compose.service", "api")
                .label("com.docker.compose.container-number", "1")
                .behaviour(Behaviour::idle())
                .begins(Begins::Running(Duration::from_hours(1))),
        )
    })
}

/// Something that listens, and is ended with us.
struct Listening {
    child: Child,
    url: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark starts what it measures"
)]
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn dogwatch(binary: &Path, scratch: &Path, slack: &str) -> Result<Listening, Failure> {
    let runbooks = scratch.join("runbooks");
    std::fs::create_dir(&runbooks)?;
    std::fs::write(runbooks.join("hold.yml"), HOLD)?;
    let config = format!(
        "http: {{ listen: \"127.0.0.1:0\" }}\nhosts: {{ local: {{ docker: \"unix://{}\" }} }}\n\
         chat: {{ slack: {{ api_url: \"{slack}/api/\", bot_token: xoxb-bench, signing_secret: {SECRET} }} }}\n\
         runbooks: {{ directory: \"{}\", at_once: 60 }}\n\
         access: {{ roles: {{ all: {{ allow: [\"*:read\", \"*:change\"] }} }}, members: {{ \"slack:*\": [all] }} }}\n",
        scratch.join("engine.sock").display(),
        runbooks.display()
    );
    let file = scratch.join("dogwatch.yaml");
    std::fs::write(&file, config)?;
    let mut command = program(binary);
    command
        .arg("--config")
        .arg(&file)
        .args(["serve", "--headless"]);
    command
        .env("DOGWATCH_STATE", scratch)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stderr = child.stderr.take().ok_or("no standard error")?;
    let line = until(stderr, "address=").await?;
    let address = line.split_once("address=").map(|(_, rest)| rest);
    let address = address.and_then(|rest| rest.split_whitespace().next());
    Ok(Listening {
        url: format!("http://{}/slack/commands", address.unwrap_or_default()),
        child,
    })
}

async fn bolt(directory: &Path, slack: &str) -> Result<Listening, Failure> {
    let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let mut command = program(Path::new("node"));
    command.arg("app.js").arg(free.to_string()).arg(SECRET);
    command.arg(format!("{slack}/api/")).current_dir(directory);
    command
        .env("NODE_ENV", "production")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().ok_or("no standard output")?;
    until(stdout, "listening").await?;
    Ok(Listening {
        url: format!("http://127.0.0.1:{free}/slack/commands"),
        child,
    })
}

/// The first line with these words. The rest is read and dropped: a full pipe would hold it up.
async fn until(
    output: impl tokio::io::AsyncRead + Unpin + Send + 'static,
    words: &str,
) -> Result<String, Failure> {
    let mut lines = BufReader::new(output).lines();
    let found = timeout(Duration::from_secs(30), async {
        loop {
            match lines.next_line().await? {
                Some(line) if line.contains(words) => return Ok::<_, Failure>(line),
                Some(_) => {}
                None => return Err("it ended".into()),
            }
        }
    });
    let found = found.await??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(found)
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
    let digits: String = outer.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={digits}")
}

/// Slash commands of one sender to one place.
#[derive(Clone)]
struct Sender {
    http: Http,
    url: String,
    respond: String,
    number: Arc<AtomicU64>,
}

impl Sender {
    /// How long it took to be acknowledged.
    async fn send(&self, line: &str, since: Instant) -> Result<Duration, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let line = line.replace(' ', "+").replace('=', "%3D");
        // each command has an answer URL of its own
        let respond = format!("{}/{number}", self.respond);
        let respond = respond.replace(':', "%3A").replace('/', "%2F");
        let body = format!(
            "token=x&team_id=T1&team_domain=d&channel_id=C1&channel_name=ops&user_id=U1&user_name=u&command=%2Fops&text={line}&response_url={respond}&trigger_id=t.{number}&api_app_id=A1"
        );
        let at = Clock::System.now().as_second();
        let request = Request::post(&self.url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-signature", signature(at, &body))
            .header("x-slack-request-timestamp", at.to_string())
            .body(Full::new(Bytes::from(body)))?;
        let response = timeout(NEVER, self.http.request(request)).await??;
        let status = response.status();
        response.into_body().collect().await?;
        if status.is_success() {
            Ok(since.elapsed())
        } else {
            Err(format!("{}: {status}", self.url).into())
        }
    }

    /// What people type: mostly small questions, one in twenty about a stack.
    fn line(number: u64) -> String {
        if number.is_multiple_of(20) {
            format!("status s{:02}", number % RUNS)
        } else {
            "whoami".to_owned()
        }
    }

    /// So many a second, whether the answers come or not; a late one counts from when it was due.
    async fn steadily(&self, seconds: u64) -> Result<Vec<Duration>, Failure> {
        let mut ticks = interval(Duration::from_micros(1_000_000 / A_SECOND));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut tasks = JoinSet::new();
        for number in 0..A_SECOND * seconds {
            let due = ticks.tick().await;
            let sender = self.clone();
            tasks.spawn(async move { sender.send(&Self::line(number), due).await });
        }
        let mut took = Vec::new();
        while let Some(done) = tasks.join_next().await {
            took.push(done??);
        }
        Ok(took)
    }

    /// As many as there are, some at a time.
    async fn at_once(&self, many: u64) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        for (sender, _) in (0..many).zip(0..AT_ONCE) {
            let this = self.clone();
            tasks.spawn(async move {
                for number in (sender..many).step_by(AT_ONCE) {
                    this.send(&Self::line(number), Instant::now()).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    }
}

/// Resident MiB of a process.
fn memory(of: &Listening) -> Result<f64, Failure> {
    let id = of.child.id().ok_or("it has ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<f64>()? / 1024.0)
}

/// `p50 1.2 ms, p99 8.0 ms`
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    format!("p50 {:.1} ms, p99 {:.1} ms", at(50), at(99))
}

/// When no answer has come for a second, nothing is worked on any more.
async fn quiet(told: &Told) -> Result<(), Failure> {
    let silence = async {
        let mut before = u64::MAX;
        loop {
            let now = told.answers.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
            sleep(Duration::from_secs(1)).await;
        }
    };
    Ok(timeout(QUIET, silence).await?)
}

async fn measure(binary: &Path, load: Load, bolt_directory: Option<&Path>) -> Result<(), Failure> {
    let scratch = tempfile::tempdir()?;
    let socket = scratch.path().join("engine.sock");
    let _engine = Simulation::start(world(), &socket, Clock::System)?;
    let (slack, told) = fake_slack().await?;
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let sender = |of: &Listening| Sender {
        http: http.clone(),
        url: of.url.clone(),
        respond: format!("{slack}/respond"),
        number: Arc::default(),
    };
    let ours = dogwatch(binary, scratch.path(), &slack).await?;
    let to_ours = sender(&ours);
    for number in 0..RUNS {
        let line = format!("run hold stack=s{number:02}");
        to_ours.send(&line, Instant::now()).await?;
    }
    let running = async {
        while told.running.load(Ordering::Relaxed) < RUNS {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_mins(3), running).await?;
    let theirs = match bolt_directory {
        Some(directory) => Some(bolt(directory, &slack).await?),
        None => None,
    };
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.extend(to_ours.steadily(load.seconds).await?);
        if let Some(theirs) = &theirs {
            their_times.extend(sender(theirs).steadily(load.seconds).await?);
        }
    }
    say(&format!(
        "acknowledging {A_SECOND} slash commands a second, {RUNS} runs in progress | {} | p99 under 50 ms",
        spread(our_times)
    ));
    if theirs.is_some() {
        let what = "a Bolt for JavaScript app that only acknowledges, in turn";
        say(&format!("{what} | {} | ", spread(their_times)));
    }
    drop(theirs);
    let first = load.commands / 10;
    to_ours.at_once(first).await?;
    quiet(&told).await?;
    let early = memory(&ours)?;
    to_ours.at_once(load.commands).await?;
    quiet(&told).await?;
    let late = memory(&ours)?;
    say(&format!(
        "resident memory after {first} commands, and after {} more | {early:.1} MiB, {late:.1} MiB | no growth",
        load.commands
    ));
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next();
    let (binary, seconds, commands) = (next(), next(), next());
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    let (Some(binary), Some(seconds), Some(commands)) = (binary, number(seconds), number(commands))
    else {
        say("usage: bench-slack BINARY SECONDS COMMANDS [BOLT_DIRECTORY]");
        return ExitCode::FAILURE;
    };
    let (load, bolt_directory) = (Load { seconds, commands }, next());
    let bolt_directory = bolt_directory.as_deref().map(Path::new);
    match measure(Path::new(&binary), load, bolt_directory).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark tells its numbers")]
fn say(text: &str) {
    println!("{text}");
}
