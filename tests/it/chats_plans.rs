//! A long plan in a chat: short enough to be read, with everything that it deletes, and whole in a
//! file. On a terminal it is whole.

use std::fmt::Write as _;
use std::path::Path;

use dogwatch::runbook::Library;

use crate::support::discord_shop::{self, DiscordShop};
use crate::support::slack_shop::{self, SlackShop};
use crate::support::tester::Tester;

/// Forty steps, of which a few in the middle delete.
fn runbook(deleting: std::ops::Range<usize>) -> String {
    let mut text = "name: long\ntitle: Long\nrisk: destructive\nsteps:\n".to_owned();
    for number in 1..=40 {
        let (action, service) = if deleting.contains(&number) {
            ("remove", "migrate")
        } else {
            ("restart", "cache")
        };
        writeln!(
            text,
            "  - id: s{number}\n    container.{action}: {{ services: {service} }}"
        )
        .unwrap();
    }
    text
}

fn library(directory: &Path, deleting: std::ops::Range<usize>) -> Library {
    std::fs::write(directory.join("long.yml"), runbook(deleting)).unwrap();
    Library::new(Some(directory.to_owned()))
}

fn without_ids(text: &str) -> String {
    let expected = [
        (r"\b[0-9A-Z]{6}\b", "RUNRUN"),
        (r"plan [0-9a-f]{12}", "plan HASH"),
        (r"<!date\^[0-9]+\^[^|]*\|[^>]*>", "TIME"),
        (r"<t:[0-9]+:t> \(<t:[0-9]+:R>\)", "TIME"),
    ];
    expected
        .iter()
        .fold(text.to_owned(), |text, (shape, name)| {
            let shape = regex::Regex::new(shape).unwrap();
            shape.replace_all(&text, *name).into_owned()
        })
}

#[tokio::test]
async fn in_discord() {
    let own = tempfile::tempdir().unwrap();
    let shop = DiscordShop::with(|bot| {
        bot.policy = discord_shop::policy();
        bot.conduct.library = library(own.path(), 20..23);
    })
    .await;
    shop.ops(discord_shop::ANNA, "run long").await;
    let offer = shop.offer().await;
    insta::assert_snapshot!(without_ids(&offer.words()), @"
    long in shop on local deletes shop-migrate-1, shop-migrate-1 and shop-migrate-1: needs a second person
    **cache is missing meanwhile to those that need it: api**
    1  restart shop-cache-1
    2  restart shop-cache-1
    3  restart shop-cache-1
    4  restart shop-cache-1
    5  restart shop-cache-1
    6  restart shop-cache-1
    …  13 steps that delete nothing
    20  remove shop-migrate-1 **deletes for good**
    21  remove shop-migrate-1 **deletes for good**
    22  remove shop-migrate-1 **deletes for good**
    …  15 steps that delete nothing
    38  restart shop-cache-1
    39  restart shop-cache-1
    40  restart shop-cache-1
    the whole plan, 40 steps, is in the file
    type `approve RUNRUN shop` or `deny RUNRUN`; it expires at TIME
    asked by <@1001>
    plan HASH
    [Approve: type shop]
    [Deny]
    ");
    let world = shop.discord.world();
    let file = world.files.last().unwrap();
    assert!(file.contains("\n33  restart shop-cache-1"), "{file}");
    assert_eq!(offer.body["attachments"][0]["filename"], "answer.txt");
    drop(world);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn in_slack() {
    let own = tempfile::tempdir().unwrap();
    let shop = SlackShop::with(|bot| {
        bot.policy = slack_shop::policy();
        bot.conduct.library = library(own.path(), 2..40);
    })
    .await;
    shop.ops(slack_shop::ANNA, "run long").await;
    let offer = shop.offer().await;
    insta::assert_snapshot!(without_ids(&offer.words()), @"
    long in shop on local deletes shop-migrate-1, shop-migrate-1, shop-migrate-1 and 35 more: needs a second person
    *cache is missing meanwhile to those that need it: api*
    1  restart shop-cache-1
    2  remove shop-migrate-1  *deletes for good*
    3  remove shop-migrate-1  *deletes for good*
    4  remove shop-migrate-1  *deletes for good*
    5  remove shop-migrate-1  *deletes for good*
    6  remove shop-migrate-1  *deletes for good*
    7  remove shop-migrate-1  *deletes for good*
    8  remove shop-migrate-1  *deletes for good*
    9  remove shop-migrate-1  *deletes for good*
    10  remove shop-migrate-1  *deletes for good*
    11  remove shop-migrate-1  *deletes for good*
    12  remove shop-migrate-1  *deletes for good*
    13  remove shop-migrate-1  *deletes for good*
    14  remove shop-migrate-1  *deletes for good*
    15  remove shop-migrate-1  *deletes for good*
    16  remove shop-migrate-1  *deletes for good*
    17  remove shop-migrate-1  *deletes for good*
    18  remove shop-migrate-1  *deletes for good*
    *…  19 steps, of which 19 delete for good:* remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1, remove shop-migrate-1
    38  remove shop-migrate-1  *deletes for good*
    39  remove shop-migrate-1  *deletes for good*
    40  restart shop-cache-1
    the whole plan, 40 steps, is in the file
    type `approve RUNRUN shop` or `deny RUNRUN`; it expires at TIME
    asked by <@UANNA>
    plan HASH
    [Approve: type shop]
    [Deny]
    ");
    crate::support::served::until("the file", async || !shop.slack.world().files.is_empty()).await;
    let world = shop.slack.world();
    assert!(
        world.files[0].contains("\n33  remove shop-migrate-1"),
        "{}",
        world.files[0]
    );
    drop(world);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn on_a_terminal_it_is_whole() {
    let own = tempfile::tempdir().unwrap();
    let shop = Tester::with(|bot| bot.conduct.library = library(own.path(), 20..23));
    let said = shop.say("plan long").await;
    let steps = said.text.matches("shop-cache-1").count();
    assert_eq!(steps, 37, "{}", said.text);
    assert!(!said.text.contains("in the file"), "{}", said.text);
}
