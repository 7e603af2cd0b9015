//! The simulated engine's API beyond what the product asks: refusals word for word, creating,
//! waiting, pausing, pruning, and its end.

use std::path::Path;
use std::time::Duration;

use dogwatch::action::logs::LogQuery;
use dogwatch::action::{Prunable, Subject};
use dogwatch::clock::Clock;
use dogwatch::engine::EngineError;
use dogwatch::sim::{Begins, Behaviour, ContainerSpec, HealthSpec, Restart, Simulation, World};

use crate::support::sim_fixture::{reach, simulate};
use crate::support::sim_wire::ask;

fn world() -> World {
    let web = ContainerSpec::new("web", "nginx:1")
        .volume("pages", "/pages")
        .label("tier", "front");
    let done = ContainerSpec::new("done", "nginx:1").behaviour(Behaviour::idle().exits(10, 0));
    World::new()
        .with(web)
        .with(done)
        .with_image(None, 5)
        .with_build_cache(7)
}

/// Each request with its status and body, one a line.
async fn transcript(socket: &Path, requests: &[&str]) -> String {
    let mut lines = Vec::new();
    for request in requests {
        let (status, body) = ask(socket, request, "").await;
        lines.push(format!("{request} → {status} {body}").trim().to_owned());
    }
    lines.join("\n")
}

#[tokio::test(start_paused = true)]
async fn refusals_are_the_engines_word_for_word() {
    let (simulation, _directory) = simulate(world());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answers = transcript(
        simulation.socket(),
        &[
            "GET /_ping",
            "GET /v1.41/_ping",
            "GET /v1.41/nowhere?x=1",
            "GET /volatile",
            "GET /containers/nobody/json",
            "POST /containers/web/start",
            "POST /containers/done/stop",
            "POST /containers/done/kill",
            "POST /containers/web/kill?signal=LOUD",
            "POST /containers/done/pause",
            "POST /containers/web/unpause",
            "GET /containers/done/top",
            "GET /containers/web/logs",
            "GET /containers/web/logs?stdout=1&since=soon",
            "DELETE /containers/web",
            "DELETE /volumes/pages",
            "GET /volumes/none",
            "GET /networks/none-such",
            "GET /exec/abc/json",
            "GET /containers/json?filters=nonsense",
            "GET /containers/json?filters=%7B%22status%22%3A%5B%22odd%22%5D%7D",
            "GET /containers/json?filters=%7B%22mood%22%3A%5B%22odd%22%5D%7D",
        ],
    )
    .await;
    insta::with_settings!({ filters => vec![("[0-9a-f]{64}", "ID")] }, {
        insta::assert_snapshot!(answers, @r#"
        GET /_ping → 200 OK
        GET /v1.41/_ping → 200 OK
        GET /v1.41/nowhere?x=1 → 404 {"message":"page not found"}
        GET /volatile → 404 {"message":"page not found"}
        GET /containers/nobody/json → 404 {"message":"No such container: nobody"}
        POST /containers/web/start → 304
        POST /containers/done/stop → 304
        POST /containers/done/kill → 409 {"message":"Cannot kill container: done: Container ID is not running"}
        POST /containers/web/kill?signal=LOUD → 400 {"message":"Invalid signal: LOUD"}
        POST /containers/done/pause → 409 {"message":"Container ID is not running"}
        POST /containers/web/unpause → 500 {"message":"Container ID is not paused"}
        GET /containers/done/top → 409 {"message":"Container ID is not running"}
        GET /containers/web/logs → 400 {"message":"Bad parameters: you must choose at least one stream"}
        GET /containers/web/logs?stdout=1&since=soon → 400 {"message":"invalid time for since: soon"}
        DELETE /containers/web → 409 {"message":"You cannot remove a running container ID. Stop the container before attempting removal or force remove"}
        DELETE /volumes/pages → 409 {"message":"remove pages: volume is in use - [ID]"}
        GET /volumes/none → 404 {"message":"get none: no such volume"}
        GET /networks/none-such → 404 {"message":"network none-such not found"}
        GET /exec/abc/json → 404 {"message":"No such exec instance: abc"}
        GET /containers/json?filters=nonsense → 400 {"message":"invalid filter"}
        GET /containers/json?filters=%7B%22status%22%3A%5B%22odd%22%5D%7D → 400 {"message":"Invalid filter 'status=odd'"}
        GET /containers/json?filters=%7B%22mood%22%3A%5B%22odd%22%5D%7D → 400 {"message":"Invalid filter 'mood'"}
        "#);
    });
}

#[tokio::test(start_paused = true)]
async fn a_list_is_filtered_as_asked() {
    let (simulation, _directory) = simulate(world());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let names = async |filters: &str| {
        let path = format!("GET /containers/json?{filters}");
        let (_, body) = ask(simulation.socket(), &path, "").await;
        let found: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
        let name = |entry: serde_json::Value| entry["Names"][0].as_str().unwrap().to_owned();
        found.into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["/web"]);
    assert_eq!(names("all=1&limit=0").await.len(), 2);
    assert_eq!(names("limit=1").await.len(), 1);
    let by =
        |key: &str, value: &str| format!("all=1&filters=%7B%22{key}%22%3A%5B%22{value}%22%5D%7D");
    assert_eq!(names(&by("status", "exited")).await, ["/done"]);
    assert_eq!(names(&by("label", "tier%3Dfront")).await, ["/web"]);
    assert_eq!(names(&by("volume", "pages")).await, ["/web"]);
    assert_eq!(names(&by("name", "%5Edo")).await, ["/done"]);
    assert_eq!(names(&by("health", "healthy")).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_container_can_be_made_started_waited_for_and_changed() {
    let (simulation, _directory) = simulate(world());
    let socket = simulation.socket();
    let wanted = r#"{"Image":"nginx:1","Cmd":["run"],"Env":["A=b=c"],"Labels":{"x":"y"},
        "HostConfig":{"Memory":1000,"Binds":["data:/data"],"RestartPolicy":{"Name":"always"}},
        "NetworkingConfig":{"EndpointsConfig":{"default":{}}}}"#;
    let (status, body) = ask(socket, "POST /containers/create?name=new", wanted).await;
    assert_eq!(status, 201, "{body}");
    let (status, body) = ask(socket, "POST /containers/create?name=new", wanted).await;
    assert_eq!(status, 409);
    assert!(body.contains("already in use by container"));
    let (status, _) = ask(socket, "POST /containers/create", r#"{"Image":"no:1"}"#).await;
    assert_eq!(status, 404);
    assert_eq!(ask(socket, "POST /containers/new/start", "").await.0, 204);
    let change = r#"{"Memory":2000,"RestartPolicy":{"Name":"no"}}"#;
    assert_eq!(
        ask(socket, "POST /containers/new/update", change).await.0,
        200
    );

    let engine = reach(&simulation).await;
    let new = engine.container("new").await.unwrap();
    assert_eq!(new.limits.memory, Some(2000));
    assert_eq!(
        (new.restart_policy.name.as_str(), new.mounts.len()),
        ("no", 1)
    );
    assert_eq!(new.settings.environment["A"].expose(), "b=c");

    let waiting = ask(socket, "POST /containers/new/wait", "");
    let killing = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        engine.kill("new", "KILL").await.unwrap();
    };
    let ((_, body), ()) = tokio::join!(waiting, killing);
    assert_eq!(body, r#"{"Error":null,"StatusCode":137}"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_neither_speaks_nor_is_checked() {
    let chatty = Behaviour::idle().chats(100, dogwatch::sim::Stream::Stdout, &["tick {n}"]);
    let spec = ContainerSpec::new("web", "nginx:1")
        .health(HealthSpec::shell("true"))
        .behaviour(chatty);
    let (simulation, _directory) = simulate(World::new().with(spec));
    let engine = reach(&simulation).await;
    let lines = async || {
        engine
            .logs("web", &LogQuery::default())
            .await
            .unwrap()
            .len()
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        ask(simulation.socket(), "POST /containers/web/pause", "")
            .await
            .0,
        204
    );
    let (status, body) = ask(simulation.socket(), "POST /containers/web/pause", "").await;
    assert_eq!(status, 409);
    assert!(body.contains("is already paused"));
    let before = lines().await;
    assert!(before >= 29);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(lines().await, before);
    assert!(
        engine
            .wait_healthy("web", Duration::from_secs(1))
            .await
            .is_err()
    );
    assert_eq!(
        ask(simulation.socket(), "POST /containers/web/unpause", "")
            .await
            .0,
        204
    );
    engine
        .wait_healthy("web", Duration::from_secs(3))
        .await
        .unwrap();
    assert!(lines().await > before);
}

#[tokio::test(start_paused = true)]
async fn pruning_takes_what_nobody_uses() {
    let (simulation, _directory) = simulate(world());
    let engine = reach(&simulation).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    // both are named: what runs stays
    let all = engine.containers().await.unwrap();
    let named: Vec<Subject> = all
        .iter()
        .map(|one| Subject {
            id: one.id.clone(),
            name: one.name.clone(),
        })
        .collect();
    let stopped = Prunable::StoppedContainers;
    let gone = engine.prune(stopped, &named).await.unwrap();
    assert_eq!(gone.removed.len(), 1);
    let left = engine.containers().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "web");
    assert_eq!(
        engine
            .prune(Prunable::BuildCache, &[])
            .await
            .unwrap()
            .reclaimed,
        7
    );
    let images = engine.prune(Prunable::DanglingImages, &[]).await.unwrap();
    assert_eq!((images.removed.len(), images.reclaimed), (1, 5));
    assert_eq!(engine.images().await.unwrap().len(), 1);
    assert_eq!(
        engine
            .prune(Prunable::UnusedNetworks, &[])
            .await
            .unwrap()
            .removed,
        [""; 0]
    );
}

#[tokio::test(start_paused = true)]
async fn restarts_come_slower_and_slower() {
    let failing = ContainerSpec::new("loop", "nginx:1")
        .restart(Restart::Always)
        .behaviour(Behaviour::idle().exits(10, 1));
    let (simulation, _directory) = simulate(World::new().with(failing));
    let engine = reach(&simulation).await;
    let mut counts = Vec::new();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        counts.push(engine.container("loop").await.unwrap().restart_count);
    }
    // 0.1 s, 0.2 s, 0.4 s and so on, and ten milliseconds of life each.
    assert_eq!(counts, [5, 6, 6, 7, 7, 7]);
}

#[tokio::test(start_paused = true)]
async fn it_starts_as_told_and_ends_with_its_socket_and_connections() {
    let begun = World::new().with(ContainerSpec::new("later", "nginx:1").begins(Begins::Created));
    let (simulation, directory) = simulate(begun);
    let engine = reach(&simulation).await;
    let later = engine.container("later").await.unwrap();
    assert_eq!(later.state.status.word(), "created");
    let socket = simulation.socket().to_path_buf();

    let taken = Simulation::start(World::new(), &socket, Clock::System).unwrap_err();
    let told = taken.to_string();
    assert!(told.starts_with("cannot listen at `") && told.contains("give another path"));

    drop(simulation);
    assert!(!socket.exists());
    let outcome = engine.container("later").await;
    assert!(matches!(
        outcome,
        Err(EngineError::Unreachable { .. } | EngineError::Broken { .. })
    ));
    drop(directory);
}

fn versioned(version: &str) -> ContainerSpec {
    ContainerSpec::new("db", "example:1")
        .label("version", version)
        .behaviour(Behaviour::idle())
}

/// Settings that wait are those of the container that was there last, and no prune takes them.
#[tokio::test(start_paused = true)]
async fn what_was_set_aside_and_forgotten_is_not_taken_for_new() {
    let (simulation, _directory) = simulate(World::new().with(versioned("1")));
    let engine = reach(&simulation).await;
    let version = async || engine.container("db").await.unwrap().labels["version"].clone();
    let id = async || engine.container("db").await.unwrap().id;
    engine.set_aside(&id().await, &[]).await.unwrap();
    engine.remove("db", true).await.unwrap();
    simulation.world().add(versioned("2"));
    engine.set_aside(&id().await, &[]).await.unwrap();
    engine.set_aside(&id().await, &[]).await.unwrap();
    engine.remove("db", true).await.unwrap();
    engine.make_anew("db").await.unwrap();
    assert_eq!(version().await, "2");
    assert_eq!(engine.containers().await.unwrap().len(), 1);
}
