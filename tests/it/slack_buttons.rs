//! Buttons in Slack: what comes next is one press away, each works once, and none for ever.

use dogwatch::clock::Clock;
use dogwatch::text::{Action, Ask, Message};

use crate::support::fake_slack::Shown;
use crate::support::fake_slack_views::block;
use crate::support::slack_shop::{ANNA, BOB, CARL, OPS, SlackShop, policy};

async fn press(shop: &SlackShop, who: &str, message: &Shown, label: &str) {
    shop.press(who, message, label).await;
}

async fn until_ended(shop: &SlackShop) -> Shown {
    shop.ended().await
}

#[tokio::test]
async fn the_fix_of_a_diagnosis_is_one_press_away() {
    let shop = SlackShop::open().await;
    shop.shop.outage().await;
    shop.ops(ANNA, "diagnose gateway").await;
    let report = shop
        .slack
        .until("a report", |shown| shown.text.contains("db was killed"))
        .await;
    let labels: Vec<String> = report
        .buttons()
        .iter()
        .map(|button| button["text"]["text"].as_str().unwrap().to_owned())
        .collect();
    insta::assert_snapshot!(labels.join(" | "), @"start db again | Logs | Look again");

    // who may not, may not; the button stays for those who may
    press(&shop, CARL, &report, "start db").await;
    let denied = shop
        .slack
        .until("a refusal", |shown| shown.text.contains("refused"))
        .await;
    assert_eq!(denied.only.as_deref(), Some(CARL));

    press(&shop, BOB, &report, "start db").await;
    let ended = until_ended(&shop).await;
    assert!(
        ended.words().contains("let go by") || ended.words().contains("asked by <@UBOB>"),
        "{}",
        ended.words()
    );
    let struck = shop
        .slack
        .until("the report without the button", |shown| {
            shown.ts == report.ts && shown.edits > 0
        })
        .await;
    assert!(!struck.words().contains("[start db"), "{}", struck.words());
    assert!(struck.words().contains("[Logs]"), "{}", struck.words());

    // somebody whose screen is old presses it all the same
    press(&shop, ANNA, &report, "start db").await;
    let used = shop
        .slack
        .until("a used button", |shown| {
            shown.text.contains("pressed this already")
        })
        .await;
    assert_eq!(used.only.as_deref(), Some(ANNA));
    let runs = shop.shop.say("runs").await;
    assert_eq!(runs.text.matches("succeeded").count(), 1, "{}", runs.text);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_old_button_begins_nothing() {
    let shop = SlackShop::open().await;
    shop.shop.outage().await;
    shop.ops(ANNA, "diagnose gateway").await;
    let mut report = shop
        .slack
        .until("a report", |shown| shown.text.contains("db was killed"))
        .await;
    report.ts = format!("{}.000100", Clock::System.now().as_second() - 3700);
    press(&shop, ANNA, &report, "start db").await;
    shop.slack
        .until("a word about it", |shown| {
            shown.text.contains("more than an hour old")
        })
        .await;
    let runs = shop.shop.say("runs").await;
    assert!(runs.text.contains("there are no runs"), "{}", runs.text);
    // looking has no age
    press(&shop, ANNA, &report, "Logs").await;
    shop.slack
        .until("logs", |shown| {
            shown.text.contains("shop-db-1") || shown.text.contains("db")
        })
        .await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_gate_is_answered_by_a_button() {
    let own = tempfile::tempdir().unwrap();
    let gate = "name: two\ntitle: Two\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - id: first\n    container.restart: { services: cache }\n  - id: gate\n    gate: is the queue empty?\n  - id: second\n    container.restart: { services: queue }\n";
    std::fs::write(own.path().join("two.yml"), gate).unwrap();
    let directory = own.path().to_owned();
    let shop = SlackShop::with(move |bot| {
        bot.policy = policy();
        bot.conduct.library = dogwatch::runbook::Library::new(Some(directory));
    })
    .await;
    for (label, sign) in [("Continue", "🟢"), ("Stop", "🔴")] {
        shop.slack.world().shown.clear();
        shop.ops(ANNA, "run two stack=shop").await;
        let waits = shop
            .slack
            .until("a gate", |shown| shown.words().contains("[Continue]"))
            .await;
        assert!(
            waits.words().contains("is the queue empty?"),
            "{}",
            waits.words()
        );
        assert!(waits.words().contains("[Logs]"), "{}", waits.words());
        press(&shop, CARL, &waits, label).await;
        shop.slack
            .until("a refusal", |shown| shown.only.as_deref() == Some(CARL))
            .await;
        press(&shop, BOB, &waits, label).await;
        if label == "Stop" {
            let form = shop.slack.until_view().await;
            shop.fill(BOB, &form, "it is not").await;
        }
        let ended = shop
            .slack
            .until("its end", |shown| {
                shown.text.starts_with(sign) && shown.thread.is_none()
            })
            .await;
        assert_eq!(ended.ts, waits.ts);
        assert!(!ended.words().contains("[Continue]"), "{}", ended.words());
    }
    shop.slack.assert_obeyed();
}

/// A message as it stands in the channel.
fn posted(message: &Message) -> Shown {
    Shown {
        channel: OPS.to_owned(),
        ts: format!("{}.000001", Clock::System.now().as_second()),
        thread: None,
        only: None,
        text: "x".to_owned(),
        blocks: dogwatch::text::block_kit(message).blocks().into(),
        edits: 0,
    }
}

/// Whatever a message offers, Slack can carry: its line comes back as it was, and is done.
#[tokio::test]
async fn any_line_can_be_behind_a_button() {
    let shop = SlackShop::open().await;
    let lines = [
        "incidents",
        "whoami",
        "logs local:shop/db --grep \"a b\" --since 10m",
        "report nothing",
        "help run",
    ];
    for line in lines {
        let message = Message::new().line("x").action(Action::new(
            "Do it",
            dogwatch::text::Redactor::shapes_only().clean(line),
        ));
        let shown = posted(&message);
        assert_eq!(shown.buttons()[0]["value"], line);
        shop.slack.world().shown.clear();
        press(&shop, ANNA, &shown, "Do it").await;
        shop.slack
            .until("an answer", |answer| answer.only.as_deref() == Some(ANNA))
            .await;
    }
    shop.slack.assert_obeyed();
}

/// What an incident offers: lines that want a reason ask for it, whatever they are about.
#[tokio::test]
async fn a_reason_is_asked_for_where_a_line_needs_one() {
    let shop = SlackShop::open().await;
    let silence = Action::new("Silence for 1 h", "silence shop/cache --for 1h --reason");
    let message = Message::new().line("x").action(silence.ask(Ask::Reason));
    let shown = posted(&message);
    press(&shop, ANNA, &shown, "Silence").await;
    let form = shop.slack.until_view().await;
    assert_eq!(form["title"]["text"], "Silence");
    assert_eq!(block(&form, "answer")["optional"], false);
    shop.fill(ANNA, &form, "cache \"moves\" today").await;
    shop.slack
        .until("a silence", |shown| {
            shown.text.contains("is silenced until")
        })
        .await;
    let silences = shop.shop.say("silences").await;
    assert!(
        silences.text.contains("cache \"moves\" today"),
        "{}",
        silences.text
    );
    shop.slack.assert_obeyed();
}
