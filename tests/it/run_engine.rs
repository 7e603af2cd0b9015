//! The general runbooks on a real engine, through the bot: each once as it should go, and once as
//! it goes at three in the morning.

use dogwatch::bot::Outcome;

use crate::support::real_engine::{docker, eventually};
use crate::support::real_stack::{CHECKED, ONCE, POLITE, Real};

#[tokio::test]
async fn an_ordered_restart_stops_at_the_group_that_stays_ill() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service(
        "db",
        &[CHECKED, &["--label", "dogwatch.groups=databases"]].concat(),
        ONCE,
    );
    real.service("web", &["--label", "dogwatch.groups=ui"], POLITE);
    real.healthy("db").await;
    let (db, web) = (real.started("db"), real.started("web"));
    let (outcome, text) = real
        .says("run ordered-restart stack=STACK patience=2s")
        .await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_ne!(real.started("db"), db);
    assert_eq!(real.started("web"), web, "its group was never reached");
    assert!(
        real.report().await.contains("failed at `healthy`"),
        "{}",
        real.report().await
    );
}

#[tokio::test]
async fn groups_are_restarted_in_order() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service("db", &[], POLITE);
    real.service(
        "web",
        &[
            "--label",
            "com.docker.compose.depends_on=db:service_started:false",
        ],
        POLITE,
    );
    let (outcome, text) = real.says("run ordered-restart stack=STACK").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert!(real.started("db") < real.started("web"));
    for word in ["soft-restart", "hard-restart"] {
        let before = real.started("db");
        let (outcome, text) = real.says(&format!("run {word} STACK")).await;
        assert_eq!(outcome, Outcome::Done, "{text}");
        assert_ne!(real.started("db"), before);
    }
}

#[tokio::test]
async fn stop_start_and_scale_do_what_they_say_and_nothing_twice() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service("worker", &[], POLITE);
    let running = || {
        docker(&[
            "inspect",
            "--format",
            "{{.State.Running}}",
            &real.name("worker"),
        ])
    };
    for (line, runs) in [
        ("run stop service=STACK/worker", "false"),
        ("run start service=STACK/worker", "true"),
        ("run scale service=STACK/worker replicas=0", "false"),
        ("run scale service=STACK/worker replicas=1", "true"),
    ] {
        let (outcome, text) = real.says(line).await;
        assert_eq!(
            (outcome, running().as_str()),
            (Outcome::Done, runs),
            "{line}: {text}"
        );
    }
    let (outcome, text) = real.says("run scale service=STACK/worker replicas=1").await;
    assert_eq!(outcome, Outcome::Usage);
    assert!(text.contains("nothing to do"), "{text}");
    let (outcome, _) = real.says("run scale service=STACK/worker replicas=5").await;
    assert_eq!(outcome, Outcome::Usage);
}

#[tokio::test]
async fn a_connection_is_tried_from_inside() {
    let Some(real) = Real::new().await else {
        return;
    };
    let program = [
        "sh",
        "-c",
        "while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\n' | busybox nc -l -p 8000 127.0.0.1; done",
    ];
    real.service("api", &[], &program);
    eventually("the port is open", || async {
        let line = "run connection-test from=STACK/api to=127.0.0.1 port=8000 speaks=http";
        let (outcome, text) = real.says(line).await;
        outcome == Outcome::Done && text.contains("HTTP/1.0 200 OK")
    })
    .await;
    let (outcome, text) = real
        .says("run connection-test from=STACK/api to=127.0.0.1 port=1")
        .await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        text.contains("cannot connect to 127.0.0.1 port 1"),
        "{text}"
    );
}

#[tokio::test]
async fn looking_changes_nothing() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service(
        "api",
        &["--env", "API_TOKEN=abcdefgh12345678"],
        &[
            "sh",
            "-c",
            "echo token=abcdefgh12345678; echo hello; sleep 600",
        ],
    );
    let started = real.started("api");
    let (outcome, text) = real.says("run logs service=STACK/api tail=5").await;
    assert!(
        outcome == Outcome::Done && text.contains("hello") && !text.contains("abcdefgh"),
        "{text}"
    );
    let (outcome, text) = real.says("run exec service=STACK/api command=id").await;
    assert_eq!(outcome, Outcome::Failed, "this image has no id: {text}");
    let (outcome, text) = real.says("run bundle STACK").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let bundles = real.directory.path().join("state/bundles");
    let run = std::fs::read_dir(bundles)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let file = std::fs::read_to_string(run.join(format!("{}.txt", real.name("api")))).unwrap();
    assert!(
        file.contains("hello") && !file.contains("abcdefgh12345678"),
        "{file}"
    );
    assert_eq!(real.started("api"), started);
}

#[tokio::test]
async fn a_step_that_takes_too_long_rolls_back() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service("api", &[], POLITE);
    let text = "name: slow-exec\ntitle: Slow\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: stop\n    container.stop: { services: api }\n  - id: start\n    container.start: { services: api }\n  - id: slow\n    container.exec: { service: api, argv: [sleep, \"60\"] }\n    timeout: 1s\n    on_failure: roll_back\n  - id: never\n    container.stop: { services: api }\nrollback:\n  - id: undo\n    container.restart: { services: api, grace: 1s }\n";
    std::fs::write(real.directory.path().join("slow.yml"), text).unwrap();
    let (outcome, text) = real.says("run slow-exec STACK").await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("took longer than 1 s"), "{text}");
    assert!(
        text.contains("roll back: restart") && text.contains("not done: stop"),
        "{text}"
    );
    assert!(real.report().await.contains("failed at `slow`"));
}

#[tokio::test]
async fn a_retry_is_a_retry() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service("api", &[], POLITE);
    let text = "name: third-time\ntitle: Third\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: try\n    container.exec: { service: api, argv: [sh, \"-c\", \"echo x >> /tmp/n; test $(cat /tmp/n | head -c 100 | tr -d '\\\\n') = xxx\"] }\n    retry: { times: 3, pause: 0s, repeat_side_effects: true }\n";
    std::fs::write(real.directory.path().join("third.yml"), text).unwrap();
    let (outcome, text) = real.says("run third-time STACK").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
}

/// Of each runbook of the pack the way it fails; those that have a test of their own are not here.
#[tokio::test]
async fn each_general_runbook_fails_with_a_reason() {
    let Some(real) = Real::new().await else {
        return;
    };
    real.service("ill", CHECKED, &["sleep", "600"]);
    real.service("well", &[], POLITE);
    let ill = "is running, unhealthy";
    let cases = [
        (
            "run start service=STACK/ill patience=2s",
            Outcome::Failed,
            "took longer than 2 s",
        ),
        (
            "run restart service=STACK/ill grace=1s patience=2s",
            Outcome::Failed,
            "took longer than 2 s",
        ),
        (
            "run soft-restart STACK grace=1s patience=2s",
            Outcome::Failed,
            "took longer than 2 s",
        ),
        (
            "run hard-restart STACK grace=1s patience=2s",
            Outcome::Failed,
            "took longer than 2 s",
        ),
        (
            "run stop service=STACK/wel",
            Outcome::Usage,
            "did you mean `well`",
        ),
        (
            "run scale service=STACK/well replicas=2",
            Outcome::Usage,
            "compose has to make more",
        ),
        (
            "run kill service=STACK/well signal=NICE",
            Outcome::Usage,
            "expected one of `KILL`",
        ),
        ("run bundle STAK", Outcome::Usage, "no stack `STAK`"),
        (
            "run logs service=STACK/nobody",
            Outcome::Usage,
            "no service `nobody`",
        ),
        (
            "run exec service=STACK/well command=date",
            Outcome::Failed,
            "exit code 126",
        ),
    ];
    for (line, expected, words) in cases {
        let (outcome, text) = real.says(line).await;
        assert!(
            outcome == expected && text.contains(words),
            "{line}: {text}"
        );
    }
    let (_, text) = real.says("health STACK").await;
    assert!(text.contains("unhealthy"), "{ill}: {text}");
}

#[tokio::test]
async fn what_is_destructive_fails_in_time_and_goes_back() {
    let Some(real) = Real::new().await else {
        return;
    };
    let volume = format!("{}_shared", real.stack);
    let mount = format!("{volume}:/data");
    real.service("db", &["--volume", &mount], POLITE);
    real.service("web", &["--volume", &mount], POLITE);
    let (outcome, text) = real.says("run selective-reset service=STACK/db").await;
    assert!(
        outcome == Outcome::Usage && text.contains("is also used by"),
        "{text}"
    );
    // somebody outside the stack holds the volume: the engine refuses in the middle
    let (_, asked) = real.says("run full-reset STACK grace=1s patience=3s").await;
    assert!(asked.contains("remove the volume"), "{asked}");
    let other = real.sandbox.create(&["--volume", &mount], &["true"]);
    let (outcome, text) = real.approved("STACK").await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(text.contains("roll back: make"), "{text}");
    for service in ["db", "web"] {
        let running = docker(&[
            "inspect",
            "--format",
            "{{.State.Running}}",
            &real.name(service),
        ]);
        assert_eq!(running, "true", "{service} is back as it was");
    }
    let (_, asked) = real.says("remove STACK/web").await;
    assert!(asked.contains("deletes for good"), "{asked}");
    let (outcome, text) = real.approved("STACK").await;
    assert!(
        outcome == Outcome::Failed && text.contains("running container"),
        "{text}"
    );
    for name in [other, real.name("db"), real.name("web")] {
        docker(&["rm", "--force", &name]);
    }
    docker(&["volume", "rm", &volume]);
}
