//! A service that has no container because it could not be made: asked about through the bot, with a
//! real engine and a real docker-compose.

use dogwatch::bot::Outcome;

use crate::support::compose_shop::{Shop, Where, compose_file, dockerfile};
use crate::support::real_engine::docker;
use crate::support::registry::Registry;

/// `web` of the usual shop, with these lines in its place.
fn with_web(lines: &str) -> String {
    let file = compose_file("");
    let (before, _) = file.split_once("  web:\n").expect("a service `web`");
    format!("{before}  web:\n{lines}volumes:\n  data: {{}}\n")
}

async fn told(shop: &Shop, file: &str) -> String {
    shop.write("docker-compose.yml", file);
    let answer = shop.tester.say("diagnose shop/web").await;
    assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
    answer.text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_service_from_being_made_is_found_before_anybody_tries() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    shop.tester.say("up shop api").await;
    let env = told(
        &shop,
        &with_web("    image: dogwatch-test-bb:1\n    env_file: [secrets.env]\n"),
    )
    .await;
    assert!(
        env.contains("env-file-missing") && env.contains("secrets.env"),
        "{env}"
    );
    // what is not there cannot be found in order
    assert!(
        env.contains("!  environment") && env.contains("–  logs"),
        "{env}"
    );
    assert!(!env.contains("created,"), "{env}");

    let image = told(
        &shop,
        &with_web("    image: 127.0.0.1:1/shop/never-pushed:9\n"),
    )
    .await;
    assert!(
        image.contains("image-not-found") && image.contains("shop/never-pushed:9"),
        "{image}"
    );

    let never = told(
        &shop,
        &with_web("    image: dogwatch-test-bb:1\n    command: [sleep, \"9\"]\n"),
    )
    .await;
    assert!(never.contains("was never created"), "{never}");

    let refused = told(
        &shop,
        &with_web("    image: dogwatch-test-bb:1\n    prots: [80]\n"),
    )
    .await;
    assert!(
        refused.contains("config-invalid") && refused.contains("prots"),
        "{refused}"
    );

    let network = format!("{}-vpn", shop.project);
    // a range for tests, and in it a part of this process's own
    let part = std::process::id() % 250;
    let taken = format!("198.18.{part}.0/24");
    docker(&["network", "create", "--subnet", &taken, &network]);
    let own = format!(
        "networks: {{ own: {{ ipam: {{ config: [{{ subnet: 198.18.{part}.64/26 }}] }} }} }}\n"
    );
    let file = with_web("    image: dogwatch-test-bb:1\n    networks: [own]\n") + &own;
    let overlap = told(&shop, &file).await;
    docker(&["network", "rm", &network]);
    assert!(
        overlap.contains("subnet-overlap") && overlap.contains(&network),
        "{overlap}"
    );

    let nobody = shop.tester.say("diagnose shop/wbe").await;
    assert_eq!(nobody.outcome, Some(Outcome::Usage), "{}", nobody.text);
}

fn with_image(image: &str, more: &str) -> String {
    with_web(&format!("    image: {image}\n{more}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_registry_says_of_an_image_is_told() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    shop.tester.say("up shop api").await;
    let (open, closed) = (Registry::open().await, Registry::closed().await);
    let expected = [
        (
            open.image("gone"),
            "",
            ["image-not-found", "manifest unknown"],
        ),
        (open.image("secret"), "", ["image-pull-denied", "denied"]),
        (closed.image("api"), "", ["image-pull-denied", "basic auth"]),
        (
            open.image("slow"),
            "",
            ["image-pull-timeout", "did not answer"],
        ),
        (
            open.image("for-arm64"),
            "    platform: linux/amd64\n",
            ["image-platform-mismatch", "linux/arm64"],
        ),
        (
            open.image("for-amd64"),
            "    platform: linux/amd64\n",
            ["inconclusive", "nobody has pulled it"],
        ),
    ];
    for (image, more, words) in expected {
        let report = told(&shop, &with_image(&image, more)).await;
        for word in words {
            assert!(
                flat(&report).contains(word),
                "{image}: no `{word}` in\n{report}"
            );
        }
        assert!(
            !report.contains("certain") || !image.contains("secret"),
            "{report}"
        );
    }
    let port = closed.port;
    drop(closed);
    let away = told(
        &shop,
        &with_image(&format!("127.0.0.1:{port}/shop/api:v1"), ""),
    )
    .await;
    for word in ["image-not-found", "cannot be asked", "likely"] {
        assert!(flat(&away).contains(word), "no `{word}` in\n{away}");
    }
}

/// As one line: a screen breaks lines anywhere.
fn flat(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_build_failed_is_told_with_the_step_and_its_words() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    let never = told(&shop, &compose_file("")).await;
    assert!(flat(&never).contains("was never built here"), "{never}");

    let step = format!("RUN echo no rule to make {} >&2; exit 3", shop.project);
    shop.write("web/Dockerfile", &dockerfile(&step));
    shop.tester.say("up shop").await;
    let failed = told(&shop, &compose_file("")).await;
    remove_step(&shop.project);
    let said = format!("no rule to make {}", shop.project);
    let words = ["build-failed", "step 3/4 RUN echo", &said, "certain"];
    for word in words {
        assert!(flat(&failed).contains(word), "no `{word}` in\n{failed}");
    }
    assert!(!failed.contains('\u{241b}'), "colours: {failed}");
}

/// The classic builder leaves the container of a step that failed.
fn remove_step(project: &str) {
    let all = docker(&[
        "ps",
        "--all",
        "--no-trunc",
        "--format",
        "{{.ID}} {{.Command}}",
    ]);
    let left = all.lines().find(|line| line.contains(project));
    if let Some((id, _)) = left.and_then(|line| line.split_once(' ')) {
        docker(&["rm", "--force", id]);
    }
}
