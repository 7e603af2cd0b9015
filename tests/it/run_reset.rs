//! Volumes emptied on a real engine: what goes, what comes back as it was, and what is not even
//! begun.

use std::time::Duration;

use dogwatch::bot::Outcome;
use dogwatch::store::RunFilter;

use crate::support::real_engine::{docker, eventually};
use crate::support::real_stack::{POLITE, Real};

#[tokio::test]
async fn a_reset_empties_the_volume_and_keeps_the_settings() {
    let Some(real) = Real::new().await else {
        return;
    };
    let volume = format!("{}_data", real.stack);
    docker(&["volume", "create", "--label", "kept=yes", &volume]);
    let mount = format!("{volume}:/data");
    let write = [
        "sh",
        "-c",
        // as databases do, it writes in its volume until its last moment
        "trap 'rm /data/pid; exit 0' TERM; test -f /data/old && touch /data/again; touch /data/old /data/pid; while :; do sleep 0.1; done",
    ];
    let before = real.service(
        "db",
        &["--volume", &mount, "--env", "SECRET_TOKEN=hunter2hunter2"],
        &write,
    );
    real.service("web", &[], POLITE);
    let web = real.started("web");
    eventually("it has written", || async {
        let argv = ["test", "-f", "/data/old"].map(str::to_owned);
        real.engine
            .exec(&before, &argv, Duration::from_secs(5))
            .await
            .is_ok_and(|ran| ran.exit_code == 0)
    })
    .await;
    let (_, asked) = real.says("run selective-reset service=STACK/db").await;
    assert!(
        asked.contains(&format!("remove the volume {volume}")),
        "{asked}"
    );
    let store = real.bot.store.get().await.unwrap();
    let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
    assert!(!run.plan_json.contains("hunter2"));
    let (outcome, text) = real
        .says(&format!(
            "approve {} STACK",
            dogwatch::run::book::short(&run.id)
        ))
        .await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let name = real.name("db");
    assert_ne!(docker(&["inspect", "--format", "{{.Id}}", &name]), before);
    let env = docker(&[
        "inspect",
        "--format",
        "{{.Config.Env}} {{.Config.Labels}}",
        &name,
    ]);
    assert!(
        env.contains("hunter2hunter2") && env.contains("com.docker.compose.service:db"),
        "{env}"
    );
    let again = docker(&[
        "exec",
        &name,
        "sh",
        "-c",
        "test -f /data/again && echo again; true",
    ]);
    assert_eq!(again, "", "the volume was new");
    assert_eq!(
        docker(&["volume", "inspect", "--format", "{{.Labels.kept}}", &volume]),
        "yes"
    );
    assert_eq!(
        docker(&[
            "ps",
            "--all",
            "--quiet",
            "--filter",
            &format!("name={name}.aside")
        ]),
        ""
    );
    assert_eq!(real.started("web"), web);
    docker(&["rm", "--force", &name]);
    docker(&["volume", "rm", &volume]);
}

#[tokio::test]
async fn a_reset_of_one_volume_leaves_the_others_and_every_network() {
    let Some(real) = Real::new().await else {
        return;
    };
    let [cache, data, back] = ["cache", "data", "back"].map(|it| format!("{}_{it}", real.stack));
    let memory =
        ["type=tmpfs", "device=tmpfs", "o=size=1m"].map(|option| format!("--opt={option}"));
    let mut make: Vec<&str> = vec!["volume", "create"];
    make.extend(memory.iter().map(String::as_str));
    docker(&[&make[..], &[&cache]].concat());
    docker(&["network", "create", "--internal", &back]);
    let front = format!("{}_front", real.stack);
    docker(&["network", "create", "--internal", &front]);
    let mounts = [format!("{cache}:/cache"), format!("{data}:/data")];
    let options = [
        "--network",
        &front,
        "--network-alias",
        "shown",
        "--volume",
        &mounts[0],
        "--volume",
        &mounts[1],
    ];
    let write = [
        "sh",
        "-c",
        "trap 'exit 0' TERM; touch /data/old; while :; do sleep 0.1; done",
    ];
    let (name, before) = (real.name("db"), real.service_on("db", &options, &write));
    docker(&["network", "connect", "--alias", "hidden", &back, &name]);
    let (outcome, text) = real
        .says("run selective-reset service=STACK/db volume=cash")
        .await;
    assert!(outcome == Outcome::Usage && text.contains(&data), "{text}");
    let (_, asked) = real
        .says("run selective-reset service=STACK/db volume=cache")
        .await;
    assert!(
        asked.contains(&format!("remove the volume {cache}")),
        "{asked}"
    );
    assert!(!asked.contains(&data), "{asked}");
    let (outcome, text) = real.approved("STACK").await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_ne!(docker(&["inspect", "--format", "{{.Id}}", &name]), before);
    let aliases =
        "{{range $name, $one := .NetworkSettings.Networks}}{{$name}} {{$one.Aliases}} {{end}}";
    let networks = docker(&["inspect", "--format", aliases, &name]);
    for expected in [&front, &back, "shown", "hidden"] {
        assert!(networks.contains(expected), "{expected}: {networks}");
    }
    let options = docker(&["volume", "inspect", "--format", "{{.Options}}", &cache]);
    assert!(options.contains("type:tmpfs"), "{options}");
    docker(&["exec", &name, "test", "-f", "/data/old"]);
    docker(&["rm", "--force", &name]);
    docker(&["volume", "rm", &cache, &data]);
    docker(&["network", "rm", &front, &back]);
}

/// What it stands for would stay as it is, and the report would say that it is empty.
#[tokio::test]
async fn a_volume_that_stands_for_a_directory_is_not_reset() {
    let Some(real) = Real::new().await else {
        return;
    };
    let volume = format!("{}_data", real.stack);
    let kept = real.directory.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    let device = format!("--opt=device={}", kept.display());
    docker(&[
        "volume",
        "create",
        "--opt=type=none",
        "--opt=o=bind",
        &device,
        &volume,
    ]);
    real.service("db", &["--volume", &format!("{volume}:/data")], POLITE);
    let started = real.started("db");
    let (outcome, text) = real.says("run full-reset STACK").await;
    assert_eq!(outcome, Outcome::Usage, "{text}");
    assert!(text.contains(&kept.display().to_string()), "{text}");
    assert_eq!(real.started("db"), started);
    docker(&["rm", "--force", &real.name("db")]);
    docker(&["volume", "rm", &volume]);
}
