//! Sockets that come and go: nothing that is typed is lost, and deafness is said.

use serde_json::Value;

use crate::support::fake_slack::Failure;
use crate::support::slack_shop::{ANNA, SlackShop};
use crate::support::wire::awaited;

async fn until_trouble(shop: &SlackShop, wanted: bool) {
    let health = shop.adapter.health();
    let reached = awaited(|| (health.trouble().is_some() == wanted).then_some(()));
    reached.await.expect("health is as wanted");
}

async fn still_answers(shop: &SlackShop) {
    shop.ops(ANNA, "whoami").await;
    shop.slack
        .until("who", |shown| shown.text.contains("you are slack:UANNA"))
        .await;
    shop.slack.world().shown.clear();
}

#[tokio::test]
async fn a_socket_is_renewed_while_the_other_listens() {
    let shop = SlackShop::open().await;
    shop.slack.sockets.refresh(0);
    shop.slack.sockets.until_open(2, 3).await;
    still_answers(&shop).await;
    shop.slack.sockets.refresh(1);
    shop.slack.sockets.until_open(2, 4).await;
    still_answers(&shop).await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn sockets_that_break_come_back() {
    let shop = SlackShop::open().await;
    shop.slack.sockets.cut(0);
    shop.slack.sockets.until_open(2, 3).await;
    let refusals = vec![Failure::Broken; 3];
    shop.slack
        .world()
        .failures
        .insert("apps.connections.open".into(), refusals.into());
    shop.slack.sockets.cut(1);
    shop.slack.sockets.cut(0);
    until_trouble(&shop, true).await;
    shop.slack.sockets.until_open(2, 5).await;
    until_trouble(&shop, false).await;
    still_answers(&shop).await;
}

#[tokio::test]
async fn a_socket_that_is_dead_without_a_word_is_noticed() {
    let shop = SlackShop::open().await;
    shop.slack.sockets.freeze(0);
    shop.slack.sockets.until_open(2, 3).await;
    still_answers(&shop).await;
}

#[tokio::test]
async fn what_nobody_knows_is_acknowledged_and_left_alone() {
    let shop = SlackShop::open().await;
    let ack = shop.slack.sockets.send("brand_new", &Value::Null).await;
    assert_eq!(ack.as_object().unwrap().len(), 1, "{ack}");
    let ack = shop.slack.sockets.send("interactive", &Value::Null).await;
    assert_eq!(ack.as_object().unwrap().len(), 1, "{ack}");
    still_answers(&shop).await;
}
