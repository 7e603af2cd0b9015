//! What is offered while somebody types in Discord: live names, best first, as far as rights go, and
//! whatever a host is doing.

use std::collections::BTreeSet;
use std::os::unix::net::UnixListener;

use dogwatch::bot::Bot;
use dogwatch::engine::Endpoint;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::sim::{Simulation, demo_world};
use dogwatch::stack::{Site, Sites};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, resume};

use crate::discord::is_offer;
use crate::support::discord_shop::{ANNA, BOB, CARL, DiscordShop, OPS, policy};
use crate::support::served::until;
use crate::support::sim_fixture::simulate;
use crate::support::tester::Tester;

/// What is offered once something is: the bot says nothing rather than be late, and on a busy machine
/// it may be late several times.
pub(crate) async fn choices(
    shop: &DiscordShop,
    user: &str,
    word: &str,
    options: &Value,
) -> Vec<String> {
    let mut found = Vec::new();
    until("something is offered", async || {
        found = offered(shop, user, word, options).await;
        !found.is_empty()
    })
    .await;
    found
}

async fn offered(shop: &DiscordShop, user: &str, word: &str, options: &Value) -> Vec<String> {
    let leaf = json!({ "type": 1, "name": word, "options": options });
    let data = json!({ "id": "700", "name": "ops", "type": 1, "options": [leaf] });
    let payload = shop.discord.interaction(user, OPS, 4, &data);
    shop.send(&payload);
    let answer = shop.discord.answer_to(&payload).await;
    let choices = answer.answer["choices"].as_array().unwrap().clone();
    assert!(choices.len() <= 25, "{}", choices.len());
    choices
        .iter()
        .map(|choice| choice["value"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn focused(name: &str, value: &str) -> Value {
    json!({ "type": 3, "name": name, "value": value, "focused": true })
}

#[tokio::test]
async fn names_are_offered_while_somebody_types_and_only_what_they_may_touch() {
    let shop = DiscordShop::open().await;
    let names = choices(&shop, ANNA, "diagnose", &json!([focused("service", "ap")])).await;
    assert_eq!(names, ["api", "shop/api"]);
    let next = choices(
        &shop,
        ANNA,
        "restart",
        &json!([focused("service", "api, ca")]),
    )
    .await;
    assert_eq!(next, ["api cache", "api shop/cache"], "what is typed stays");
    let none = offered(&shop, CARL, "restart", &json!([focused("service", "a")])).await;
    assert_eq!(
        none,
        Vec::<String>::new(),
        "who may only look is offered nothing to change"
    );
    let looks = choices(&shop, CARL, "status", &json!([focused("service", "sho")])).await;
    assert_eq!(looks.first().map(String::as_str), Some("shop"));

    let runbooks = choices(&shop, ANNA, "run", &json!([focused("runbook", "full")])).await;
    assert_eq!(runbooks, ["full-reset"]);
    let given = json!({ "type": 3, "name": "runbook", "value": "full-reset" });
    let names = choices(
        &shop,
        ANNA,
        "run",
        &json!([given, focused("parameters", "")]),
    )
    .await;
    assert!(names.contains(&"stack=".to_owned()), "{names:?}");
    let values = choices(
        &shop,
        ANNA,
        "run",
        &json!([given, focused("parameters", "stack=s")]),
    )
    .await;
    assert_eq!(values, ["stack=shop"]);
    let lines = choices(&shop, ANNA, "line", &json!([focused("text", "diagn")])).await;
    assert_eq!(lines, ["diagnose"]);

    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    let waiting = choices(&shop, BOB, "approve", &json!([focused("run", "migr")])).await;
    let id = offer.buttons()[1]["custom_id"].as_str().unwrap().to_owned();
    assert!(id.ends_with(&waiting[0]), "{id} {waiting:?}");
    shop.discord.assert_obeyed();
}

/// A host that takes every connection and never answers.
fn beside_a_host_that_hangs(bot: &mut Bot, here: &Simulation) -> (UnixListener, tempfile::TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let socket = scratch.path().join("hangs.sock");
    let hangs = UnixListener::bind(&socket).unwrap();
    bot.fleet = Fleet::new([
        (
            "local".to_owned(),
            Reach::Socket(Endpoint::Unix(here.socket().to_path_buf())),
        ),
        ("vps".to_owned(), Reach::Socket(Endpoint::Unix(socket))),
    ]);
    (hangs, scratch)
}

#[tokio::test(start_paused = true)]
async fn nobody_who_types_waits_for_a_host_that_hangs() {
    let (here, mut hangs) = (simulate(demo_world()), None);
    let shop = Tester::with(|bot| hangs = Some(beside_a_host_that_hangs(bot, &here.0)));
    let began = Instant::now();
    for _ in 0..2 {
        shop.bot.known().await;
    }
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    resume();
    until("the other host is seen", async || {
        let known = shop.bot.known().await;
        let hosts: Vec<&str> = known.iter().map(|(host, _)| host.as_str()).collect();
        hosts == ["local"]
    })
    .await;
}

#[tokio::test]
async fn names_of_other_hosts_are_offered_beside_one_that_hangs() {
    let (here, mut hangs) = (simulate(demo_world()), None);
    let shop = DiscordShop::with(|bot| {
        bot.policy = policy();
        hangs = Some(beside_a_host_that_hangs(bot, &here.0));
    })
    .await;
    let names = choices(&shop, ANNA, "diagnose", &json!([focused("service", "ap")])).await;
    assert_eq!(names, ["api", "shop/api"]);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn configured_stacks_are_offered_by_the_name_that_means_one() {
    let site = |environment: &str, project: &str| Site {
        stack: "store".into(),
        project: project.into(),
        host: "local".into(),
        environment: Some(environment.into()),
        ..Site::default()
    };
    let shop = DiscordShop::with(|bot| {
        bot.policy = policy();
        bot.conduct.sites = Sites::of([site("prod", "shop"), site("dev", "shop-dev")]);
        let named = |group: &str| (group.to_owned(), BTreeSet::from(["db".into()]));
        let groups = ["databases", "core"].map(named);
        bot.conduct.groups = [("shop".to_owned(), groups.into())].into();
    })
    .await;
    let stacks = choices(&shop, ANNA, "deploy", &json!([focused("stack", "st")])).await;
    assert_eq!(stacks, ["store@dev", "store@prod"]);
    let stack = json!({ "type": 3, "name": "stack", "value": "store@prod" });
    let typed = json!([stack, focused("service", "db ap")]);
    assert_eq!(choices(&shop, ANNA, "up", &typed).await, ["db api"]);
    let given = json!({ "type": 3, "name": "runbook", "value": "ordered-restart" });
    let typed = json!([given, focused("parameters", "stack=shop groups=core,d")]);
    let groups = choices(&shop, ANNA, "run", &typed).await;
    assert_eq!(groups, ["stack=shop groups=core,databases"]);
    let none = offered(&shop, CARL, "deploy", &json!([focused("stack", "st")])).await;
    assert_eq!(none, Vec::<String>::new());
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn another_server_is_offered_nothing() {
    let shop = DiscordShop::open().await;
    let typed = json!([focused("service", "ap")]);
    choices(&shop, ANNA, "diagnose", &typed).await;
    let leaf = json!({ "type": 1, "name": "diagnose", "options": typed });
    let data = json!({ "id": "700", "name": "ops", "type": 1, "options": [leaf] });
    let mut payload = shop.discord.interaction(ANNA, OPS, 4, &data);
    payload["guild_id"] = "13".into();
    shop.send(&payload);
    let answer = shop.discord.answer_to(&payload).await;
    assert_eq!(answer.answer["choices"], json!([]));
    shop.discord.assert_obeyed();
}
