//! A right that is bound to an environment counts on the host that is of it: in forms, buttons,
//! choices, incidents and silences as in plans.

use std::sync::Arc;

use dogwatch::access::{Caller, Surface};
use dogwatch::bot::Outcome;
use dogwatch::clock::Clock;
use dogwatch::duty::Duty;
use dogwatch::incident::{Counts, accept};
use dogwatch::text::Name;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::discord_names::{choices, focused};
use crate::incident_intake::alert;
use crate::support::discord_shop::{self, DiscordShop};
use crate::support::fake_discord_forms::{field, options};
use crate::support::fake_slack_views::choices as offered;
use crate::support::served::until;
use crate::support::slack_shop::{self, SlackShop};
use crate::support::tester::Tester;
use crate::support::two_hosts::TwoHosts;

#[tokio::test]
async fn in_slack() {
    let hosts = TwoHosts::new();
    let people = ["slack:UANNA", "slack:UBOB"];
    let shop = SlackShop::with(|bot| hosts.give(bot, &people)).await;
    let (anna, bob) = (slack_shop::ANNA, slack_shop::BOB);
    shop.ops(anna, "remove lab:shop/migrate").await;
    let offer = shop.offer().await;
    shop.press(bob, &offer, "Approve").await;
    let form = shop.slack.until_view().await;
    shop.fill(bob, &form, "shop").await;
    shop.slack
        .until("its end", |shown| {
            shown.ts == offer.ts && shown.text.starts_with("🟢")
        })
        .await;

    shop.ops(anna, "run restart").await;
    let form = shop.slack.until_view().await;
    let services = offered(&form, "service");
    assert!(
        services.contains(&"lab:shop/api".to_owned()),
        "{services:?}"
    );
    assert!(
        services.iter().all(|name| name.starts_with("lab:")),
        "{services:?}"
    );

    shop.ops(anna, "remove local:shop/cache").await;
    shop.slack
        .until("a denial", |shown| {
            shown.only.as_deref() == Some(anna) && shown.text.contains("refused")
        })
        .await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn in_discord() {
    let hosts = TwoHosts::new();
    let people = ["discord:1001", "discord:1002"];
    let shop = DiscordShop::with(|bot| hosts.give(bot, &people)).await;
    let (anna, bob) = (discord_shop::ANNA, discord_shop::BOB);
    shop.ops(anna, "remove lab:shop/migrate").await;
    let offer = shop.offer().await;
    let form = shop.press(bob, &offer, "Approve").await;
    assert_eq!(form["title"], "Approve: remove migrate");
    assert_eq!(shop.fill(bob, &offer, &form, "shop").await, Some(6));
    shop.discord
        .until("its end", |shown| {
            shown.id == offer.id && shown.title().starts_with("🟢")
        })
        .await;

    let form = shop.ops(anna, "run restart").await;
    let form = shop.discord.answer_to(&form).await.answer;
    let services = options(&field(&form, "service"));
    assert!(
        services.contains(&"lab:shop/api".to_owned()),
        "{services:?}"
    );
    assert!(
        services.iter().all(|name| name.starts_with("lab:")),
        "{services:?}"
    );

    let typed = json!([focused("service", "api")]);
    let mut names = Vec::new();
    // the first look may take longer than somebody waits
    until("names are offered", async || {
        names = choices(&shop, anna, "restart", &typed).await;
        !names.is_empty()
    })
    .await;
    // the other `api` may be looked at, so `api` alone would be asked about
    assert_eq!(names, ["lab:api", "lab:shop/api"]);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn with_incidents_and_silences() {
    let hosts = TwoHosts::new();
    let mut shop = Tester::with(|bot| hosts.give(bot, &["slack:UANNA"]));
    shop.caller = Caller {
        surface: Surface::Slack,
        id: Name::new("UANNA"),
        groups: Vec::new(),
    };
    let silence = |host: &str| format!("silence {host}shop/cache --for 1h --reason quiet");
    let there = shop.say(&silence("lab:")).await;
    assert_eq!(there.outcome, Some(Outcome::Done), "{}", there.text);
    for elsewhere in [silence("local:"), silence("")] {
        let denied = shop.say(&elsewhere).await;
        assert_eq!(denied.outcome, Some(Outcome::Denied), "{elsewhere}");
    }

    let (_bots, bots) = watch::channel(Arc::clone(&shop.bot));
    let stop = CancellationToken::new();
    tokio::spawn(Duty::new(bots, Arc::new(Counts::default())).run(stop.clone()));
    let store = shop.bot.store.get().await.unwrap();
    for (number, host) in ["#1", "#2"].into_iter().zip(["lab", "local"]) {
        let mut died = alert("shop", "api", "died");
        died.host = host.to_owned();
        died.at = Clock::System.now();
        accept(store, shop.bot.clock, &[died]).await.unwrap();
        until("an incident", async || {
            shop.say("incidents --all").await.text.contains(number)
        })
        .await;
    }
    let mut outcomes = Vec::new();
    for number in [1, 2] {
        let told = shop.say(&format!("ack {number}")).await;
        outcomes.push(told.outcome);
    }
    assert_eq!(outcomes, [Some(Outcome::Done), Some(Outcome::Denied)]);
    stop.cancel();
}
