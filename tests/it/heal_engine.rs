//! Real containers die, are told with their cause, mended within the budget, verified and reported:
//! the real program, the real engine, the fake Slack.

use crate::support::fake_slack::{FakeSlack, Shown};
use crate::support::program::Place;
use crate::support::real_engine::{Sandbox, docker, eventually, is_there, real_engine};
use crate::support::served::Served;

/// What happens to containers of others on the same engine is told elsewhere: a channel takes one
/// message a second.
const OURS: &str = "COURS";

/// Fails for want of a setting in its first life, and goes on in every later one.
const ONCE_BROKEN: &str = "if ! test -f /tmp/born; then touch /tmp/born; sleep 1; : ${DB_URL:?DB_URL is not set}; fi; \
     trap 'exit 0' TERM; while :; do sleep 0.1; done";
const ALWAYS_BROKEN: &str = "sleep 1; : ${DB_URL:?DB_URL is not set}";

struct Scene {
    slack: FakeSlack,
    _served: Served,
    sandbox: Sandbox,
    stack: String,
}

impl Scene {
    /// `None` without an engine.
    async fn open(rule: &str) -> Option<Self> {
        real_engine().await?;
        let slack = FakeSlack::start().await;
        let sandbox = Sandbox::new();
        let stack = sandbox.name("heal").to_lowercase();
        let more = format!(
            "watch: {{ settled: 2s }}\nincidents:\n  calm: 2s\n  group: {{ storm: 200 }}\n  \
             routes: [{{ match: \"stack={stack}\", to: [\"slack:{OURS}\"] }}]\nheal:\n  - {{ match: \"stack={stack}\", {rule} }}\n"
        );
        let place = tokio::task::spawn_blocking(Place::on_real_engine)
            .await
            .unwrap();
        let served = Served::start(place, &slack, &more).await;
        Some(Self {
            slack,
            _served: served,
            sandbox,
            stack,
        })
    }

    fn service(&self, name: &str, script: &str) -> String {
        let container = format!("{}-{name}-1", self.stack);
        let labels = [
            format!("com.docker.compose.project={}", self.stack),
            format!("com.docker.compose.service={name}"),
        ];
        let options = [
            "--name", &container, "--label", &labels[0], "--label", &labels[1],
        ];
        self.sandbox.run(&options, &["sh", "-c", script])
    }

    async fn root(&self, what: &str, holds: impl Fn(&str) -> bool) -> Shown {
        let mine = |shown: &Shown| {
            shown.channel == OURS && shown.thread.is_none() && shown.text.contains(&self.stack)
        };
        self.slack
            .until(what, |shown| mine(shown) && holds(&shown.text))
            .await
    }

    async fn line(&self, root: &Shown, what: &str) -> Shown {
        let below = |shown: &Shown| shown.thread.as_ref() == Some(&root.ts);
        self.slack
            .until(what, |shown| below(shown) && shown.text.contains(what))
            .await
    }

    fn lines(&self, root: &Shown, holding: &str) -> usize {
        let world = self.slack.world();
        let below = |shown: &&Shown| shown.thread.as_ref() == Some(&root.ts);
        let mut lines = world.shown.iter().filter(below).map(|shown| &shown.text);
        lines.by_ref().filter(|text| text.contains(holding)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_dies_is_told_mended_verified_and_reported() {
    let Some(scene) = Scene::open("budget: 3, pause: 1s").await else {
        return;
    };
    let container = scene.service("api", ONCE_BROKEN);
    let root = scene
        .root("told with its cause", |text| text.contains("missing-env"))
        .await;
    assert!(root.text.starts_with("🔴 #"), "{}", root.text);
    let mended = scene.line(&root, "mended by itself").await;
    assert!(
        mended.text.contains("`restart` of ") && mended.text.contains(": done, report "),
        "{}",
        mended.text
    );
    scene
        .root("verified", |text| text.starts_with("🟢 #"))
        .await;
    scene.line(&root, "looked at and well").await;
    let running = docker(&[
        "inspect",
        "--format",
        "{{.State.Running}} {{.RestartCount}}",
        &container,
    ]);
    assert_eq!(running, "true 0");
    scene.slack.assert_obeyed();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_budget_is_used_up_that_is_told_once_with_buttons() {
    let Some(scene) = Scene::open("budget: 2, pause: 1s").await else {
        return;
    };
    scene.service("api", ALWAYS_BROKEN);
    let root = scene
        .root("told with its cause", |text| text.contains("missing-env"))
        .await;
    scene.line(&root, "stopped trying: `restart` of").await;
    let root = scene
        .root("in the message too", |text| text.contains("stopped trying"))
        .await;
    let buttons: Vec<String> = root
        .buttons()
        .iter()
        .map(|button| button["text"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        buttons.first().map(String::as_str),
        Some("Acknowledge"),
        "{buttons:?}"
    );
    assert_eq!(scene.lines(&root, "mended by itself"), 2);
    assert_eq!(scene.lines(&root, "stopped trying"), 1);
    scene.slack.assert_obeyed();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rule_for_its_cause_nothing_is_touched() {
    let Some(scene) = Scene::open("causes: [oom-killed]").await else {
        return;
    };
    let container = scene.service("api", ALWAYS_BROKEN);
    let root = scene
        .root("told with its cause", |text| text.contains("missing-env"))
        .await;
    // a second trouble of the stack is told after everything that could be done about the first
    scene.service("db", ALWAYS_BROKEN);
    scene.line(&root, "db").await;
    assert_eq!(scene.lines(&root, "mended by itself"), 0);
    let state = docker(&[
        "inspect",
        "--format",
        "{{.State.Status}} {{.RestartCount}}",
        &container,
    ]);
    assert_eq!(state, "exited 0");
}

/// Has `tail`, by which the end of a log is read.
const BUSYBOX: &str = "dogwatch-lab-busybox:1";

/// A worker beside the container's own program, as registries have them.
const WORKER: &str = "echo 'while :; do sleep 0.2; done' > /tmp/NAME; \
     start='sh /tmp/NAME'; $start & echo $! > /tmp/pid; echo 'no jobs left' > /tmp/log; \
     trap 'exit 0' TERM; while :; do sleep 0.1; done";

#[tokio::test(flavor = "multi_thread")]
async fn services_of_a_registry_are_started_again_in_their_containers() {
    if real_engine().await.is_none() || !is_there(BUSYBOX) {
        return;
    }
    let slack = FakeSlack::start().await;
    let sandbox = Sandbox::new();
    let stack = sandbox.name("reg").to_lowercase();
    let names = ["indexer", "mailer", "reaper"];
    let mut services = serde_json::Map::new();
    for name in names {
        let container = format!("{stack}-{name}");
        sandbox.run_image(
            BUSYBOX,
            &["--network=none", "--name", &container],
            &["sh", "-c", &WORKER.replace("NAME", name)],
        );
        let service = serde_json::json!({
            "enabled": true, "type": "daemon", "container": container,
            "health_check": { "type": "process", "process_name": name, "interval_seconds": 1 },
            "restart_cmd": format!("sh /tmp/{name} > /dev/null 2>&1 & echo $! > /tmp/pid"),
            "log_path": "/tmp/log", "notify_on_fail": "alerts",
        });
        services.insert(name.to_owned(), service);
    }
    let place = tokio::task::spawn_blocking(Place::on_real_engine)
        .await
        .unwrap();
    let registry = serde_json::json!({ "services": services }).to_string();
    let file = place.write("system-config.json", &registry);
    let more = format!(
        "watch: {{ events: false }}\nincidents:\n  calm: 2s\n  routes: [{{ name: alerts, to: [\"slack:CNAMED\"] }}]\n\
         registries: {{ main: {{ file: \"{}\", stack: \"{stack}\" }} }}\n\
         heal: [{{ match: \"source=registry\", pause: 1s }}]\n",
        file.display()
    );
    let _served = Served::start(place, &slack, &more).await;
    for name in names {
        let inside = |line: &str| docker(&["exec", &format!("{stack}-{name}"), "sh", "-c", line]);
        eventually("the worker has begun", || async {
            !inside("cat /tmp/pid || true").is_empty()
        })
        .await;
        inside("kill $(cat /tmp/pid)");
    }
    let here = |shown: &Shown| shown.channel == "CNAMED" && shown.thread.is_none();
    let root = slack
        .until("told in its channel with the log's tail", |shown| {
            here(shown) && shown.text.contains("no jobs left")
        })
        .await;
    for name in names {
        slack
            .until("mended", |shown| {
                shown.thread.as_ref() == Some(&root.ts)
                    && shown.text.contains(&format!(
                        "mended by itself: `restart_cmd` of {stack}/{name} (run "
                    ))
                    && shown.text.contains(": done, report ")
            })
            .await;
        let top = docker(&["top", &format!("{stack}-{name}")]);
        assert!(top.contains(&format!("sh /tmp/{name}")), "{top}");
    }
    slack
        .until("verified", |shown| {
            here(shown) && shown.text.starts_with("🟢 #")
        })
        .await;
    slack.assert_obeyed();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_command_that_does_not_help_is_given_up_once() {
    if real_engine().await.is_none() || !is_there(BUSYBOX) {
        return;
    }
    let slack = FakeSlack::start().await;
    let sandbox = Sandbox::new();
    let stack = sandbox.name("reg").to_lowercase();
    let container = format!("{stack}-sleeper");
    sandbox.run_image(
        BUSYBOX,
        &["--network=none", "--name", &container],
        &[
            "sh",
            "-c",
            "trap 'exit 0' TERM; while :; do sleep 0.1; done",
        ],
    );
    let place = tokio::task::spawn_blocking(Place::on_real_engine)
        .await
        .unwrap();
    let registry = serde_json::json!({ "services": { "sleeper": {
        "enabled": true, "type": "daemon", "container": container,
        "health_check": { "type": "process", "process_name": "never-there", "interval_seconds": 1 },
        "restart_cmd": "echo tried >> /tmp/tries", "notify_on_fail": "alerts",
    } } });
    let file = place.write("system-config.json", &registry.to_string());
    let more = format!(
        "watch: {{ events: false }}\nincidents:\n  calm: 10m\n  routes: [{{ name: alerts, to: [\"slack:CNAMED\"] }}]\n\
         registries: {{ main: {{ file: \"{}\", stack: \"{stack}\" }} }}\n\
         heal: [{{ match: \"source=registry\", budget: 2, pause: 1s }}]\n",
        file.display()
    );
    let _served = Served::start(place, &slack, &more).await;
    let told = format!("stopped trying: `restart_cmd` of {stack}/sleeper 2 times");
    let lines = |holding: &str| {
        let world = slack.world();
        let below = world.shown.iter().filter(|shown| shown.thread.is_some());
        below.filter(|shown| shown.text.contains(holding)).count()
    };
    slack
        .until("given up", |shown| {
            shown.thread.is_some() && shown.text.contains(&told)
        })
        .await;
    let root = slack
        .until("in the message too, with buttons", |shown| {
            shown.channel == "CNAMED" && shown.thread.is_none() && shown.text.contains(&told)
        })
        .await;
    let buttons = serde_json::Value::from(root.buttons()).to_string();
    assert!(buttons.contains("Acknowledge"), "{buttons}");
    assert_eq!(lines("mended by itself"), 2);
    assert_eq!(lines("stopped trying"), 1);
    let tries = docker(&["exec", &container, "cat", "/tmp/tries"]);
    assert_eq!(tries.lines().count(), 2);
    slack.assert_obeyed();
}
