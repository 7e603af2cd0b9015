//! Changing real containers, and waiting for them.

use std::time::Duration;

use dogwatch::action::container::{Container, Status};
use dogwatch::action::{Action, Observation, Subject};
use dogwatch::engine::{Engine, EngineError};
use dogwatch::text::Raw;

use crate::support::real_engine::{Sandbox, docker, eventually, real_engine};

const SOON: Duration = Duration::from_secs(30);
/// Ends at once when asked to.
const POLITE: &[&str] = &[
    "sh",
    "-c",
    "trap 'exit 7' TERM; while :; do sleep 0.1; done",
];

async fn state(engine: &Engine, id: &str) -> (Status, Option<i64>) {
    let state = engine.container(id).await.unwrap().state;
    (state.status, state.exit_code)
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn starting_and_stopping_twice_is_no_error() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.create(&[], POLITE);
    for _ in 0..2 {
        engine.start(&id).await.unwrap();
    }
    assert_eq!(state(&engine, &id).await, (Status::Running, None));
    for _ in 0..2 {
        engine.stop(&id, Some(SOON)).await.unwrap();
    }
    assert_eq!(state(&engine, &id).await, (Status::Exited, Some(7)));
}

#[tokio::test]
async fn grace_is_over_when_it_is_over() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
    let id = sandbox.run(&[], &deaf);
    engine
        .stop(&id, Some(Duration::from_millis(200)))
        .await
        .unwrap();
    assert_eq!(state(&engine, &id).await, (Status::Exited, Some(137)));
    engine.restart(&id, Some(Duration::ZERO)).await.unwrap();
    assert_eq!(state(&engine, &id).await.0, Status::Running);
    engine.kill(&id, "KILL").await.unwrap();
    eventually("it is dead", || async {
        state(&engine, &id).await.0 == Status::Exited
    })
    .await;
    let error = engine.kill(&id, "KILL").await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn what_runs_is_removed_by_force_only_and_is_then_gone() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(&[], POLITE);
    let error = engine.remove(&id, false).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Refused { status: 409, .. }),
        "{error}"
    );
    engine.remove(&id, true).await.unwrap();
    for gone in [
        engine.container(&id).await.map(drop),
        engine.start(&id).await,
        engine.stop(&id, None).await,
        engine.remove(&id, true).await,
        engine.stats(&id).await.map(drop),
        engine.top(&id).await.map(drop),
        engine.exec(&id, &argv(&["true"]), SOON).await.map(drop),
    ] {
        let error = gone.unwrap_err();
        assert!(
            matches!(
                error,
                EngineError::NotFound {
                    what: "container",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn listing_while_containers_come_and_go_always_works() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let stays = sandbox.create(&[], &["true"]);
    let going: Vec<String> = (0..8).map(|_| sandbox.create(&[], &["true"])).collect();
    let removing = tokio::task::spawn_blocking(move || {
        let ids: Vec<&str> = going.iter().map(String::as_str).collect();
        docker(&[&["rm"], ids.as_slice()].concat());
    });
    while !removing.is_finished() {
        let containers = engine.containers().await.unwrap();
        assert!(containers.iter().any(|found| found.id == stays));
        assert!(containers.is_sorted_by_key(|found| found.name.clone()));
    }
    removing.await.unwrap();
}

#[tokio::test]
async fn a_program_runs_without_a_shell() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(&[], &["sleep", "60"]);
    let run = |words: &[&str]| {
        let words = argv(words);
        let (engine, id) = (engine.clone(), id.clone());
        async move { engine.exec(&id, &words, SOON).await }
    };
    let echoed = run(&["echo", "$HOME; `id` \"'", "two"]).await.unwrap();
    assert_eq!(
        (echoed.exit_code, echoed.stdout.expose()),
        (0, "$HOME; `id` \"' two\n")
    );
    let failed = run(&["sh", "-c", "echo no >&2; exit 5"]).await.unwrap();
    assert_eq!(
        (failed.exit_code, failed.stderr.expose(), failed.cut),
        (5, "no\n", false)
    );
    let missing = run(&["no-such-program"]).await.unwrap();
    assert!([126, 127].contains(&missing.exit_code), "{missing:?}");
    let much = run(&[
        "sh",
        "-c",
        "echo BEGIN; head -c 5000000 /dev/zero | tr '\\0' x; echo END",
    ]);
    let much = much.await.unwrap();
    let text = much.stdout.expose();
    assert!(
        much.cut && text.len() < 200_000 && text.starts_with("BEGIN") && text.ends_with("END\n")
    );
    let colours = run(&["printf", "\\033[31mred\\033[0m\\r\\n"])
        .await
        .unwrap();
    assert_eq!(colours.stdout.expose(), "red\n");
}

#[tokio::test]
async fn a_program_that_does_not_end_is_given_up() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let name = sandbox.name("slow");
    sandbox.run(&["--name", &name], &["sleep", "60"]);
    let limit = Duration::from_secs(1);
    let error = engine
        .exec(&name, &argv(&["sleep", "50"]), limit)
        .await
        .unwrap_err();
    let expected = format!("`sleep` in `{name}`, which may run on, took longer than 1 s");
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn nothing_runs_in_a_container_that_does_not_run() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.create(&[], &["true"]);
    let error = engine.exec(&id, &argv(&["true"]), SOON).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Refused { status: 409, .. }),
        "{error}"
    );
}

const CHECKED: &[&str] = &[
    "--health-cmd",
    "test -f /tmp/ready",
    "--health-interval",
    "300ms",
    "--health-retries",
    "1",
];

#[tokio::test]
async fn waiting_ends_when_the_check_passes() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(
        CHECKED,
        &["sh", "-c", "sleep 1; touch /tmp/ready; sleep 60"],
    );
    engine.wait_healthy(&id, SOON).await.unwrap();
    let found = engine.container(&id).await.unwrap();
    assert_eq!(health(&found), "healthy");
    let plain = sandbox.run(&[], &["sleep", "60"]);
    engine.wait_healthy(&plain, SOON).await.unwrap();
}

fn health(container: &Container) -> &'static str {
    container
        .state
        .health
        .as_ref()
        .map_or("none", |health| health.status.word())
}

#[tokio::test]
async fn waiting_ends_when_the_limit_does_or_the_container() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let name = sandbox.name("sick");
    let id = sandbox.run(&[&["--name", &name], CHECKED].concat(), &["sleep", "60"]);
    eventually("it is unhealthy", || async {
        health(&engine.container(&id).await.unwrap()) == "unhealthy"
    })
    .await;
    let error = engine
        .wait_healthy(&id, Duration::from_secs(1))
        .await
        .unwrap_err();
    let expected =
        format!("waiting for `{name}` to be healthy (its health check fails) took longer than 1 s");
    assert_eq!(error.to_string(), expected);

    let name = sandbox.name("short");
    let id = sandbox.run(&["--name", &name], &["sh", "-c", "exit 4"]);
    docker(&["wait", &id]);
    let error = engine.wait_healthy(&id, SOON).await.unwrap_err();
    let expected = format!("the engine refused: `{name}` exited with 4 instead of getting healthy");
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_action_is_performed_by_its_own_name() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.create(&[], POLITE);
    let subject = Subject {
        id: id.clone(),
        name: "polite".to_owned(),
    };
    let start = Action::Start {
        subject: subject.clone(),
    };
    assert!(matches!(
        engine.perform(&start).await.unwrap(),
        Observation::Done
    ));
    let Observation::Top(top) = engine.perform(&Action::Top { subject }).await.unwrap() else {
        panic!("the process table was asked for");
    };
    let commands = top.rows.iter().flatten().map(Raw::expose);
    assert!(
        commands.into_iter().any(|cell| cell.contains("trap")),
        "{top:?}"
    );
    let Observation::Containers(all) = engine.perform(&Action::List).await.unwrap() else {
        panic!("the list was asked for");
    };
    assert!(all.iter().any(|found| found.id == id));
}

#[tokio::test]
async fn a_volume_knows_its_users_and_goes_when_it_has_none() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let (volume, name) = (sandbox.name("data"), sandbox.name("user"));
    let mount = format!("{volume}:/data");
    let project = ["--label", "com.docker.compose.project=eng", &volume];
    docker(&[&["volume", "create"], &project[..]].concat());
    let write = ["sh", "-c", "head -c 4096 /dev/zero > /data/f"];
    let id = sandbox.run(&["--name", &name, "--volume", &mount], &write);
    docker(&["wait", &id]);
    let volumes = engine.volumes().await.unwrap();
    let found = volumes.iter().find(|found| found.name == volume).unwrap();
    assert_eq!(
        (&found.users[..], found.project.as_deref()),
        (&[name][..], Some("eng"))
    );
    let error = engine.remove_volume(&volume).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Refused { status: 409, .. }),
        "{error}"
    );
    engine.remove(&id, false).await.unwrap();
    engine.remove_volume(&volume).await.unwrap();
    let error = engine.remove_volume(&volume).await.unwrap_err();
    assert_eq!(error.to_string(), format!("volume `{volume}` is not there"));
}
