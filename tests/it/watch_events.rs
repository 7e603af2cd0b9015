//! Alerts from the events of a real engine: what dies, loops, turns unhealthy and recovers is told;
//! what somebody did on purpose is not.

use dogwatch::engine::Engine;
use dogwatch::incident::{Alert, AlertState, Severity, Source};
use dogwatch::store::{NewRun, RunState, StateChange};

use crate::support::engine_to_restart::EngineToRestart;
use crate::support::real_engine::{IMAGE, Sandbox, docker, eventually, real_engine};
use crate::support::watched::{Watched, detail, orders};

/// A stack nobody else has, on a real engine that is watched.
struct Shop {
    sandbox: Sandbox,
    stack: String,
    watched: Watched,
}

impl Shop {
    async fn open(engine: &Engine) -> Self {
        let mut orders = orders(engine.endpoint().clone());
        orders.settings.events = Some(true);
        let sandbox = Sandbox::new();
        let stack = sandbox.name("shop");
        Self {
            watched: Watched::over(orders).await,
            sandbox,
            stack,
        }
    }

    /// A container of this service, as compose would start it.
    fn run(&self, service: &str, options: &[&str], program: &[&str]) -> String {
        let project = format!("com.docker.compose.project={}", self.stack);
        let label = format!("com.docker.compose.service={service}");
        let labels = ["--label", &project, "--label", &label];
        self.sandbox.run(&[&labels, options].concat(), program)
    }

    async fn firing(&self, service: &str, what: &str) -> Alert {
        self.until(service, what, AlertState::Firing).await
    }

    async fn resolved(&self, service: &str, what: &str) -> Alert {
        self.until(service, what, AlertState::Resolved).await
    }

    /// Others' containers are on the same engine.
    async fn until(&self, service: &str, what: &str, state: AlertState) -> Alert {
        let wanted = |alert: &Alert| {
            alert.stack == self.stack
                && (alert.service.as_str(), alert.what.as_str()) == (service, what)
                && alert.state == state
        };
        let watched = &self.watched;
        watched
            .until(&format!("{service} {what} {}", state.word()), wanted)
            .await
    }

    async fn told(&self) -> Vec<String> {
        let alerts = self.watched.alerts().await;
        alerts
            .iter()
            .filter(|alert| alert.stack == self.stack)
            .map(|alert| format!("{} {} {}", alert.service, alert.what, alert.state.word()))
            .collect()
    }
}

/// It has set its traps.
async fn speaks(container: &str) {
    eventually("it is ready", || async {
        !docker(&["logs", container]).is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_is_told_with_its_last_words_and_its_end_too() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    let script = "echo starting; echo password=hunter2abc; echo no database >&2; test -e /tmp/x && sleep 600; exit 3";
    let id = shop.run(
        "api",
        &["--env", "TOKEN=swordfish-77"],
        &["sh", "-c", script],
    );

    let alert = shop.firing("api", "died").await;
    assert_eq!(alert.stack, shop.stack);
    assert_eq!(
        (alert.host.as_str(), alert.source),
        ("local", Source::Events)
    );
    assert_eq!(alert.severity, Severity::Critical);
    let expected = format!("{}/api died with exit code 3", shop.stack);
    assert_eq!(alert.summary.as_str(), expected);
    assert_eq!(detail(&alert, "exit code"), "3");
    let log = detail(&alert, "log");
    assert!(
        log.contains("no database") && !log.contains("hunter2abc"),
        "{log}"
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    docker(&[
        "cp",
        &file.path().display().to_string(),
        &format!("{id}:/tmp/x"),
    ]);
    docker(&["start", &id]);
    let alert = shop.resolved("api", "died").await;
    assert_eq!(
        alert.summary.as_str(),
        format!("{}/api is up again", shop.stack)
    );
    assert_eq!(shop.told().await, ["api died firing", "api died resolved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_stops_kills_restarts_or_removes_is_no_alert() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    // one that is there before, so that the watching has begun
    shop.run("first", &[], &["false"]);
    shop.firing("first", "died").await;

    let ids = ["a", "b", "c", "d"].map(|service| shop.run(service, &[], &["sleep", "600"]));
    let [stopped, killed, restarted, removed] = &ids;
    docker(&["stop", "--time", "0", stopped]);
    docker(&["kill", killed]);
    docker(&["restart", "--time", "0", restarted]);
    docker(&["rm", "--force", removed]);
    // a stop signal of its own is no usual one: only the engine's `stop` tells
    let odd = "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done";
    let odd = shop.run("odd", &["--stop-signal", "USR1"], &["sh", "-c", odd]);
    speaks(&odd).await;
    docker(&["stop", &odd]);
    // one that ends well, and one that a signal of ours made fail
    shop.run("job", &[], &["true"]);
    let own = shop.run(
        "own",
        &[],
        &[
            "sh",
            "-c",
            "trap 'exit 9' HUP; echo ready; while :; do sleep 0.1; done",
        ],
    );
    speaks(&own).await;
    docker(&["kill", "--signal", "HUP", &own]);

    shop.firing("own", "died").await;
    assert_eq!(shop.told().await, ["first died firing", "own died firing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_told_once_and_ends_when_it_stays_up() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    let shared = tempfile::tempdir().unwrap();
    let mount = format!("{}:/shared", shared.path().display());
    let options = ["--restart", "always", "--volume", &mount];
    shop.run(
        "api",
        &options,
        &["sh", "-c", "test -e /shared/ok && exec sleep 600; exit 4"],
    );

    let alert = shop.firing("api", "restarting").await;
    assert_eq!(alert.severity, Severity::Critical);
    let said = alert.summary.as_str();
    assert!(
        said.contains("restarts in a loop: ")
            && said.contains(" deaths, the last with exit code 4"),
        "{said}"
    );
    std::fs::write(shared.path().join("ok"), "").unwrap();
    shop.resolved("api", "restarting").await;
    let told = shop.told().await;
    let loops = told
        .iter()
        .filter(|line| line.contains("restarting firing"));
    assert_eq!(loops.count(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_is_told_with_its_words() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    let check = "--health-cmd=test -e /tmp/ok || { echo no answer on 3000; false; }";
    let options = [check, "--health-interval=500ms", "--health-retries=1"];
    let id = shop.run("api", &options, &["sleep", "600"]);

    let alert = shop.firing("api", "unhealthy").await;
    assert_eq!(detail(&alert, "health check"), "no answer on 3000");
    docker(&["exec", &id, "touch", "/tmp/ok"]);
    let alert = shop.resolved("api", "unhealthy").await;
    assert!(alert.summary.as_str().ends_with("is healthy again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lack_of_memory_is_told_as_that() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    let hungry = ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"];
    shop.run("db", &["--memory", "16m", "--memory-swap", "16m"], &hungry);

    let alert = shop
        .watched
        .until("db died of it", |alert| {
            alert.what == "oom" && alert.stack == shop.stack && detail(alert, "exit code") == "137"
        })
        .await;
    let said = alert.summary.as_str();
    assert!(
        said.ends_with("/db ran out of memory and died with exit code 137"),
        "{said}"
    );
    assert!(shop.told().await.iter().all(|line| line == "db oom firing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_removes_itself_is_still_told() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    shop.run("job", &["--rm"], &["sh", "-c", "sleep 1; exit 5"]);
    shop.firing("job", "died").await;
    // another life of the same service mends it
    shop.run("job", &["--rm"], &["sleep", "600"]);
    shop.resolved("job", "died").await;
    assert_eq!(shop.told().await, ["job died firing", "job died resolved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_of_ours_does_is_the_runs_to_tell() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let shop = Shop::open(&engine).await;
    let store = &shop.watched.store;
    let now = dogwatch::clock::Clock::System.now().as_millisecond();
    let plan = serde_json::json!({ "services": [format!("{}/api", shop.stack)] });
    let run = NewRun {
        id: "RUN".to_owned(),
        created_ms: now,
        stack_key: format!("local/{}", shop.stack),
        plan_json: plan.to_string(),
        ..NewRun::default()
    };
    store.create_run(&run).await.unwrap();
    for state in [RunState::Approved, RunState::Running] {
        store
            .set_state("RUN", &StateChange::to(state, now))
            .await
            .unwrap();
    }
    shop.run("api", &[], &["sh", "-c", "exit 6"]);
    shop.run("other", &[], &["sh", "-c", "exit 7"]);
    shop.firing("other", "died").await;
    assert_eq!(shop.told().await, ["other died firing"]);

    // what dies the moment after has no run to tell of it
    let now = dogwatch::clock::Clock::System.now().as_millisecond();
    store
        .set_state("RUN", &StateChange::to(RunState::Succeeded, now))
        .await
        .unwrap();
    shop.run("api", &[], &["sh", "-c", "exit 8"]);
    shop.firing("api", "died").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_nobody_watched_is_told_afterwards_and_once() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let mut shop = Shop::open(&engine).await;
    let early = shop.run(
        "early",
        &[],
        &["sh", "-c", "test -e /tmp/x && exec sleep 600; exit 3"],
    );
    shop.firing("early", "died").await;
    let later = shop.run("later", &[], &["sh", "-c", "sleep 600"]);
    let stopped = shop.run("stopped", &[], &["sleep", "600"]);

    shop.watched.pause().await;
    docker(&["stop", "--time", "0", &stopped]);
    let pid = docker(&["inspect", "--format", "{{.State.Pid}}", &later]);
    let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    docker(&["wait", &later]);
    let file = tempfile::NamedTempFile::new().unwrap();
    docker(&[
        "cp",
        &file.path().display().to_string(),
        &format!("{early}:/tmp/x"),
    ]);
    docker(&["start", &early]);
    shop.watched.resume();

    shop.firing("later", "died").await;
    shop.resolved("early", "died").await;
    let mut told = shop.told().await;
    told.sort();
    assert_eq!(
        told,
        [
            "early died firing",
            "early died resolved",
            "later died firing"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_goes_away_is_told_and_what_it_left_behind() {
    let Some(mut engine) = EngineToRestart::start().await else {
        return;
    };
    if real_engine().await.is_none() {
        return;
    }
    drop(Sandbox::new());
    engine.load(IMAGE);
    let run = |name: &str, policy: &str| {
        let named = [
            "run",
            "--detach",
            "--network=none",
            "--name",
            name,
            "--restart",
            policy,
        ];
        engine.docker(&[&named[..], &[IMAGE, "sleep", "600"]].concat())
    };
    run("comes-back", "always");
    run("stays-away", "no");
    let mut orders = orders(engine.endpoint());
    orders.settings.events = Some(true);
    let watched = Watched::over(orders).await;
    let first = [
        "run",
        "--network=none",
        "--detach",
        "--name",
        "first",
        IMAGE,
        "false",
    ];
    engine.docker(&first);
    watched.until_firing("first", "died").await;

    engine.down();
    let alert = watched.until_firing("", "engine-unreachable").await;
    assert_eq!(
        alert.summary.as_str(),
        "the engine of local cannot be reached"
    );
    assert!(
        detail(&alert, "error").contains("is the engine installed and started"),
        "{alert:?}"
    );
    engine.up().await;
    watched.until_resolved("", "engine-unreachable").await;
    watched.until_firing("stays-away", "died").await;
    let told = watched.alerts().await;
    let returned =
        |alert: &Alert| alert.service == "comes-back" && alert.state == AlertState::Firing;
    assert!(!told.iter().any(returned), "{told:#?}");
}
