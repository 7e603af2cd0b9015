//! What on-call staff live through in Slack: asking, changing, approving, being told.

use std::sync::Arc;

use dogwatch::bot::Outcome;
use dogwatch::incident::settings::Address;
use dogwatch::live::Posted;
use dogwatch::live::ledger::{Ledger, Open};
use dogwatch::store::{NewRun, RunState, StateChange};
use serde_json::json;

use crate::support::fake_slack::Failure;
use crate::support::slack_shop::{ANNA, BOB, CARL, OPS, SlackShop, policy};
use crate::support::tester::Tester;
use crate::support::wire::awaited;

#[tokio::test]
async fn a_question_is_answered_to_who_asked() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "status").await;
    let answer = shop
        .slack
        .until("a status", |shown| shown.text.contains("are well"))
        .await;
    assert_eq!(answer.only.as_deref(), Some(ANNA));
    assert!(
        answer
            .text
            .starts_with("shop on local: all 8 services are well"),
        "{}",
        answer.text
    );
    shop.ops(CARL, "").await;
    let help = shop
        .slack
        .until("help", |shown| shown.text.contains("what it does"))
        .await;
    assert_eq!(help.only.as_deref(), Some(CARL));
    assert!(!help.text.contains("restart SERVICE"), "{}", help.text);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_mention_is_answered_in_its_thread_and_a_denial_to_one_person() {
    let shop = SlackShop::open().await;
    shop.mention(CARL, "health").await;
    let answer = shop
        .slack
        .until("health", |shown| shown.text.contains("are well"))
        .await;
    assert_eq!((answer.only, answer.thread.as_deref()), (None, Some("1.5")));
    shop.mention(CARL, "restart cache").await;
    let denial = shop
        .slack
        .until("a denial", |shown| shown.text.contains("refused"))
        .await;
    assert_eq!(denial.only.as_deref(), Some(CARL));
    shop.event(json!({ "type": "message", "channel_type": "im", "channel": "D7", "user": ANNA, "ts": "1.7", "text": "whoami" }))
        .await;
    let who = shop
        .slack
        .until("who", |shown| shown.text.contains("you are slack:UANNA"))
        .await;
    assert_eq!((who.only, who.channel.as_str()), (None, "D7"));
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_change_lives_in_one_message_until_it_has_ended() {
    let shop = SlackShop::open().await;
    shop.shop.outage().await;
    shop.ops(ANNA, "restart db api gateway").await;
    let going = shop
        .slack
        .until("a run that goes on", |shown| shown.text.starts_with("🔵"))
        .await;
    assert!(
        going.words().contains("asked by <@UANNA>"),
        "{}",
        going.words()
    );
    assert!(going.words().contains("▸"), "{}", going.words());
    let ended = shop
        .slack
        .until("its end", |shown| {
            shown.text.starts_with("🟢") && shown.edits > 0
        })
        .await;
    assert_eq!(ended.ts, going.ts, "edited in place");
    assert!(ended.words().contains("oom-killed"), "{}", ended.words());
    assert!(ended.words().contains("recovered"), "{}", ended.words());
    assert!(!ended.words().contains("[Cancel]"), "{}", ended.words());
    let in_public = shop
        .slack
        .world()
        .shown
        .iter()
        .filter(|shown| shown.only.is_none() && shown.thread.is_none())
        .count();
    assert_eq!(in_public, 1, "one message, the rest in its thread");
    shop.slack
        .until("its end in the thread", |shown| {
            shown.thread.as_deref() == Some(&ended.ts) && shown.text.starts_with("🟢")
        })
        .await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_destructive_change_is_asked_for_by_one_and_let_go_by_another() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.offer().await;
    assert_eq!(offer.only, None, "everybody sees what waits");
    insta::with_settings!({ filters => [(r"\b[0-9A-Z]{6}\b", "RUNRUN"), (r"plan [0-9a-f]{12}", "plan HASH"), (r"<!date\^[0-9]+\^[^|]*\|[^>]*>", "TIME")] }, {
        insta::assert_snapshot!(offer.words(), @"
        remove migrate in shop on local deletes shop-migrate-1: needs a second person
        1  remove shop-migrate-1  *deletes for good*
        type `approve RUNRUN shop` or `deny RUNRUN`; it expires at TIME
        asked by <@UANNA>
        plan HASH
        [Approve: type shop]
        [Deny]
        ");
    });

    shop.press(CARL, &offer, "Approve").await;
    let denial = shop
        .slack
        .until("a denial", |shown| shown.text.contains("refused"))
        .await;
    assert_eq!(denial.only.as_deref(), Some(CARL));

    shop.press(BOB, &offer, "Approve").await;
    let form = shop.slack.until_view().await;
    let ack = shop.fill(BOB, &form, "shopp").await;
    assert_eq!(ack["payload"]["response_action"], "errors");
    let ack = shop.fill(BOB, &form, "shop").await;
    assert_eq!(ack.get("payload"), None);

    let ended = shop.ended().await;
    assert_eq!(ended.ts, offer.ts, "the offer became the run's message");
    insta::with_settings!({ filters => [(r"\d+(\.\d+)? (s|ms)\b", "N s")] }, {
        insta::assert_snapshot!(ended.words(), @"
        🟢 remove migrate: done after N s
        done: remove migrate (1 steps, N s)
        asked by <@UANNA>, let go by <@UBOB>
        [Report]
        ");
    });
    let gone = shop.shop.say("status migrate").await;
    assert_eq!(gone.outcome, Some(Outcome::Usage), "{}", gone.text);

    shop.press(ANNA, &offer, "Approve").await;
    shop.slack
        .until("a late press", |shown| {
            shown.text.contains("does not wait for approval")
        })
        .await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_denial_has_a_reason_and_the_buttons_die() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.offer().await;
    shop.press(BOB, &offer, "Deny").await;
    let form = shop.slack.until_view().await;
    shop.fill(BOB, &form, "not during the sale").await;
    let dead = shop
        .slack
        .until("a dead offer", |shown| {
            shown.ts == offer.ts && shown.text.starts_with("⚪")
        })
        .await;
    assert!(dead.buttons().is_empty(), "{dead:#?}");
    assert!(dead.text.contains("not during the sale"), "{}", dead.text);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_offer_outlives_the_program() {
    let store = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", store.path().join("dogwatch.db").display());
    let shop = SlackShop::with(|bot| {
        bot.policy = policy();
        bot.store = dogwatch::store::Later::at(url.try_into().unwrap());
    })
    .await;
    let first = shop.slack.slash(ANNA, OPS, "remove migrate");
    let envelope = shop.slack.sockets.new_envelope();
    shop.slack
        .sockets
        .deliver("slash_commands", &first, &envelope)
        .await;
    let offer = shop.offer().await;
    let shop = shop.restart().await;
    shop.slack
        .sockets
        .deliver("slash_commands", &first, &envelope)
        .await;
    shop.press(BOB, &offer, "Approve").await;
    let form = shop.slack.until_view().await;
    shop.fill(BOB, &form, "shop").await;
    let ended = shop.ended().await;
    assert_eq!(ended.ts, offer.ts);
    let runs = shop.shop.say("runs").await;
    assert_eq!(
        runs.text.matches("remove migrate").count(),
        1,
        "the redelivery did nothing: {}",
        runs.text
    );
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_final_state_arrives_through_limits_and_outages() {
    let shop = SlackShop::open().await;
    {
        let mut world = shop.slack.world();
        let edits = [Failure::TooMany(1), Failure::Broken, Failure::TooMany(1)];
        world.failures.insert("chat.update".into(), edits.into());
        let posts = [Failure::Broken, Failure::TooMany(1)];
        world
            .failures
            .insert("chat.postMessage".into(), posts.into());
    }
    shop.ops(ANNA, "restart db api gateway").await;
    shop.ended().await;
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_edit_that_is_refused_becomes_a_new_message() {
    let shop = SlackShop::open().await;
    let refusals = vec![Failure::Refused("edit_window_closed"); 50];
    shop.slack
        .world()
        .failures
        .insert("chat.update".into(), refusals.into());
    shop.ops(ANNA, "restart cache").await;
    let ended = shop.ended().await;
    assert_eq!(ended.edits, 0);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn where_the_bot_is_not_the_answer_comes_by_the_response_url() {
    let shop = SlackShop::open().await;
    shop.slack.world().closed.insert(OPS.into());
    shop.ops(ANNA, "diagnose api").await;
    let report = shop
        .slack
        .until("a report", |shown| shown.text.contains("api is healthy"))
        .await;
    assert_eq!(report.only, None);
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn people_talk_in_a_run_thread_and_commands_are_heard_there() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "restart cache").await;
    let ended = shop.ended().await;
    let say = |text: &'static str| json!({ "type": "message", "channel_type": "channel", "channel": OPS, "user": ANNA, "ts": "2.1", "thread_ts": ended.ts, "text": text });
    shop.event(say("thanks, that was quick")).await;
    shop.event(say("status cache")).await;
    let heard = shop
        .slack
        .until("an answer in the thread", |shown| {
            shown.thread.as_deref() == Some(&ended.ts)
                && shown.text.contains("cache")
                && !shown.text.starts_with("🟢")
                && !shown.text.starts_with('✓')
        })
        .await;
    assert_eq!(heard.only, None);
    let wrong = shop
        .slack
        .world()
        .shown
        .iter()
        .any(|shown| shown.text.contains("thanks"));
    assert!(!wrong, "talk is left alone");
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_alert_is_diagnosed_from_its_message() {
    let shop = SlackShop::open().await;
    let payload = json!({
        "type": "message_action", "callback_id": "diagnose_alert", "trigger_id": shop.slack.trigger(),
        "user": { "id": ANNA }, "channel": { "id": OPS },
        "response_url": shop.slack.response_url(OPS, ANNA),
        "message": { "ts": "3.3", "text": "", "attachments": [{ "title": "HighErrorRate", "text": "instance *gateway* is failing" }] },
    });
    shop.slack.sockets.send("interactive", &payload).await;
    let report = shop
        .slack
        .until("a report", |shown| {
            shown.text.contains("gateway is healthy")
        })
        .await;
    assert_eq!((report.only, report.thread.as_deref()), (None, Some("3.3")));
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_approved_repair_ends_in_a_verified_report() {
    let shop = SlackShop::with(|bot| {
        bot.policy = policy();
        bot.confirm_changes = true;
    })
    .await;
    shop.shop.outage().await;
    shop.ops(ANNA, "restart db api gateway").await;
    let offer = shop.offer().await;
    shop.press(BOB, &offer, "Approve").await;
    let ended = shop.ended().await;
    assert_eq!(ended.ts, offer.ts, "one message from the offer to the end");
    let said = ended.words();
    for part in [
        "db, api and gateway recovered",
        "oom-killed",
        "*Verify*",
        "✓ ",
        "asked by <@UANNA>, let go by <@UBOB>",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn an_offer_that_nobody_took_loses_its_buttons() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.offer().await;
    {
        let bot = &shop.shop.bot;
        let store = bot.store.get().await.unwrap();
        let hours_ago = bot.clock.now().as_millisecond() - 5 * 3_600_000;
        let run = NewRun {
            id: "01OLDRUN".into(),
            created_ms: hours_ago,
            requested_by: "slack:UANNA".into(),
            title: "remove something old".into(),
            stack_key: "local/shop".into(),
            risk: "destructive".into(),
            ..NewRun::default()
        };
        store.create_run(&run).await.unwrap();
        let waits = StateChange::to(RunState::AwaitingApproval, hours_ago);
        store.set_state(&run.id, &waits).await.unwrap();
        let ledger = Ledger {
            store,
            clock: bot.clock,
            chat: "slack",
        };
        let posted = Posted {
            channel: offer.channel.clone(),
            id: offer.ts.clone(),
            thread: None,
        };
        let by = "slack:UANNA".to_owned();
        ledger
            .open(
                &run.id,
                &Open {
                    posted,
                    by,
                    elsewhere: false,
                },
            )
            .await
            .unwrap();
    }
    let shop = shop.restart().await;
    let dead = shop
        .slack
        .until("its last words", |shown| {
            shown.ts == offer.ts && shown.text.contains("expired")
        })
        .await;
    assert!(dead.buttons().is_empty(), "{dead:#?}");
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn what_is_too_long_for_a_message_comes_as_a_file() {
    let shop = SlackShop::open().await;
    let line = "logs db api worker web gateway queue cache --since 10d --tail 2000 --timestamps";
    shop.mention(ANNA, line).await;
    shop.slack
        .until("logs", |shown| {
            shown.blocks.to_string().contains("left out here")
        })
        .await;
    let file = awaited(|| shop.slack.world().files.pop()).await;
    let file = file.expect("a file comes");
    assert!(file.len() > 11_000 && file.contains("shop-api-1"));
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn doctor_names_the_scope_that_is_missing() {
    let shop = SlackShop::open().await;
    shop.ops(ANNA, "doctor").await;
    let said = shop
        .slack
        .until("the checks", |shown| {
            shown.blocks.to_string().contains("Slack: ")
        })
        .await;
    let said = said.words();
    assert!(said.contains("app_mentions:read"), "{said}");
    assert!(said.contains("usergroups:read"), "{said}");
    assert!(!said.contains("`files:write`"), "{said}");
    shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_group_that_a_reload_names_counts() {
    let shop = SlackShop::with(|_| {}).await;
    shop.ops(BOB, "whoami").await;
    let before = shop
        .slack
        .until("who", |shown| shown.text.contains("you are slack:UBOB"))
        .await;
    assert!(!before.words().contains("owner"), "{}", before.words());
    let reloaded = Tester::with(|bot| bot.policy = policy());
    shop.bots.send_replace(Arc::clone(&reloaded.bot));
    shop.ops(BOB, "whoami").await;
    shop.slack
        .until("who, by group", |shown| {
            shown.text.contains("you are slack:UBOB") && shown.words().contains("owner")
        })
        .await;
}

#[tokio::test]
async fn doctor_tells_of_clocks_and_of_channels_it_is_not_in() {
    let shop = SlackShop::with(|bot| {
        bot.policy = policy();
        let to = |text: &str| Address::try_from(text.to_owned()).unwrap();
        bot.conduct.incidents.usual = vec![to("slack:CALERTS"), to("slack:COTHER")];
    })
    .await;
    {
        let mut world = shop.slack.world();
        world.clock_apart = -400;
        world.closed.insert("COTHER".into());
    }
    shop.ops(ANNA, "doctor").await;
    let said = shop
        .slack
        .until("the checks", |shown| {
            shown.blocks.to_string().contains("Slack: ")
        })
        .await;
    let said = said.words();
    assert!(said.contains("the app is not in COTHER"), "{said}");
    assert!(said.contains("CALERTS is there"), "{said}");
    assert!(said.contains("set this machine's clock"), "{said}");
    assert!(said.contains("40"), "{said}");
    shop.slack.assert_obeyed();
}
