//! A host that is given beside a service or a stack: one that is meant twice is one host, and two
//! that differ are refused, in a form and on a line.

use std::path::Path;

use dogwatch::bot::{Bot, Outcome};
use dogwatch::runbook::Library;

use crate::slack_forms::EVERY;
use crate::support::discord_shop::{self, DiscordShop, OPS};
use crate::support::slack_shop::{self, SlackShop};
use crate::support::tester::Tester;
use crate::support::two_hosts::TwoHosts;

fn with_every_kind(bot: &mut Bot, directory: &Path) {
    std::fs::write(directory.join("every.yml"), EVERY).unwrap();
    bot.conduct.library = Library::new(Some(directory.to_owned()));
    let secret = ("deploy-key".to_owned(), "hunter2-very-secret".to_owned());
    bot.conduct.secrets = [secret].into();
}

/// Where a line's plan is, or why there is none.
async fn planned(shop: &Tester, values: &str) -> (Outcome, String) {
    let line = format!("plan every-kind ticket=OPS-1 {values}");
    let answer = shop.say(&line).await;
    (answer.outcome.unwrap(), answer.text)
}

#[tokio::test]
async fn on_a_line_with_one_host_its_name_may_stand_anywhere() {
    let own = tempfile::tempdir().unwrap();
    let shop = Tester::with(|bot| with_every_kind(bot, own.path()));
    for values in [
        "host=local service=shop/cache",
        "host=local service=local:shop/cache",
        "service=local:shop/cache others=shop/api",
        "host=local service=shop/cache others=local:shop/api,shop/db stack=local:shop",
        "service=cache stack=local:shop",
    ] {
        let (outcome, text) = planned(&shop, values).await;
        assert_eq!(outcome, Outcome::Done, "{values}: {text}");
    }
    let restarted = shop.say("restart local:shop/cache shop/api").await;
    assert_eq!(restarted.outcome, Some(Outcome::Done), "{}", restarted.text);
    let (outcome, text) = planned(&shop, "host=nowhere service=shop/cache").await;
    assert_eq!(outcome, Outcome::Usage, "{text}");
    assert!(text.contains("nowhere"), "{text}");
}

#[tokio::test]
async fn on_a_line_with_two_hosts_they_have_to_agree() {
    let (own, hosts) = (tempfile::tempdir().unwrap(), TwoHosts::new());
    let shop = Tester::with(|bot| {
        hosts.give(bot, &["console:anna"]);
        with_every_kind(bot, own.path());
    });
    for values in [
        "host=lab service=shop/cache",
        "host=lab service=lab:shop/cache others=shop/api",
        "host=lab service=cache stack=shop",
        "service=cache stack=lab:shop",
        "service=lab:shop/cache stack=lab:shop",
    ] {
        let (outcome, text) = planned(&shop, values).await;
        assert_eq!(outcome, Outcome::Done, "{values}: {text}");
        assert!(text.contains("on lab"), "{values}: {text}");
    }
    for (values, one, other) in [
        (
            "host=lab service=local:shop/cache",
            "host=lab",
            "service=local:shop/cache",
        ),
        (
            "host=local service=cache stack=lab:shop",
            "host=local",
            "stack=lab:shop",
        ),
        (
            "service=lab:shop/cache stack=local:shop",
            "service=lab:shop/cache",
            "stack=local:shop",
        ),
        (
            "service=lab:shop/api others=lab:db,local:shop/db",
            "others=lab:db",
            "others=local:shop/db",
        ),
    ] {
        let (outcome, text) = planned(&shop, values).await;
        assert_eq!(outcome, Outcome::Usage, "{values}: {text}");
        assert!(text.contains("different hosts"), "{values}: {text}");
        assert!(
            text.contains(one) && text.contains(other),
            "{values}: {text}"
        );
    }
    let (_, text) = planned(&shop, "service=lab:shop/api others=shop/db").await;
    assert!(
        text.contains("`shop/db` is in several places; say which: lab:shop/db, local:shop/db"),
        "{text}"
    );
}

#[tokio::test]
async fn in_a_form_in_discord() {
    let (own, hosts) = (tempfile::tempdir().unwrap(), TwoHosts::new());
    let shop = DiscordShop::with(|bot| {
        hosts.give(bot, &[]);
        bot.policy = discord_shop::policy();
        with_every_kind(bot, own.path());
    })
    .await;
    let anna = discord_shop::ANNA;
    let asked = shop
        .ops(anna, "run every-kind count=4 key=deploy-key words=x")
        .await;
    let form = shop.discord.answer_to(&asked).await.answer;
    let send = async |service: &str| {
        let answers: &[(&str, &[&str])] = &[
            ("service", &[service]),
            ("ticket", &["OPS-1"]),
            ("host", &["lab"]),
        ];
        let payload = shop.discord.filled_in(anna, OPS, &form, answers);
        shop.send(&payload);
        shop.discord.answer_to(&payload).await.answered
    };
    assert_eq!(send("local:shop/cache").await, Some(4));
    let told = shop
        .discord
        .until("what is wrong", |shown| {
            shown.words().contains("nothing was done")
        })
        .await;
    let words = told.words();
    assert!(words.contains("**service**: "), "{words}");
    assert!(words.contains("different hosts"), "{words}");
    assert_eq!(send("lab:shop/cache").await, Some(5));
    shop.discord
        .until("its end", crate::discord::has_ended)
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn in_a_form_in_slack() {
    let own = tempfile::tempdir().unwrap();
    let shop = SlackShop::with(|bot| {
        bot.policy = slack_shop::policy();
        with_every_kind(bot, own.path());
    })
    .await;
    let anna = slack_shop::ANNA;
    shop.ops(anna, "run every-kind").await;
    let form = shop.slack.until_view().await;
    let answers: &[(&str, &[&str])] = &[
        ("service", &["shop/cache"]),
        ("ticket", &["OPS-1"]),
        ("host", &["local"]),
    ];
    let filled = shop.slack.filled_in(anna, &form, answers);
    let ack = shop.slack.sockets.send("interactive", &filled).await;
    assert_eq!(ack.get("payload"), None, "{ack}");
    shop.ended().await;
    shop.slack.assert_obeyed();
}
