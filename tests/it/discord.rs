//! What on-call staff live through in Discord: asking, changing, approving, being told.

use dogwatch::bot::Outcome;
use serde_json::json;

use crate::discord_names::{choices, focused};
use crate::support::discord_shop::{ANNA, BOB, CARL, DiscordShop, OPS, policy};
use crate::support::fake_discord::{Failure, Shown};

fn is_run(shown: &Shown) -> bool {
    shown.channel == OPS && shown.only.is_none()
}

pub(crate) fn has_ended(shown: &Shown) -> bool {
    is_run(shown) && shown.title().starts_with("🟢")
}

pub(crate) fn is_offer(shown: &Shown) -> bool {
    is_run(shown) && shown.words().contains("; it expires at")
}

#[tokio::test]
async fn a_question_is_answered_to_who_asked() {
    let shop = DiscordShop::open().await;
    let asked = shop.ops(ANNA, "status").await;
    let first = shop.discord.answer_to(&asked).await;
    assert_eq!(
        first.answered,
        Some(5),
        "deferred before anything is looked up"
    );
    assert_eq!(first.answer["flags"], 64);
    let answer = shop
        .discord
        .until("a status", |shown| shown.words().contains("are well"))
        .await;
    assert_eq!(answer.only.as_deref(), Some(ANNA));
    assert!(
        answer
            .title()
            .starts_with("shop on local: all 8 services are well"),
        "{}",
        answer.words()
    );
    shop.ops(CARL, "help").await;
    let help = shop
        .discord
        .until("help", |shown| shown.words().contains("what it does"))
        .await;
    assert_eq!(help.only.as_deref(), Some(CARL));
    assert!(
        !help.words().contains("restart SERVICE"),
        "{}",
        help.words()
    );
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_report_is_for_everybody_and_a_denial_for_one() {
    let shop = DiscordShop::open().await;
    let asked = shop.ops(CARL, "diagnose api").await;
    let report = shop
        .discord
        .until("a report", |shown| shown.words().contains("api is healthy"))
        .await;
    assert_eq!(report.only, None);
    assert_eq!(
        report.by.as_deref(),
        asked["token"].as_str(),
        "it fills the placeholder"
    );
    shop.ops(CARL, "restart cache").await;
    let denial = shop
        .discord
        .until("a denial", |shown| shown.words().contains("refused"))
        .await;
    assert_eq!(denial.only.as_deref(), Some(CARL), "{}", denial.words());
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn an_administrator_of_the_server_has_no_right_by_being_one() {
    // everybody's `permissions` in the fake are those of an administrator
    let shop = DiscordShop::open().await;
    shop.ops("1999", "status").await;
    let denial = shop
        .discord
        .until("a denial", |shown| shown.words().contains("refused"))
        .await;
    assert!(denial.words().contains("has no role"), "{}", denial.words());
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_change_lives_in_one_message_until_it_has_ended() {
    let shop = DiscordShop::open().await;
    shop.shop.outage().await;
    let asked = shop.ops(ANNA, "restart db api gateway").await;
    let going = shop
        .discord
        .until("a run that goes on", |shown| {
            shown.title().starts_with("🔵")
        })
        .await;
    assert_eq!(going.by.as_deref(), asked["token"].as_str());
    assert!(
        going.words().contains("asked by <@1001>"),
        "{}",
        going.words()
    );
    assert!(going.words().contains('▸'), "{}", going.words());
    assert_eq!(going.body["embeds"][0]["color"], 0x0038_8bfd);
    let ended = shop.discord.until("its end", has_ended).await;
    assert_eq!(ended.id, going.id, "edited in place");
    assert_eq!(ended.body["embeds"][0]["color"], 0x002e_a043);
    assert!(ended.words().contains("oom-killed"), "{}", ended.words());
    assert!(ended.words().contains("recovered"), "{}", ended.words());
    assert!(!ended.words().contains("[Cancel]"), "{}", ended.words());
    shop.discord
        .until("its end in the thread", |shown| {
            shown.channel == ended.id && shown.title().starts_with("🟢")
        })
        .await;
    let world = shop.discord.world();
    assert_eq!(world.shown.iter().filter(|shown| is_run(shown)).count(), 1);
    assert!(
        world.channels[&ended.id].name.contains("restart"),
        "the thread has a name"
    );
    drop(world);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_destructive_change_is_asked_for_by_one_and_let_go_by_another() {
    let shop = DiscordShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    insta::with_settings!({ filters => [(r"\b[0-9A-Z]{6}\b", "RUNRUN"), (r"plan [0-9a-f]{12}", "plan HASH"), (r"<t:[0-9]+:t> \(<t:[0-9]+:R>\)", "TIME")] }, {
        insta::assert_snapshot!(offer.words(), @"
        remove migrate in shop on local deletes shop-migrate-1: needs a second person
        1  remove shop-migrate-1 **deletes for good**
        type `approve RUNRUN shop` or `deny RUNRUN`; it expires at TIME
        asked by <@1001>
        plan HASH
        [Approve: type shop]
        [Deny]
        ");
    });
    shop.press(CARL, &offer, "Approve").await;
    let denial = shop
        .discord
        .until("a denial", |shown| shown.words().contains("refused"))
        .await;
    assert_eq!(denial.only.as_deref(), Some(CARL));

    let form = shop.press(BOB, &offer, "Approve").await;
    assert_eq!(form["title"], "Approve: remove migrate");
    assert_eq!(shop.fill(BOB, &offer, &form, "shopp").await, Some(4));
    shop.discord
        .until("an objection", |shown| {
            shown.only.as_deref() == Some(BOB) && shown.words().contains("type exactly shop")
        })
        .await;
    assert_eq!(shop.fill(BOB, &offer, &form, "shop").await, Some(6));
    let ended = shop.discord.until("its end", has_ended).await;
    assert_eq!(ended.id, offer.id, "the offer became the run's message");
    insta::with_settings!({ filters => [(r"\d+(\.\d+)? (s|ms)\b", "N s")] }, {
        insta::assert_snapshot!(ended.words(), @"
        🟢 remove migrate: done after N s
        done: remove migrate (1 steps, N s)
        asked by <@1001>, let go by <@1002>
        [Report]
        ");
    });
    let gone = shop.shop.say("status migrate").await;
    assert_eq!(gone.outcome, Some(Outcome::Usage), "{}", gone.text);

    shop.press(ANNA, &offer, "Approve").await;
    shop.discord
        .until("a late press", |shown| {
            shown.words().contains("does not wait for approval")
        })
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_denial_has_a_reason_and_the_buttons_die() {
    let shop = DiscordShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    let form = shop.press(BOB, &offer, "Deny").await;
    let said = "it's \"the\" sale: not now";
    assert_eq!(shop.fill(BOB, &offer, &form, said).await, Some(6));
    let dead = shop
        .discord
        .until("a dead offer", |shown| {
            shown.id == offer.id && shown.title().starts_with("⚪")
        })
        .await;
    assert!(dead.buttons().is_empty(), "{dead:#?}");
    assert!(dead.words().contains(said), "{}", dead.words());
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn an_offer_outlives_the_program_and_a_redelivery_does_nothing() {
    let store = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", store.path().join("dogwatch.db").display());
    let shop = DiscordShop::with(|bot| {
        bot.policy = policy();
        bot.store = dogwatch::store::Later::at(url.try_into().unwrap());
    })
    .await;
    let first = shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    let registrations = shop.discord.world().registrations;
    let shop = shop.restart().await;
    shop.send(&first);
    let form = shop.press(BOB, &offer, "Approve").await;
    shop.fill(BOB, &offer, &form, "shop").await;
    let ended = shop.discord.until("its end", has_ended).await;
    assert_eq!(ended.id, offer.id);
    let runs = shop.shop.say("runs").await;
    assert_eq!(
        runs.text.matches("remove migrate").count(),
        1,
        "{}",
        runs.text
    );
    assert_eq!(shop.adapter.health().repeated(), 1);
    assert_eq!(
        shop.discord.world().registrations,
        registrations,
        "commands that are there are not written again"
    );
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_final_state_arrives_through_limits_and_outages() {
    let shop = DiscordShop::open().await;
    {
        let mut world = shop.discord.world();
        let edits = [
            Failure::TooMany(0.5),
            Failure::Broken,
            Failure::Global(0.3),
            Failure::Lost,
            // too many edits of a message that is older than an hour
            Failure::Refused(429, 30_046),
        ];
        world
            .failures
            .insert("PATCH /webhooks".into(), edits.into());
        let posts = [Failure::Lost, Failure::TooMany(0.2)];
        world.failures.insert("POST /messages".into(), posts.into());
    }
    shop.ops(ANNA, "restart db api gateway").await;
    let ended = shop.discord.until("its end", has_ended).await;
    shop.discord
        .until("its end in the thread", |shown| {
            shown.channel == ended.id && shown.title().starts_with("🟢")
        })
        .await;
    let world = shop.discord.world();
    let titles: Vec<String> = world.shown.iter().map(Shown::words).collect();
    let once: std::collections::BTreeSet<&String> = titles.iter().collect();
    assert_eq!(
        once.len(),
        titles.len(),
        "nothing is said twice: {titles:#?}"
    );
    drop(world);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn after_fifteen_minutes_the_bot_edits_as_itself_or_says_it_anew() {
    let shop = DiscordShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    for interaction in shop.discord.world().interactions.values_mut() {
        interaction.expired = true;
    }
    let form = shop.press(BOB, &offer, "Approve").await;
    shop.fill(BOB, &offer, &form, "shop").await;
    let ended = shop.discord.until("its end", has_ended).await;
    assert_eq!(ended.id, offer.id);

    let refusals = vec![Failure::Refused(403, 50_005); 50];
    shop.discord
        .world()
        .failures
        .insert("PATCH /messages".into(), refusals.into());
    shop.ops(ANNA, "restart cache").await;
    let anew = shop
        .discord
        .until("its end in a new message", |shown| {
            has_ended(shown) && shown.title().contains("cache")
        })
        .await;
    assert_eq!((anew.edits, anew.by), (0, None));
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn where_the_bot_may_not_speak_the_answer_comes_by_the_interaction() {
    let shop = DiscordShop::open().await;
    shop.discord.world().channels.get_mut(OPS).unwrap().closed = true;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    let form = shop.press(BOB, &offer, "Deny").await;
    shop.fill(BOB, &offer, &form, "").await;
    shop.discord
        .until("a dead offer", |shown| {
            shown.id == offer.id && shown.title().starts_with("⚪")
        })
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn an_answer_that_comes_too_late_for_discord_is_not_half_done() {
    let shop = DiscordShop::open().await;
    let refusals = vec![Failure::Refused(404, 10_062)];
    shop.discord
        .world()
        .failures
        .insert("POST /callback".into(), refusals.into());
    let payload = shop.payload(ANNA, "restart cache");
    shop.send(&payload);
    let told = shop
        .discord
        .until("what became of it", |shown| {
            shown.words().contains("nothing was done")
        })
        .await;
    assert_eq!(told.channel, format!("7{ANNA}"), "in their own messages");
    let runs = shop.shop.say("runs").await;
    assert!(!runs.text.contains("restart cache"), "{}", runs.text);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_whole_line_can_be_given_and_reads_as_typed() {
    let shop = DiscordShop::open().await;
    let options = json!([{ "type": 3, "name": "text", "value": "/ops logs api --tail 1" }]);
    let payload = shop.discord.slash(ANNA, OPS, "line", &options);
    shop.send(&payload);
    let logs = shop
        .discord
        .until("logs", |shown| shown.words().contains("shop-api"))
        .await;
    assert_eq!(logs.only.as_deref(), Some(ANNA));
    let networks = shop.ops(ANNA, "networks").await;
    assert_eq!(
        networks["data"]["options"][0]["name"], "engine",
        "in its group"
    );
    shop.discord
        .until("networks", |shown| shown.words().contains("subnet"))
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn what_is_too_long_for_a_message_comes_as_a_file() {
    let shop = DiscordShop::open().await;
    shop.ops(
        ANNA,
        "logs db api worker web gateway queue cache --since 10d --tail 2000 --timestamps",
    )
    .await;
    let logs = shop
        .discord
        .until("logs", |shown| shown.words().contains("left out here"))
        .await;
    assert_eq!(logs.only.as_deref(), Some(ANNA));
    assert_eq!(logs.body["attachments"][0]["filename"], "answer.txt");
    let world = shop.discord.world();
    assert!(world.files[0].len() > 6000 && world.files[0].contains("shop-api-1"));
    drop(world);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_run_is_approved_by_its_command_as_well() {
    let shop = DiscordShop::open().await;
    shop.ops(ANNA, "remove migrate").await;
    let offer = shop.discord.until("an offer", is_offer).await;
    let waiting = choices(&shop, BOB, "approve", &json!([focused("run", "")])).await;
    let approved = shop.ops(BOB, &format!("approve {} shop", waiting[0])).await;
    let ended = shop.discord.until("its end", has_ended).await;
    assert_eq!(ended.id, offer.id);
    let token = approved["token"].as_str().unwrap().to_owned();
    shop.discord
        .until_world("no placeholder is left thinking", |world| {
            world
                .shown
                .iter()
                .all(|shown| shown.by.as_deref() != Some(&token))
        })
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn an_alert_is_diagnosed_from_its_message() {
    let shop = DiscordShop::open().await;
    let message = json!({ "id": "3", "content": "", "author": { "username": "api" },
        "embeds": [{ "title": "HighErrorRate", "description": "instance **gateway** is failing" }] });
    let data = json!({ "id": "701", "name": "Diagnose this", "type": 3, "target_id": "3",
        "resolved": { "messages": { "3": message } } });
    let payload = shop.discord.interaction(ANNA, OPS, 2, &data);
    shop.send(&payload);
    let report = shop
        .discord
        .until("a report", |shown| {
            shown.words().contains("gateway is healthy")
        })
        .await;
    assert_eq!(report.only, None);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn another_server_gets_nothing() {
    let shop = DiscordShop::open().await;
    let mut payload = shop.payload(ANNA, "restart cache");
    payload["guild_id"] = "13".into();
    shop.send(&payload);
    let answer = shop.discord.answer_to(&payload).await;
    assert_eq!(answer.answered, Some(4));
    assert!(
        answer.answer.to_string().contains("serves another server"),
        "{}",
        answer.answer
    );
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn doctor_names_what_is_missing_and_how_to_invite_the_bot() {
    let shop = DiscordShop::with(|bot| {
        bot.policy = policy();
        bot.conduct.incidents.usual = vec![format!("discord:{OPS}").try_into().unwrap()];
    })
    .await;
    shop.discord.world().channels.get_mut(OPS).unwrap().denied = 1 << 35;
    let asked = shop.ops(ANNA, "doctor").await;
    let said = shop
        .discord
        .until("the checks", |shown| shown.words().contains("Discord: "))
        .await;
    assert_eq!(said.by.as_deref(), asked["token"].as_str());
    let words = said.words();
    assert!(
        words.contains("missing there: Create Public Threads"),
        "{words}"
    );
    assert!(words.contains("registered as they should be"), "{words}");
    assert!(
        words.contains("client_id=42&scope=bot+applications.commands"),
        "{words}"
    );
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn a_button_that_begins_something_works_once() {
    let shop = DiscordShop::open().await;
    shop.shop.outage().await;
    shop.ops(ANNA, "diagnose api").await;
    let report = shop
        .discord
        .until("a report", |shown| shown.words().contains("oom-killed"))
        .await;
    let fix = report.buttons()[0]["label"].as_str().unwrap().to_owned();
    let id = report.buttons()[0]["custom_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(id.contains("run "), "{id}");
    // a message of today, as its id tells
    let posted =
        u64::try_from(shop.shop.bot.clock.now().as_millisecond()).unwrap() - 1_420_070_400_000;
    let fresh = (posted << 22).to_string();
    shop.discord
        .world()
        .shown
        .iter_mut()
        .find(|shown| shown.id == report.id)
        .unwrap()
        .id = fresh.clone();
    let report = Shown {
        id: fresh.clone(),
        ..report
    };
    shop.press(CARL, &report, &fix).await;
    shop.discord
        .until("a denial", |shown| shown.words().contains("refused"))
        .await;
    shop.press(ANNA, &report, &fix).await;
    shop.discord
        .until("the button is gone", |shown| {
            shown.id == fresh
                && shown
                    .buttons()
                    .iter()
                    .all(|button| button["custom_id"] != *id)
        })
        .await;
    shop.press(BOB, &report, &fix).await;
    shop.discord
        .until("a second press", |shown| {
            shown.only.as_deref() == Some(BOB) && shown.words().contains("pressed this already")
        })
        .await;
    shop.discord.assert_obeyed();
}
