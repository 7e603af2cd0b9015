//! Compose as a team runs it, for real: docker-compose on a real engine, here and over a real sshd,
//! by itself and behind the team's own program.

use dogwatch::bot::Outcome;
use dogwatch::stack::settings::FileCheck;

use crate::support::compose_shop::{Shop, Where, compose_file, dockerfile, with_environments};
use crate::support::real_engine::{docker, program};

/// Everything a wrapper of a team was called with.
fn calls(shop: &Shop) -> Vec<String> {
    shop.read("calls").lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_makes_what_runs_follow_the_files_here_and_over_ssh() {
    for at in [Where::Here, Where::OverSsh] {
        let Some(shop) = Shop::new(at, |_| {}).await else {
            return;
        };
        let plan = shop.tester.say("up shop api --plan").await;
        let argv = format!("run `docker-compose -p {} up -d api`", shop.project);
        assert!(plan.text.contains(&argv), "{}", plan.text);
        assert!(!shop.is_running("api"), "a plan changes nothing");
        let answer = shop.tester.say("up shop").await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        assert!(shop.is_running("api") && shop.is_running("web"));
        assert!(
            answer.text.contains("Creating"),
            "what compose writes is followed: {}",
            answer.text
        );
        let same = shop.tester.say("drift shop").await;
        assert_eq!(same.outcome, Some(Outcome::Done), "{}", same.text);
        let down = shop.tester.say("down shop").await;
        assert_eq!(down.outcome, Some(Outcome::Done), "{}", down.text);
        assert_eq!(shop.inspect("api", "{{.Id}}"), "");
        let volume = format!("{}_data", shop.project);
        assert!(docker(&["volume", "ls", "--quiet"]).contains(&volume));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_names_what_differs_and_config_hides_secrets() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    shop.tester.say("up shop").await;
    let more = "    labels: { x: y }\n";
    let changed = compose_file(more)
        .replace("mem_limit: 64m", "mem_limit: 96m")
        .replace("MODE:", "MOOD: happy\n      MODE:")
        .replace("correct-horse", "another-horse")
        .replace("  web:\n", "  site:\n");
    shop.write("docker-compose.yml", &changed);
    let answer = shop.tester.say("drift shop").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed));
    for words in [
        "shop on local: what runs is not what the files say: api, site, web",
        "has a memory limit of 64 MiB instead of 96 MiB",
        "has no variable MOOD",
        "has another value in DB_PASSWORD",
        "runs, and no compose file knows it any more",
        "is not there",
    ] {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    assert!(!answer.text.contains("horse"), "{}", answer.text);
    let config = shop.tester.say("config shop").await;
    assert!(config.text.contains("MOOD: happy"), "{}", config.text);
    assert!(!config.text.contains("horse"), "{}", config.text);
    let by_runbook = shop.tester.say("run config stack=shop").await;
    assert!(
        by_runbook.text.contains("MOOD: happy"),
        "{}",
        by_runbook.text
    );
    assert!(!by_runbook.text.contains("horse"), "{}", by_runbook.text);
    let by_runbook = shop.tester.say("run drift shop").await;
    assert!(
        by_runbook.text.contains("api has no variable MOOD"),
        "{}",
        by_runbook.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuilt_image_that_does_not_run_yet_is_drift() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    shop.tester.say("up shop").await;
    shop.write("web/page", "two\n");
    let built = shop.tester.say("build shop web").await;
    assert_eq!(built.outcome, Some(Outcome::Done), "{}", built.text);
    let answer = shop.tester.say("drift shop").await;
    assert!(answer.text.contains("runs an older"), "{}", answer.text);
    assert_eq!(shop.page(), "one");
    shop.tester.say("rebuild shop/web").await;
    assert_eq!(shop.page(), "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrapper_is_called_in_the_place_of_compose_with_its_variables() {
    for at in [Where::Here, Where::OverSsh] {
        let wrapped = |site: &mut dogwatch::stack::Site| {
            site.command = vec!["./scripts/stack.sh".into()];
            site.variables.insert("SHOP_ENV".into(), "prod".into());
            site.environment = Some("staging".into());
        };
        let Some(shop) = Shop::with(at, wrapped, with_environments).await else {
            return;
        };
        shop.wrap();
        let answer = shop.tester.say("rebuild shop web").await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        assert_eq!(calls(&shop), ["prod: build web", "prod: up -d web"]);
        assert!(shop.is_running("api"), "web needs it");
        let plan = shop.tester.say("plan up stack=shop").await;
        assert!(
            plan.text
                .contains("run `SHOP_ENV=prod ./scripts/stack.sh up -d`"),
            "{}",
            plan.text
        );
        assert!(
            plan.text.contains("up ") && plan.text.contains("(staging)"),
            "{}",
            plan.text
        );
        shop.tester.say("up shop").await;
        let status = shop.tester.say(&format!("status {}", shop.project)).await;
        assert!(
            status.first_line().contains("(staging) on"),
            "{}",
            status.first_line()
        );
    }
}

const TASKS: &str = r#"name: own
title: Own
risk: change
params:
  stack: { type: stack, required: true }
  task: { type: string, default: hello }
steps:
  - compose.run: { stack: "{{stack}}", task: "{{task}}" }
"#;

const RAW: &str = r#"name: raw
title: Raw
risk: change
params:
  stack: { type: stack, required: true }
steps:
  - program.run: { stack: "{{stack}}", argv: [docker-compose, up, -d] }
"#;

const SEED: &str = r#"name: seed
title: Seed
risk: change
params:
  stack: { type: stack, required: true }
  what: { type: string, default: all }
steps:
  - program.run: { stack: "{{stack}}", argv: [./seed.sh, "{{what}}"] }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_compose_is_refused_for_a_wrapped_stack_and_lists_say_what_may_run() {
    let runbooks = tempfile::tempdir().unwrap();
    for (name, text) in [("own", TASKS), ("raw", RAW), ("seed", SEED)] {
        std::fs::write(runbooks.path().join(format!("{name}.yml")), text).unwrap();
    }
    let directory = runbooks.path().to_owned();
    let shop = Shop::with(
        Where::Here,
        |site| {
            site.command = vec!["./scripts/stack.sh".into()];
            let task = ["api", "echo", "it's me"].map(str::to_owned);
            site.tasks.insert("hello".into(), task.to_vec());
            site.programs = vec![vec!["docker-compose".into()], vec!["./seed.sh".into()]];
        },
        |bot| bot.conduct.library = dogwatch::runbook::Library::new(Some(directory)),
    );
    let Some(shop) = shop.await else { return };
    shop.wrap();
    let refused = shop.tester.say("run raw stack=shop").await;
    assert_eq!(refused.outcome, Some(Outcome::Usage));
    assert!(
        refused.text.contains(
            "`shop` is operated by `./scripts/stack.sh`, so compose itself is never called for it"
        ),
        "{}",
        refused.text
    );
    let told = shop.tester.say("run own stack=shop").await;
    assert_eq!(told.outcome, Some(Outcome::Done), "{}", told.text);
    assert!(told.text.contains("it's me"), "{}", told.text);
    let unknown = shop.tester.say("run own stack=shop task=drop").await;
    assert!(
        unknown
            .text
            .contains("`shop` has no task `drop`; it has `hello`"),
        "{}",
        unknown.text
    );
    shop.write("seed.sh", "#!/bin/sh\necho \"[$1]\"\n");
    let made = program("chmod")
        .arg("755")
        .arg(shop.path("seed.sh"))
        .status();
    assert!(made.unwrap().success());
    let seeded = shop.tester.say("run seed stack=shop what='$(id) x'").await;
    assert!(seeded.text.contains("[$(id) x]"), "{}", seeded.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_build_shows_its_step_and_keeps_its_log() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    let noise: String = (0..40).map(|n| format!("echo noise {n}; ")).collect();
    let step = format!("RUN {noise} echo gone wrong >&2; exit 3");
    shop.write("web/Dockerfile", &dockerfile(&step));
    let answer = shop.tester.say("rebuild shop web").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed));
    let failed = answer
        .text
        .lines()
        .find(|line| line.starts_with("failed: "))
        .unwrap_or_else(|| panic!("{}", answer.text));
    assert!(failed.contains("step 3/4 RUN"), "{failed}");
    assert!(answer.text.contains("gone wrong"), "{}", answer.text);
    assert!(answer.text.contains("noise 0"), "the output is followed");
    let store = shop.tester.bot.store.get().await.unwrap();
    let run = store
        .runs(&dogwatch::store::RunFilter::default())
        .await
        .unwrap()
        .remove(0);
    let journal = store.journal(&run.id).await.unwrap();
    let kept = journal
        .iter()
        .find(|entry| entry.step == "build" && entry.body_json.contains("log"));
    let kept = &kept.expect("the log is kept").body_json;
    assert!(
        kept.contains("noise 0") && kept.contains("gone wrong"),
        "{kept}"
    );
    let report = shop.tester.say("report").await;
    assert!(report.text.contains("rebuild"), "{}", report.text);
    let id = store.run(&run.id).await.unwrap().report_id;
    let report = shop.tester.say(&format!("report {id}")).await;
    assert!(report.text.contains("gone wrong"), "{}", report.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preflight_tells_all_that_is_missing_and_no_value() {
    for at in [Where::Here, Where::OverSsh] {
        let checked = Shop::new(at, |site| {
            site.environment = Some("prod".into());
            site.preflight = vec![
                FileCheck {
                    path: "secrets/prod.env".into(),
                    secret: true,
                    owner: Some("root".into()),
                    names: vec!["API_KEY".into(), "SALT".into()],
                    ..FileCheck::default()
                },
                FileCheck {
                    path: ".env".into(),
                    example: Some(".env.example".into()),
                    ..FileCheck::default()
                },
            ];
        });
        let Some(shop) = checked.await else { return };
        shop.write(
            "secrets/prod.env",
            "export API_KEY='hush-hush'\nSALT=\"\"\n",
        );
        shop.write(".env.example", "PORT=80\nNAME=\n");
        shop.write(".env", "PORT=8080\n");
        let answer = shop.tester.say("preflight shop").await;
        assert_eq!(answer.outcome, Some(Outcome::Failed));
        let first = answer.first_line();
        assert!(
            first.contains("shop (prod) on") && first.contains("cannot be started"),
            "{first}"
        );
        assert!(
            answer
                .text
                .contains("has mode 644; `chmod 600 secrets/prod.env`; has nothing in SALT"),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("has no NAME"), "{}", answer.text);
        assert!(!answer.text.contains("hush"), "{}", answer.text);
        let up = shop.tester.say("up shop").await;
        assert_eq!(up.outcome, Some(Outcome::Failed), "{}", up.text);
        assert!(!shop.is_running("api"), "what is not ready is not started");
        shop.write("secrets/prod.env", "API_KEY=hush-hush\nSALT=x\n");
        shop.write(".env", "PORT=8080\nNAME=n\n");
        let file = shop.path("secrets/prod.env");
        let made = program("chmod").arg("600").arg(file).status();
        assert!(made.unwrap().success());
        let answer = shop.tester.say("preflight shop").await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        shop.write("docker-compose.yml", "services: { api: { imagge: x } }\n");
        let answer = shop.tester.say("preflight shop").await;
        assert!(answer.text.contains("do not hold: "), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_stack_that_nobody_configured_says_what_is_missing() {
    let tester = crate::support::tester::Tester::new();
    let answer = tester.say("up shop").await;
    assert!(
        answer
            .text
            .contains("`shop` is not under `stacks` in the configuration for `local`"),
        "{}",
        answer.text
    );
    let answer = tester.say("config shp").await;
    assert!(
        answer
            .text
            .contains("there is no stack `shp` under `stacks`"),
        "{}",
        answer.text
    );
}

#[test]
fn a_configuration_gives_a_stack_its_environments() {
    let place = crate::support::program::Place::on_real_engine();
    let shop = place.path("shop");
    std::fs::create_dir_all(&shop).unwrap();
    std::fs::write(shop.join("compose.dev.yml"), "services: {}\n").unwrap();
    let config = format!(
        "hosts: {{ local: {{}}, vps: {{ docker: \"unix:///nowhere\" }} }}\nstacks:\n  shop:\n    directory: {}\n    compose_command: [sh]\n    environments:\n      dev: {{ files: [compose.dev.yml] }}\n      prod: {{ host: vps, files: [compose.prod.yml] }}\n",
        shop.display()
    );
    std::fs::write(place.path("dogwatch.yaml"), config).unwrap();
    let file = place.path("dogwatch.yaml");
    let file = file.to_string_lossy();
    let say = |line: &[&str]| place.run(&[&["console", "--config", &file, "--"], line].concat());
    let which = say(&["preflight", "shop"]);
    assert_eq!(which.code, 2, "{}", which.err);
    assert!(
        which.err.contains("say which: shop@dev, shop@prod"),
        "{}",
        which.err
    );
    let dev = say(&["preflight", "shop@dev"]);
    assert!(
        dev.out.contains("shop (dev) on local can be started"),
        "{}{}",
        dev.out,
        dev.err
    );
    let prod = say(&["preflight", "shop@prod"]);
    assert!(
        prod.out.contains("shop (prod) on vps cannot be started"),
        "{}",
        prod.out
    );
    assert!(
        prod.out.contains("`compose.prod.yml` is not there"),
        "{}",
        prod.out
    );
}
