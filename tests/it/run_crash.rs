//! The program is killed at every boundary of a destructive run on a real engine, and started
//! again: each side effect happened at most once, and every run that began ended in a report.
//!
//! Two sweeps. In one, a relay between program and engine counts requests which change something,
//! and kills the program before such a request reaches the engine, or after the engine has done it
//! and before its answer comes back. In the other, a library loaded into the program counts what it
//! commits to its database, and kills it just before or just after a commit: that is every boundary
//! of the journal, those between two writes included.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dogwatch::store::{Match, ReportFilter, RunState};
use futures_util::StreamExt;
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

use crate::support::crash_scene::{ENGINE, Scene, killer};
use crate::support::real_engine::{eventually, real_engine};

/// More than there are requests that change something.
const MOST: usize = 14;
/// More than a run commits, the renewals of its lease included.
const MOST_COMMITS: usize = 80;
const AT_ONCE: usize = 6;
const ENOUGH: usize = 4;

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

/// Whether the boundary was reached at all.
async fn killed_at(boundary: Boundary) -> bool {
    let what = format!("{boundary:?}");
    let scene = Scene::new();
    let before = scene.id();
    if !reset_killed_at(&scene, boundary).await {
        return false;
    }
    let (store, run) = scene.started_again(&what).await.expect("it had begun");
    assert_eq!(run.state, RunState::Succeeded, "{what}: {}", run.detail);
    let report = store.report(&run.report_id).await.unwrap();
    assert!(matches!(report, Match::One(_)), "{what}: no report");
    scene.was_reset_once(&before, &what).await;
    true
}

async fn reset_killed_at(scene: &Scene, boundary: Boundary) -> bool {
    let socket = scene.state.path().join("relay.sock");
    let (pid, victim) = watch::channel(None);
    let relay = Arc::new(Relay {
        engine: ENGINE.into(),
        boundary,
        seen: AtomicUsize::new(0),
        victim,
    });
    let relaying = tokio::spawn(Arc::clone(&relay).serve(socket.clone()));
    eventually("the relay listens", || async { socket.exists() }).await;
    let killed = ends_by_a_kill(scene.reset(&socket), |id| {
        pid.send_replace(Some(id));
    });
    let killed = killed.await;
    relaying.abort();
    killed
}

/// Whether so many commits were reached at all.
async fn killed_at_commit(number: usize, when: &str) -> bool {
    let what = format!("{when} commit {number}");
    let scene = Scene::new();
    let before = scene.id();
    // the tables are made beforehand: what is counted is the run
    let made = scene
        .dogwatch(Path::new(ENGINE), &["console", "--", "runs"])
        .status();
    assert!(made.unwrap().success());
    let library = killer(scene.state.path());
    let mut reset = scene.reset(Path::new(ENGINE));
    reset
        .env("LD_PRELOAD", library)
        .env("KILL_WHEN", when)
        .env("KILL_AT_COMMIT", number.to_string());
    if !ends_by_a_kill(reset, |_| {}).await {
        return false;
    }
    let Some((store, run)) = scene.started_again(&what).await else {
        scene.is_untouched(&before, &what);
        return true;
    };
    if run.started_ms.is_none() {
        let waits = run.state == RunState::AwaitingApproval;
        assert!(
            waits || run.state == RunState::Cancelled,
            "{what}: {} {}",
            run.state.word(),
            run.detail
        );
        scene.is_untouched(&before, &what);
        return true;
    }
    assert_eq!(run.state, RunState::Succeeded, "{what}: {}", run.detail);
    let report = store.report(&run.report_id).await.unwrap();
    assert!(matches!(report, Match::One(_)), "{what}: no report");
    // `serve` also reports what it notices by itself, here and of others on the same engine
    let reports = store.reports(&ReportFilter::default()).await.unwrap();
    let mine = reports.iter().find(|report| report.id == run.report_id);
    let mine = mine.expect("it was found above");
    let of_run = reports.iter().filter(|report| report.issue == mine.issue);
    assert_eq!(of_run.count(), 1, "{what}: one run, one report");
    scene.was_reset_once(&before, &what).await;
    true
}

/// Starts it and waits; one that ends by itself has to end well.
async fn ends_by_a_kill(mut command: Command, started: impl FnOnce(i32)) -> bool {
    let mut child = command.spawn().unwrap();
    started(i32::try_from(child.id()).unwrap());
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(
        status.code().is_none_or(|code| code == 0),
        "it ended by itself, and failed: {status}"
    );
    status.code().is_none()
}

/// How many of these were reached, several at a time and in order. It ends where a few in a row were
/// not: how often a lease is renewed differs from run to run.
async fn sweep<R: Future<Output = bool> + Send + 'static>(boundaries: Vec<R>) -> usize {
    let (mut reached, mut missed) = (0, 0);
    let over = AtomicBool::new(false);
    let begun = boundaries
        .into_iter()
        .map_while(|boundary| (!over.load(Ordering::SeqCst)).then(|| tokio::spawn(boundary)));
    let mut results = futures_util::stream::iter(begun).buffered(AT_ONCE);
    while let Some(result) = results.next().await {
        if result.unwrap() {
            (reached, missed) = (reached + 1, 0);
        } else {
            missed += 1;
        }
        if missed == ENOUGH {
            over.store(true, Ordering::SeqCst);
        }
    }
    assert!(
        missed >= ENOUGH,
        "there are more boundaries than were tried"
    );
    reached
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_request_a_destructive_run_comes_to_its_end_once() {
    if real_engine().await.is_none() {
        return;
    }
    let both = |request| [When::Before, When::After].map(|when| Boundary { request, when });
    let reached = sweep((1..=MOST).flat_map(both).map(killed_at).collect()).await;
    assert!(reached >= 16, "only {reached} boundaries were reached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_commit_a_destructive_run_comes_to_its_end_once() {
    if real_engine().await.is_none() {
        return;
    }
    let both = |number| ["before", "after"].map(|when| killed_at_commit(number, when));
    let reached = sweep((1..=MOST_COMMITS).flat_map(both).collect()).await;
    assert!(reached >= 40, "only {reached} boundaries were reached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_the_next_run_takes_up_what_was_cut_short() {
    if real_engine().await.is_none() {
        return;
    }
    let scene = Scene::new();
    let before = scene.id();
    let boundary = Boundary {
        request: 2,
        when: When::After,
    };
    assert!(reset_killed_at(&scene, boundary).await);
    let says = |arguments: &[&str]| {
        let mut command = scene.dogwatch(Path::new(ENGINE), arguments);
        let output = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output();
        let output = output.unwrap();
        let texts = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(texts).unwrap())
    };
    eventually("nobody holds it any more", || async {
        says(&["console", "--", "runs"]).1.contains("was cut short")
    })
    .await;
    let (code, text) = says(&["console", "--", "stop", &scene.container()]);
    assert!(
        code == Some(1) && text.contains("has to be taken up first"),
        "{text}"
    );
    let (code, text) = says(&["run", "port-holder", "-p", "port=9"]);
    assert!(
        code == Some(0) && text.contains("brought to its end: full reset of"),
        "{text}"
    );
    scene.was_reset_once(&before, "taken up").await;
}
