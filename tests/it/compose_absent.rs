//! A service that has no container because it could not be made: asked about through the bot, with a
//! real engine and a real docker-compose.

use dogwatch::bot::Outcome;

use crate::support::compose_shop::{Shop, Where, compose_file};
use crate::support::real_engine::docker;

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

    let image = told(&shop, &with_web("    image: shop/never-pushed:9\n")).await;
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
