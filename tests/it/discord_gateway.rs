//! Discord's gateway with everything a connection can suffer: whatever came in is worked on once.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::support::discord_shop::{ANNA, DiscordShop, policy};
use crate::support::fake_discord::FakeDiscord;
use crate::support::tester::Tester;

async fn is_answered(shop: &DiscordShop) {
    let asked = shop.ops(ANNA, "whoami").await;
    shop.discord
        .until("an answer", |shown| {
            shown.by.as_deref() == asked["token"].as_str() && shown.words().contains("you are")
        })
        .await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_resumed_and_nothing_is_lost_or_done_twice() {
    let shop = DiscordShop::open().await;
    is_answered(&shop).await;
    let gateway = &shop.discord.gateway;
    gateway.log().is_closed = true;
    gateway.drop_all();
    gateway.until("it is gone", |log| log.open == 0).await;
    let missed = shop.payload(ANNA, "whoami");
    shop.send(&missed);
    gateway.log().is_closed = false;
    gateway.until("it comes back", |log| log.resumed == 1).await;
    shop.discord
        .until("what was missed is answered", |shown| {
            shown.by.as_deref() == missed["token"].as_str()
        })
        .await;
    gateway.order(json!({ "op": 7, "d": null }));
    gateway
        .until("it comes back again", |log| log.resumed == 2)
        .await;
    is_answered(&shop).await;
    assert_eq!(gateway.log().identified, 1, "one session all along");
    assert_eq!(shop.adapter.health().repeated(), 0);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_session_that_discord_forgot_is_begun_anew() {
    let shop = DiscordShop::open().await;
    let gateway = &shop.discord.gateway;
    gateway.log().forgets = true;
    gateway.drop_all();
    gateway
        .until("another session", |log| {
            log.identified == 2 && log.open == 1
        })
        .await;
    is_answered(&shop).await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_connection_that_answers_no_heartbeat_is_given_up() {
    let shop = DiscordShop::open().await;
    let gateway = &shop.discord.gateway;
    gateway.until("it beats", |log| log.beats > 0).await;
    gateway.log().is_deaf = true;
    gateway
        .until("another connection", |log| log.connections > 1)
        .await;
    gateway.log().is_deaf = false;
    gateway
        .until("it is well", |log| {
            log.open >= 1 && log.identified + log.resumed > 1
        })
        .await;
    while shop.adapter.health().trouble().is_some() {
        sleep(Duration::from_millis(50)).await;
    }
    is_answered(&shop).await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn without_sessions_left_none_is_begun() {
    let discord = FakeDiscord::start().await;
    {
        let mut world = discord.world();
        world.sessions = 0;
        world.sessions_after_ms = 90 * 60_000;
    }
    let tester = Tester::with(|bot| bot.policy = policy());
    let shop = DiscordShop::around(discord, tester, |_| {});
    let health = shop.adapter.health();
    while !health.trouble().is_some_and(|why| why.contains("used up")) {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(health.trouble().unwrap().contains("in 90 min"));
    assert_eq!(shop.discord.gateway.log().connections, 0);
}

#[tokio::test]
async fn a_wrong_token_is_said_to_be_wrong_and_not_tried_on_and_on() {
    let discord = FakeDiscord::start().await;
    let refusals = vec![crate::support::fake_discord::Failure::Refused(401, 0); 9];
    discord
        .world()
        .failures
        .insert("GET ".into(), refusals.into());
    let tester = Tester::with(|bot| bot.policy = policy());
    let shop = DiscordShop::around(discord, tester, |_| {});
    let health = shop.adapter.health();
    while !health
        .trouble()
        .is_some_and(|why| why.contains("the token is not accepted"))
    {
        sleep(Duration::from_millis(20)).await;
    }
    let left = shop.discord.world().failures["GET "].len();
    assert!(left >= 6, "few tries: {left}");
}

#[tokio::test]
async fn a_session_that_discord_ends_for_a_wrong_token_says_so() {
    let shop = DiscordShop::open().await;
    shop.discord.gateway.close_all(4004);
    let health = shop.adapter.health();
    while !health
        .trouble()
        .is_some_and(|why| why.contains("the token is not accepted"))
    {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(shop.discord.gateway.log().identified, 1);
}

#[tokio::test]
async fn a_shape_that_is_not_known_is_read_as_far_as_it_can_be() {
    let shop = DiscordShop::open().await;
    let mut payload = shop.payload(ANNA, "whoami");
    payload
        .as_object_mut()
        .unwrap()
        .remove("attachment_size_limit");
    shop.send(&payload);
    shop.discord
        .until("an answer", |shown| {
            shown.by.as_deref() == payload["token"].as_str() && shown.words().contains("you are")
        })
        .await;
    assert_eq!(shop.adapter.health().misreadings(), 0);
    let mut strange = shop.payload(ANNA, "whoami");
    strange["type"] = 77.into();
    shop.send(&strange);
    while shop.adapter.health().misreadings() == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    is_answered(&shop).await;
    shop.discord.assert_obeyed();
}
