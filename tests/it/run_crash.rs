//! The program is killed at every boundary of a destructive run on a real engine, and started
//! again: each side effect happened at most once, and every run ended in a report.
//!
//! Between program and engine stands a relay that counts requests which change something. It kills
//! the program either before such a request reaches the engine (intent written, nothing done) or
//! after the engine has done it and before its answer comes back (done, outcome not written).

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dogwatch::store::{Match, RunFilter, RunRecord, Store};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyperlocal::UnixConnector;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::support::real_engine::{Sandbox, docker, eventually, program, real_engine};

/// More than there are requests that change something.
const MOST: usize = 12;
const AT_ONCE: usize = 6;

#[derive(Debug, Clone, Copy)]
enum When {
    Before,
    After,
}

/// Where the program is killed: at the nth request that changes something.
#[derive(Debug, Clone, Copy)]
struct Boundary {
    request: usize,
    when: When,
}

struct Relay {
    engine: PathBuf,
    boundary: Boundary,
    seen: AtomicUsize,
    /// The program to be killed, once it runs.
    victim: watch::Receiver<Option<i32>>,
}

impl Relay {
    async fn serve(self: Arc<Self>, socket: PathBuf) {
        let listener = UnixListener::bind(socket).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let relay = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(|request| Arc::clone(&relay).pass(request));
                let _ended = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn pass(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let changes = request.method() != Method::GET && request.method() != Method::HEAD;
        let hit = changes && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.boundary.request;
        if hit && matches!(self.boundary.when, When::Before) {
            return self.shoot().await;
        }
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut forwarded = Request::new(Full::new(body));
        *forwarded.method_mut() = parts.method;
        *forwarded.headers_mut() = parts.headers;
        *forwarded.uri_mut() = hyperlocal::Uri::new(&self.engine, path).into();
        let client: Client<UnixConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build(UnixConnector);
        let Ok(answer) = client.request(forwarded).await else {
            return Ok(refusal());
        };
        let (parts, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        if hit {
            return self.shoot().await;
        }
        let mut parts = parts;
        parts.headers.remove("transfer-encoding");
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    async fn shoot(&self) -> Result<Response<Full<Bytes>>, Infallible> {
        let mut victim = self.victim.clone();
        let pid = victim.wait_for(Option::is_some).await.unwrap().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        Ok(refusal())
    }
}

fn refusal() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// The program itself, with a state directory of its own.
fn dogwatch(state: &Path, socket: &Path, arguments: &[&str]) -> Child {
    program(env!("CARGO_BIN_EXE_dogwatch"))
        .args(arguments)
        .env("DOGWATCH_STATE", state)
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env("HOME", state)
        .current_dir(state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

struct Scene {
    sandbox: Sandbox,
    stack: String,
    state: tempfile::TempDir,
    /// Writes down what the engine does from the beginning: it remembers little by itself.
    listener: Child,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let stack = sandbox.name("crash").to_lowercase();
        let state = tempfile::tempdir().unwrap();
        let events = std::fs::File::create(state.path().join("events")).unwrap();
        let listener = program("docker")
            .args(["events", "--since", "0s", "--format"])
            .arg("{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}")
            .stdout(events)
            .spawn()
            .unwrap();
        let scene = Self {
            sandbox,
            stack,
            state,
            listener,
        };
        scene.set();
        scene
    }

    fn container(&self) -> String {
        format!("{}-db-1", self.stack)
    }

    fn volume(&self) -> String {
        format!("{}_data", self.stack)
    }

    fn set(&self) {
        let labels = [
            format!("com.docker.compose.project={}", self.stack),
            "com.docker.compose.service=db".to_owned(),
            "com.docker.compose.container-number=1".to_owned(),
        ];
        let (name, mount) = (self.container(), format!("{}:/data", self.volume()));
        let mut options = vec!["--name", &name, "--volume", &mount];
        for label in &labels {
            options.extend(["--label", label]);
        }
        let polite = [
            "sh",
            "-c",
            "trap 'exit 0' TERM; while :; do sleep 0.1; done",
        ];
        self.sandbox.run(&options, &polite);
        std::fs::write(
            self.state.path().join("dogwatch.yaml"),
            "http: { listen: \"127.0.0.1:0\" }\n",
        )
        .unwrap();
    }

    /// How often the engine recorded this of a thing: `container destroy ID NAME`.
    fn count(&self, begins: &str, ends: &str) -> usize {
        let file = std::fs::read_to_string(self.state.path().join("events")).unwrap();
        file.lines()
            .filter(|line| line.starts_with(begins) && line.ends_with(ends))
            .count()
    }

    async fn only_run(&self) -> Option<(Store, RunRecord)> {
        let url = format!(
            "sqlite://{}",
            self.state.path().join("dogwatch.db").display()
        );
        let store = Store::open(&url).await.ok()?;
        let run = store.runs(&RunFilter::default()).await.ok()?.pop()?;
        Some((store, run))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ended = self.listener.kill();
        let _waited = self.listener.wait();
        let (name, aside) = (self.container(), format!("{}.aside", self.container()));
        for name in [name, aside] {
            let _gone = program("docker").args(["rm", "--force", &name]).output();
        }
        let _gone = program("docker")
            .args(["volume", "rm", "--force", &self.volume()])
            .output();
    }
}

/// Whether the boundary was reached at all.
async fn killed_at(boundary: Boundary) -> bool {
    let scene = Scene::new();
    let before = docker(&["inspect", "--format", "{{.Id}}", &scene.container()]);
    let socket = scene.state.path().join("relay.sock");
    let (pid, victim) = watch::channel(None);
    let relay = Arc::new(Relay {
        engine: "/var/run/docker.sock".into(),
        boundary,
        seen: AtomicUsize::new(0),
        victim,
    });
    let relaying = tokio::spawn(Arc::clone(&relay).serve(socket.clone()));
    eventually("the relay listens", || async { socket.exists() }).await;
    let stack = format!("stack={}", scene.stack);
    let arguments = ["run", "full-reset", "-p", &stack, "-p", "grace=1s", "--yes"];
    let mut child = dogwatch(scene.state.path(), &socket, &arguments);
    pid.send_replace(Some(i32::try_from(child.id()).unwrap()));
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap();
    relaying.abort();
    if status.code().is_some() {
        assert!(
            status.success(),
            "{boundary:?}: it ended by itself, and failed"
        );
        return false;
    }
    let (store, run) = started_again(&scene, boundary).await;
    assert_eq!(
        run.state.word(),
        "succeeded",
        "{boundary:?}: {}",
        run.detail
    );
    let report = store.report(&run.report_id).await.unwrap();
    assert!(matches!(report, Match::One(_)), "{boundary:?}: no report");
    everything_happened_once(&scene, &before, boundary).await;
    true
}

/// The program is started again, and the run comes to its end.
async fn started_again(scene: &Scene, boundary: Boundary) -> (Store, RunRecord) {
    let real = Path::new("/var/run/docker.sock");
    let mut again = dogwatch(scene.state.path(), real, &["serve", "--headless"]);
    let ended = async {
        loop {
            if let Some((store, run)) = scene.only_run().await
                && run.state.is_final()
            {
                return (store, run);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(90), ended).await;
    again.kill().unwrap();
    again.wait().unwrap();
    ended.unwrap_or_else(|_| panic!("{boundary:?}: the run never ended"))
}

async fn everything_happened_once(scene: &Scene, before: &str, boundary: Boundary) {
    let gone = format!("container destroy {before} {}", scene.container());
    eventually("the engine has told that the container went", || async {
        scene.count(&gone, "") > 0
    })
    .await;
    assert_eq!(
        scene.count(&gone, ""),
        1,
        "{boundary:?}: the old one went once"
    );
    let volume = format!("volume destroy {} ", scene.volume());
    assert_eq!(
        scene.count(&volume, ""),
        1,
        "{boundary:?}: its volume went once"
    );
    let named = format!(" {}", scene.container());
    let created = scene.count("container create ", &named);
    assert_eq!(created, 2, "{boundary:?}: made once by us, once anew");
    let running = docker(&[
        "inspect",
        "--format",
        "{{.State.Running}}",
        &scene.container(),
    ]);
    assert_eq!(running, "true", "{boundary:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_a_destructive_run_comes_to_its_end_once() {
    if real_engine().await.is_none() {
        return;
    }
    let boundaries = (1..=MOST)
        .flat_map(|request| [When::Before, When::After].map(|when| Boundary { request, when }));
    let results: Vec<bool> = futures_util::StreamExt::collect(futures_util::StreamExt::buffered(
        futures_util::stream::iter(
            boundaries
                .map(|boundary| async move { tokio::spawn(killed_at(boundary)).await.unwrap() }),
        ),
        AT_ONCE,
    ))
    .await;
    let reached = results.iter().filter(|reached| **reached).count();
    assert!(reached >= 16, "only {reached} boundaries were reached");
    assert!(
        !results[results.len() - 1],
        "there are more boundaries than were tried"
    );
}
