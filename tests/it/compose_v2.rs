//! How `docker compose` (version 2, which cannot be had here) is called: a stand-in takes exactly
//! the flags that its reference documents, refuses all others, and writes down what it was asked.

use dogwatch::bot::Outcome;

use crate::support::compose_shop::{Shop, Where};
use crate::support::real_engine::program;

/// The global options and those of each verb, from the reference of the command line; a flag with
/// `=` takes a value.
const STAND_IN: &str = r#"#!/bin/sh
echo "$*" >> calls
[ "$1" = compose ] || { echo "unknown command: docker $1" >&2; exit 1; }
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --ansi|--env-file|-f|--file|--parallel|--profile|--progress|--project-directory|-p|--project-name)
      shift 2 ;;
    --all-resources|--compatibility|--dry-run) shift ;;
    -*) echo "unknown flag: $1" >&2; exit 16 ;;
    *) break ;;
  esac
done
verb=$1; shift
case "$verb" in
  up) known=" -d --detach --build --no-build --no-deps --force-recreate --no-recreate --pull --quiet-pull --remove-orphans --wait " ;;
  build) known=" --no-cache --pull --push -q --quiet --with-dependencies " ;;
  pull) known=" --ignore-buildable --ignore-pull-failures --include-deps --policy -q --quiet " ;;
  down) known=" --remove-orphans --rmi -t --timeout -v --volumes " ;;
  config) known=" --environment --format --hash --images --no-interpolate -q --quiet --services --volumes " ;;
  run) known=" --build -d --detach --entrypoint -e --env --name --no-deps --rm -T --no-TTY -u --user -w --workdir " ;;
  *) echo "unknown docker command: compose $verb" >&2; exit 1 ;;
esac
for arg; do
  case "$arg" in
    -*) case "$known" in *" $arg "*) ;; *) echo "unknown flag: $arg" >&2; exit 16 ;; esac ;;
    *) [ "$verb" = run ] && break ;;
  esac
done
[ "$verb" = config ] && cat resolved.yml
exit 0
"#;

/// As version 2 writes it: ports and limits in the long form.
const RESOLVED: &str = r#"name: shop
services:
  api:
    command: null
    environment: { TOKEN: hush-hush-hush, MODE: prod }
    image: dogwatch-test-bb:1
    mem_limit: "67108864"
    networks: { default: null }
    ports:
      - { mode: ingress, target: 3000, published: "8080", protocol: tcp }
networks:
  default: { name: shop_default }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_keeps_to_the_documented_flags() {
    let stand_in = Shop::new(Where::Here, |site| {
        site.command = vec!["./docker".into(), "compose".into()];
        site.files = vec!["base.yml".into(), "prod.yml".into()];
        site.profiles = vec!["jobs".into()];
        site.env_files = vec!["prod.env".into(), "more.env".into()];
        site.tasks
            .insert("hello".into(), vec!["api".into(), "ls".into(), "-l".into()]);
    });
    let Some(shop) = stand_in.await else { return };
    shop.write("docker", STAND_IN);
    shop.write("resolved.yml", RESOLVED);
    for file in ["base.yml", "prod.yml", "prod.env", "more.env"] {
        shop.write(file, "");
    }
    let made = program("chmod")
        .arg("755")
        .arg(shop.path("docker"))
        .status();
    assert!(made.unwrap().success());
    let project = format!("compose -p {}", shop.project);
    let head = format!(
        "{project} -f base.yml -f prod.yml --profile jobs --env-file prod.env --env-file more.env"
    );
    for (line, called) in [
        ("build shop api", "build api"),
        ("pull shop", "pull"),
        ("down shop", "down"),
        ("config shop", "config"),
    ] {
        let answer = shop.tester.say(line).await;
        assert_eq!(
            answer.outcome,
            Some(Outcome::Done),
            "{line}: {}",
            answer.text
        );
        let calls = shop.read("calls");
        assert_eq!(
            calls.lines().last(),
            Some(format!("{head} {called}").as_str())
        );
        assert!(!answer.text.contains("hush"), "{}", answer.text);
    }
    let answer = shop.tester.say("up shop patience=1s").await;
    assert!(
        answer.text.contains("no container of it is there"),
        "{}",
        answer.text
    );
    let calls = shop.read("calls");
    assert_eq!(calls.lines().last(), Some(format!("{head} up -d").as_str()));
    let drift = shop.tester.say("drift shop").await;
    assert!(drift.text.contains("is not there"), "{}", drift.text);
}
