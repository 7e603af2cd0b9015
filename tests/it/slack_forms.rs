//! Forms in Slack: a run without its values, filled in, corrected, refused.

use serde_json::{Value, json};

use crate::support::fake_slack::Failure;
use crate::support::fake_slack_views::{block, choices};
use crate::support::slack_shop::{ANNA, BOB, CARL, SlackShop, policy};

/// A runbook with a parameter of every kind.
pub(crate) const EVERY: &str = r#"
name: every-kind
title: One of every kind
risk: change
params:
  service: { type: service, required: true, help: "the service <!channel>" }
  others: { type: service, many: true }
  stack: { type: stack }
  host: { type: host }
  count: { type: integer, min: 1, max: 9, default: 3 }
  wait: { type: duration, default: 10s }
  mode: { type: enum, values: [fast, safe], default: safe }
  force: { type: boolean, default: false }
  ticket: { type: string, required: true, pattern: "[A-Z]+-[0-9]+" }
  words: { type: string }
  key: { type: secret, default: deploy-key }
  fixed: { type: string, locked: always }
steps:
  - id: restart
    container.restart: { services: "{{service}}", grace: "{{wait}}" }
report:
  issue: "{{ticket}} {{mode}} {{count}} {{force}}: {{words}}"
"#;

async fn shop() -> (SlackShop, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("every.yml"), EVERY).unwrap();
    let own = directory.path().to_owned();
    let shop = SlackShop::with(move |bot| {
        bot.policy = policy();
        bot.conduct.library = dogwatch::runbook::Library::new(Some(own));
        let secret = ("deploy-key".to_owned(), "hunter2-very-secret".to_owned());
        bot.conduct.secrets = [secret].into();
    })
    .await;
    (shop, directory)
}

async fn errors(shop: &SlackShop, form: &Value, answers: &[(&str, &[&str])]) -> Value {
    let filled = shop.slack.filled_in(ANNA, form, answers);
    let ack = shop.slack.sockets.send("interactive", &filled).await;
    ack["payload"].clone()
}

fn it_shows_every_kind(form: &Value) {
    assert_eq!(form["title"]["text"], "run every-kind");
    let named: Vec<&str> = form["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|block| block["block_id"].as_str())
        .collect();
    assert_eq!(
        named,
        [
            "service", "ticket", "count", "force", "host", "key", "mode", "others", "stack",
            "wait", "words"
        ]
    );
    let kind = |field: &str| {
        block(form, field)["element"]["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let kinds: Vec<String> = named.iter().map(|name| kind(name)).collect();
    insta::assert_snapshot!(kinds.join(" "), @"static_select plain_text_input number_input radio_buttons static_select static_select static_select multi_static_select static_select plain_text_input plain_text_input");
    assert!(choices(form, "service").contains(&"shop/api".to_owned()));
    assert_eq!(choices(form, "stack"), ["shop"]);
    assert_eq!(choices(form, "key"), ["deploy-key"]);
    assert_eq!(block(form, "count")["element"]["initial_value"], "3");
    assert_eq!(block(form, "ticket")["optional"], false);
    assert!(!form.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_run_without_its_values_asks_for_them() {
    let (shop, _own) = shop().await;
    shop.ops(ANNA, "run every-kind").await;
    let form = shop.slack.until_view().await;
    it_shows_every_kind(&form);
    let wrong = errors(
        &shop,
        &form,
        &[
            ("service", &["shop/cache"]),
            ("ticket", &["nothing"]),
            ("count", &["12"]),
            ("wait", &["soon"]),
        ],
    )
    .await;
    insta::assert_json_snapshot!(wrong, @r#"
    {
      "errors": {
        "count": "expected 1 to 9",
        "ticket": "it does not match `[A-Z]+-[0-9]+`",
        "wait": "say a time like 90s, 15m, 2h or 1d"
      },
      "response_action": "errors"
    }
    "#);
    assert!(shop.slack.world().shown.is_empty());

    let words = r#"it's "so" \ – <!channel> --yes a=b"#;
    let right = errors(
        &shop,
        &form,
        &[
            ("service", &["shop/cache"]),
            ("ticket", &["OPS-7"]),
            ("words", &[words]),
        ],
    )
    .await;
    assert_eq!(right, Value::Null);
    let ended = shop.ended().await;
    assert!(
        ended.words().contains("every-kind cache OPS-7"),
        "{}",
        ended.words()
    );
    shop.press(ANNA, &ended, "Report").await;
    let told = shop
        .slack
        .until("a report", |shown| {
            shown.text.starts_with("OPS-7 safe 3 false")
        })
        .await;
    assert!(
        told.text.starts_with(&format!(
            "OPS-7 safe 3 false: {}",
            words.replace('<', "&lt;").replace('>', "&gt;")
        )),
        "{}",
        told.text
    );
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn what_was_typed_is_not_asked_again_and_a_whole_line_asks_nothing() {
    let (shop, _own) = shop().await;
    shop.ops(ANNA, "run every-kind ticket=OPS-1 count=4").await;
    let form = shop.slack.until_view().await;
    let asked = form["blocks"].to_string();
    assert!(
        asked.contains("\"service\"")
            && !asked.contains("\"ticket\"")
            && !asked.contains("\"count\""),
        "{asked}"
    );
    shop.ops(ANNA, "run restart cache").await;
    shop.slack
        .until("its end", |shown| shown.text.starts_with("🟢"))
        .await;
    assert!(shop.slack.world().views.is_empty());
    shop.ops(ANNA, "plan stop").await;
    let form = shop.slack.until_view().await;
    assert_eq!(form["submit"]["text"], "Show the plan");
    assert_eq!(
        errors(&shop, &form, &[("service", &["shop/cache", "shop/queue"])]).await,
        Value::Null
    );
    let plan = shop
        .slack
        .until("a plan", |shown| shown.text.contains("would be"))
        .await;
    assert_eq!(plan.only.as_deref(), Some(ANNA));
    assert!(
        plan.words().contains("stop shop-cache-1") && plan.words().contains("stop shop-queue-1"),
        "{}",
        plan.words()
    );
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn only_what_somebody_may_touch_can_be_chosen() {
    let (shop, _own) = shop().await;
    shop.ops(CARL, "run restart").await;
    let refused = shop
        .slack
        .until("a refusal", |shown| shown.only.as_deref() == Some(CARL))
        .await;
    assert!(refused.text.contains("`service`"), "{}", refused.text);
    assert!(shop.slack.world().views.is_empty());
    // who may look may plan
    shop.ops(CARL, "plan restart").await;
    let form = shop.slack.until_view().await;
    assert!(choices(&form, "service").contains(&"shop/api".to_owned()));
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_form_comes_by_a_button_where_a_line_alone_cannot_open_one() {
    let (shop, _own) = shop().await;
    shop.mention(BOB, "run restart").await;
    let offer = shop
        .slack
        .until("a button", |shown| !shown.buttons().is_empty())
        .await;
    assert_eq!(
        (offer.only.as_deref(), offer.thread.as_deref()),
        (Some(BOB), Some("1.5"))
    );
    insta::assert_snapshot!(offer.words(), @"
    `run restart` needs service
    type `run restart service=…`
    [Fill in]
    ");
    shop.press(BOB, &offer, "Fill in").await;
    let form = shop.slack.until_view().await;
    let filled = shop
        .slack
        .filled_in(BOB, &form, &[("service", &["shop/cache"])]);
    shop.slack.sockets.send("interactive", &filled).await;
    shop.slack
        .until("its end", |shown| shown.text.starts_with("🟢"))
        .await;

    // a trigger that Slack no longer takes
    let late = vec![Failure::Refused("expired_trigger_id")];
    shop.slack
        .world()
        .failures
        .insert("views.open".into(), late.into());
    shop.ops(ANNA, "run restart").await;
    shop.slack
        .until("a button instead", |shown| {
            shown.only.as_deref() == Some(ANNA) && !shown.buttons().is_empty()
        })
        .await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_form_that_was_sent_twice_is_done_once() {
    let (shop, _own) = shop().await;
    shop.ops(ANNA, "run restart").await;
    let form = shop.slack.until_view().await;
    let filled = shop
        .slack
        .filled_in(ANNA, &form, &[("service", &["shop/cache"])]);
    let envelope = shop.slack.sockets.new_envelope();
    for _ in 0..2 {
        shop.slack
            .sockets
            .deliver("interactive", &filled, &envelope)
            .await;
    }
    shop.slack
        .until("its end", |shown| shown.text.starts_with("🟢"))
        .await;
    let runs = shop.shop.say("runs").await;
    assert_eq!(
        runs.text.matches("restart cache").count(),
        1,
        "{}",
        runs.text
    );
    // a form that is not ours is nobody's
    let foreign = json!({ "type": "view_submission", "user": { "id": ANNA }, "view": { "private_metadata": "{}", "state": {} } });
    let ack = shop.slack.sockets.send("interactive", &foreign).await;
    assert_eq!(ack.get("payload"), None);
    shop.slack.assert_obeyed();
}
