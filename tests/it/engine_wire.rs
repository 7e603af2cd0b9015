//! Engines that are not there, not engines, too old, or break off: fakes at the wire.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::serve::ListenerExt;
use dogwatch::action::container::Status;
use dogwatch::action::events::EventQuery;
use dogwatch::action::logs::LogQuery;
use dogwatch::engine::{Endpoint, Engine, EngineError};
use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::net::UnixListener;

use crate::support::real_engine::program;

/// Serves `routes` on a socket of its own until it is dropped.
struct Fake {
    dir: TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Fake {
    fn serve(routes: Router) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("engine.sock")).unwrap();
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.unwrap();
        });
        Self { dir, task }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.dir.path().join("engine.sock"))
    }

    async fn connect(&self) -> Result<Engine, EngineError> {
        Engine::connect(&self.endpoint()).await
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn version(api: &str) -> Router {
    let answer = format!(r#"{{"Version": "1", "ApiVersion": "{api}"}}"#);
    Router::new().route("/version", get(move || std::future::ready(answer.clone())))
}

/// A body that breaks off behind `pieces`, each of which is sent on its own.
fn torn(pieces: &'static [&'static str]) -> Body {
    let sent = pieces.iter().map(|piece| Ok(*piece));
    let torn = std::iter::once(Err(std::io::Error::other("the engine was killed")));
    let one_by_one = futures_util::stream::iter(sent.chain(torn)).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(one_by_one)
}

fn error(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = serde_json::json!({ "message": message }).to_string();
    (status, body).into_response()
}

/// The temporary directory in a message would change from run to run.
fn said(fake: &Fake, error: &EngineError) -> String {
    let dir = fake.dir.path().display().to_string();
    error.to_string().replace(&dir, "DIR")
}

async fn refused_at_connect(routes: Router) -> (EngineError, String) {
    let fake = Fake::serve(routes);
    let error = fake.connect().await.unwrap_err();
    let text = said(&fake, &error);
    (error, text)
}

#[tokio::test]
async fn no_socket_says_so() {
    let endpoint = Endpoint::parse("unix:///nowhere/docker.sock").unwrap();
    let error = Engine::connect(&endpoint).await.unwrap_err();
    assert!(error.is_outage() && error.is_retryable());
    insta::assert_snapshot!(error, @"no engine at `unix:///nowhere/docker.sock`: there is no such socket; is the engine installed and started, and is `DOCKER_HOST` right?");
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("engine.sock");
    drop(UnixListener::bind(&path).unwrap());
    let error = Engine::connect(&Endpoint::Unix(path)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("nobody listens on the socket"), "{text}");
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_says_so() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let endpoint = Endpoint::Tcp {
        host: "127.0.0.1".to_owned(),
        port,
    };
    let text = Engine::connect(&endpoint).await.unwrap_err().to_string();
    assert!(text.contains("nobody listens on that port"), "{text}");
}

#[tokio::test]
async fn another_web_server_is_not_taken_for_an_engine() {
    let page = || async { "<html><h1>It works!</h1></html>" };
    let (_, text) = refused_at_connect(Router::new().fallback(page)).await;
    insta::assert_snapshot!(text, @"no engine at `unix://DIR/engine.sock`: something answers there, but it is not a container engine; check `DOCKER_HOST`");
    let (_, other) = refused_at_connect(Router::new()).await;
    assert_eq!(other, text, "a 404 page is no better");
    let json = Router::new().fallback(|| async { "{}" });
    let (_, other) = refused_at_connect(json).await;
    assert_eq!(other, text, "nor is just any JSON");
}

#[tokio::test]
async fn something_that_speaks_no_http_is_not_taken_for_an_engine() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let ssh = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
        peer
    });
    let error = Engine::connect(&Endpoint::Unix(path)).await.unwrap_err();
    ssh.abort();
    let text = error.to_string();
    assert!(text.contains("it is not a container engine"), "{text}");
}

#[tokio::test]
async fn an_engine_from_before_our_time_is_told_apart() {
    let (error, text) = refused_at_connect(version("1.24")).await;
    assert!(!error.is_retryable());
    insta::assert_snapshot!(text, @"the engine at `unix://DIR/engine.sock` speaks API 1.24; 1.25 or newer is needed");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_is_given_up() {
    let silent = Router::new().fallback(std::future::pending::<String>);
    let (_, text) = refused_at_connect(silent).await;
    insta::assert_snapshot!(text, @"no engine at `unix://DIR/engine.sock`: it did not answer within 5 s");
}

#[tokio::test]
async fn an_engine_in_trouble_is_reached_but_says_why() {
    let broken = Router::new().fallback(|| async { error(500, "database is locked") });
    let (error, text) = refused_at_connect(broken).await;
    assert!(error.is_retryable());
    insta::assert_snapshot!(text, @"the engine refused: database is locked");
}

#[tokio::test]
async fn a_socket_we_may_not_use_says_which_group() {
    let Some(output) = as_nobody("engine_wire::connect_as_nobody") else {
        eprintln!("NOT RUN: this needs root and setpriv");
        return;
    };
    assert!(output.contains("not allowed to use the engine"), "{output}");
    assert!(output.contains("usermod -aG docker"), "{output}");
}

/// Runs one ignored test of this binary as the user nobody.
fn as_nobody(test: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let binary = dir.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let socket = dir.path().join("engine.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600)).unwrap();
    let output = program("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&binary)
        .args(["--ignored", "--exact", "--nocapture", test])
        .current_dir(dir.path())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
#[ignore = "run by `a_socket_we_may_not_use_says_which_group` as another user"]
async fn connect_as_nobody() {
    let socket = PathBuf::from("engine.sock");
    println!(
        "{}",
        Engine::connect(&Endpoint::Unix(socket)).await.unwrap_err()
    );
}

#[tokio::test]
async fn a_container_that_vanishes_while_we_list_is_left_out() {
    let listed = r#"[{"Id": "b"}, {"Id": "gone"}, {"Id": "a"}]"#;
    let inspect = |Path(id): Path<String>| async move {
        match id.as_str() {
            "gone" => error(404, "No such container: gone"),
            id => format!(r#"{{"Id": "{id}", "Name": "/name-of-{id}"}}"#).into_response(),
        }
    };
    let fake = Fake::serve(
        version("1.41")
            .route("/containers/json", get(move || std::future::ready(listed)))
            .route("/containers/{id}/json", get(inspect)),
    );
    let containers = fake.connect().await.unwrap().containers().await.unwrap();
    let names: Vec<&str> = containers.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["name-of-a", "name-of-b"]);
}

#[tokio::test]
async fn one_container_that_cannot_be_read_does_not_hide_the_others() {
    let listed = r#"[
        {"Id": "a", "Names": ["/web"], "State": "running"},
        {"Id": "b", "Names": ["/db"], "Image": "pg:17", "State": "dead", "Labels": {"k": "v"}}
    ]"#;
    let inspect = |Path(id): Path<String>| async move {
        match id.as_str() {
            "a" => r#"{"Id": "a", "Name": "/web", "State": {"Pid": 7}}"#.into_response(),
            _ => error(500, "layer does not exist"),
        }
    };
    let fake = Fake::serve(
        version("1.41")
            .route("/containers/json", get(move || std::future::ready(listed)))
            .route("/containers/{id}/json", get(inspect)),
    );
    let containers = fake.connect().await.unwrap().containers().await.unwrap();
    let [db, web] = &containers[..] else {
        panic!("both are there: {containers:?}");
    };
    assert_eq!((db.name.as_str(), db.image.as_str()), ("db", "pg:17"));
    assert_eq!(
        (db.state.status, db.labels["k"].as_str()),
        (Status::Dead, "v")
    );
    let error = db.state.error.expose();
    assert_eq!(error, "the engine refused: layer does not exist");
    assert_eq!((web.name.as_str(), web.state.pid), ("web", Some(7)));
}

#[tokio::test]
async fn question_after_question_goes_over_one_connection() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("engine.sock");
    let (opened, mut connections) = tokio::sync::mpsc::unbounded_channel();
    let listener = UnixListener::bind(&path).unwrap().tap_io(move |_| {
        opened.send(()).unwrap();
    });
    let routes = version("1.41").route("/containers/{id}/json", get(|| async { "{}" }));
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
    let engine = Engine::connect(&Endpoint::Unix(path)).await.unwrap();
    for _ in 0..20 {
        engine.container("a").await.unwrap();
    }
    serving.abort();
    let mut count = 0;
    while connections.try_recv().is_ok() {
        count += 1;
    }
    // A connection may be wanted again before it is back among the idle ones.
    assert!((1..=5).contains(&count), "{count} connections");
}

#[tokio::test]
async fn an_id_cannot_reach_another_path() {
    let fake = Fake::serve(version("1.41").fallback(any(|| async { error(500, "reached") })));
    let engine = fake.connect().await.unwrap();
    for id in [
        "../volumes/x",
        "a/../../b",
        "a?force=1",
        "",
        ".",
        "a b",
        "a%2e",
    ] {
        let error = engine.remove(id, true).await.unwrap_err();
        assert!(
            matches!(error, EngineError::NotFound { .. }),
            "{id}: {error}"
        );
        let error = engine.remove_volume(id).await.unwrap_err();
        assert!(
            matches!(error, EngineError::NotFound { .. }),
            "{id}: {error}"
        );
    }
}

#[tokio::test]
async fn each_status_becomes_what_it_means() {
    let start = |Path(id): Path<String>| async move {
        match id.as_str() {
            "running" => StatusCode::NOT_MODIFIED.into_response(),
            "gone" => error(404, "No such container: gone"),
            "lost-network" => error(404, "network shop_default not found"),
            "conflict" => error(409, "container is marked for removal"),
            "html" => (StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>").into_response(),
            _ => error(500, "driver failed programming external connectivity"),
        }
    };
    let fake = Fake::serve(version("1.41").route("/containers/{id}/start", post(start)));
    let engine = fake.connect().await.unwrap();
    let mut said = BTreeMap::new();
    for id in [
        "running",
        "gone",
        "lost-network",
        "conflict",
        "html",
        "port",
    ] {
        let answer = match engine.start(id).await {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{error} (retry: {})", error.is_retryable()),
        };
        said.insert(id, answer);
    }
    insta::assert_debug_snapshot!(said, @r#"
    {
        "conflict": "the engine refused: container is marked for removal (retry: false)",
        "gone": "container `gone` is not there (retry: false)",
        "html": "the engine refused: <html>Bad Gateway</html> (retry: true)",
        "lost-network": "the engine refused: network shop_default not found (retry: false)",
        "port": "the engine refused: driver failed programming external connectivity (retry: true)",
        "running": "ok",
    }
    "#);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error() {
    let half = || async { torn(&["{\"Id\": \"a\", \"Na"]) };
    let fake = Fake::serve(version("1.41").route("/containers/{id}/json", get(half)));
    let error = fake
        .connect()
        .await
        .unwrap()
        .container("a")
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Broken { .. }), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_followed_log_gives_its_lines_and_then_says_that_it_broke() {
    let log = || async {
        torn(&[
            "2026-11-20T03:09:41Z one\n2026-11-20T03:09:42Z tw",
            "o\n2026-11-20T03:09:43Z th",
        ])
    };
    let fake = Fake::serve(version("1.41").route("/containers/{id}/logs", get(log)));
    let engine = fake.connect().await.unwrap();
    let seen: Vec<_> = engine.follow("a", &LogQuery::default()).collect().await;
    let lines: Vec<&str> = seen
        .iter()
        .filter_map(|line| Some(line.as_ref().ok()?.text.expose()))
        .collect();
    assert_eq!(lines, ["one", "two", "th"]);
    assert!(matches!(seen.last(), Some(Err(EngineError::Broken { .. }))));
}

#[tokio::test]
async fn a_watch_ends_with_an_error_when_the_engine_goes() {
    let event = r#"{"Type": "pod", "Action": "start", "Actor": {"ID": "a"}, "time": 1}"#;
    let routes = version("1.41").route("/events", get(move || std::future::ready(event)));
    let fake = Fake::serve(routes);
    let engine = fake.connect().await.unwrap();
    let seen: Vec<_> = engine.watch(&EventQuery::default()).collect().await;
    assert!(
        matches!(&seen[..], [Ok(_), Err(EngineError::Broken { .. })]),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_given_up() {
    let routes = version("1.41").route(
        "/containers/{id}/json",
        get(|| async { std::future::pending::<String>().await }),
    );
    let fake = Fake::serve(routes);
    let engine = fake.connect().await.unwrap();
    tokio::time::pause();
    let error = engine.container("a").await.unwrap_err();
    insta::assert_snapshot!(error, @"the engine's answer about container `a` took longer than 15 s");
    let error = engine
        .wait_healthy("a", Duration::from_secs(3))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "waiting for `a` to be healthy took longer than 3 s"
    );
}
