//! Forms in Discord: menus of what can be chosen, what is wrong said with everything kept, runbooks
//! with a command of their own.

use serde_json::{Value, json};

use crate::discord::has_ended;
use crate::discord_names::focused;
use crate::slack_forms::EVERY;
use crate::support::discord_shop::{ANNA, CARL, DiscordShop, OPS, policy};
use crate::support::fake_discord_forms::{field, options, preset};
use crate::support::served::until;

/// Choices that fill a menu, and one more than it takes.
const MANY: &str = "name: many\ntitle: Many\nrisk: change\nparams:\n  full: { type: enum, values: [FULL], required: true }\n  over: { type: enum, values: [OVER], required: true }\nsteps:\n  - container.restart: { services: cache }\n";

fn values(count: usize) -> String {
    let names: Vec<String> = (1..=count).map(|number| format!("v{number:02}")).collect();
    names.join(", ")
}

async fn shop() -> (DiscordShop, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let many = MANY
        .replace("FULL", &values(25))
        .replace("OVER", &values(26));
    let own = format!("command: true\n{}", EVERY.trim_start());
    for (file, text) in [("every.yml", own), ("many.yml", many)] {
        std::fs::write(directory.path().join(file), text).unwrap();
    }
    let place = directory.path().to_owned();
    let shop = DiscordShop::with(move |bot| {
        bot.policy = policy();
        bot.conduct.library = dogwatch::runbook::Library::new(Some(place));
        let secret = ("deploy-key".to_owned(), "hunter2-very-secret".to_owned());
        bot.conduct.secrets = [secret].into();
    })
    .await;
    (shop, directory)
}

/// The form that a line opens.
async fn form(shop: &DiscordShop, line: &str) -> Value {
    let asked = shop.ops(ANNA, line).await;
    let answer = shop.discord.answer_to(&asked).await;
    assert_eq!(answer.answered, Some(9), "{answer:#?}");
    answer.answer
}

/// What a form is answered with when it is sent.
async fn sent(shop: &DiscordShop, form: &Value, answers: &[(&str, &[&str])]) -> Option<u64> {
    let payload = shop.discord.filled_in(ANNA, OPS, form, answers);
    shop.send(&payload);
    shop.discord.answer_to(&payload).await.answered
}

#[tokio::test]
async fn what_can_be_chosen_is_a_menu() {
    let (shop, _own) = shop().await;
    let form = form(&shop, "run every-kind count=4 key=deploy-key words=x").await;
    let labels = form["components"].as_array().unwrap();
    let shown: Vec<String> = labels
        .iter()
        .map(|label| {
            format!(
                "{} {}",
                label["label"].as_str().unwrap(),
                label["component"]["type"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        ["service 3", "ticket 4", "force 3", "host 3", "mode 3"]
    );
    assert_eq!(labels[0]["description"], "the service <!channel>");
    assert!(options(&field(&form, "service")).contains(&"shop/api".to_owned()));
    assert_eq!(options(&field(&form, "mode")), ["fast", "safe"]);
    assert_eq!(preset(&field(&form, "mode")), ["safe"]);
    assert_eq!(preset(&field(&form, "force")), ["false"]);
    assert_eq!(options(&field(&form, "host")), ["local"]);
    assert!(!form.to_string().contains("hunter2"));
    let answers: &[(&str, &[&str])] = &[
        ("service", &["shop/cache"]),
        ("ticket", &["OPS-7"]),
        ("force", &["true"]),
    ];
    assert_eq!(sent(&shop, &form, answers).await, Some(5));
    let ended = shop.discord.until("its end", has_ended).await;
    assert!(
        ended.words().contains("every-kind cache OPS-7"),
        "{}",
        ended.words()
    );
    shop.press(ANNA, &ended, "Report").await;
    shop.discord
        .until("a report of what was picked", |shown| {
            shown.words().contains("OPS-7 safe 4 true: x")
        })
        .await;
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn what_cannot_be_is_said_and_everything_is_kept() {
    let (shop, _own) = shop().await;
    let form = form(&shop, "run every-kind force=true wait=5s key=deploy-key").await;
    let answers: &[(&str, &[&str])] = &[
        ("service", &["shop/cache"]),
        ("ticket", &["nothing"]),
        ("count", &["12"]),
        ("mode", &["fast"]),
    ];
    assert_eq!(sent(&shop, &form, answers).await, Some(4));
    let told = shop
        .discord
        .until("what is wrong", |shown| {
            shown.words().contains("nothing was done")
        })
        .await;
    assert_eq!(told.only.as_deref(), Some(ANNA));
    insta::assert_snapshot!(told.words(), @r"
    **nothing was done**
    • **count**: expected 1 to 9
    • **ticket**: it does not match \`\[A-Z\]+-\[0-9\]+\`
    [Fill in again]
    ");
    let again = shop.press(ANNA, &told, "Fill in again").await;
    assert_eq!(field(&again, "ticket")["value"], "nothing");
    assert_eq!(field(&again, "count")["value"], "12");
    assert_eq!(preset(&field(&again, "service")), ["shop/cache"]);
    assert_eq!(preset(&field(&again, "mode")), ["fast"]);
    let right: &[(&str, &[&str])] = &[("ticket", &["OPS-8"]), ("count", &["3"])];
    assert_eq!(sent(&shop, &again, right).await, Some(5));
    let ended = shop.discord.until("its end", has_ended).await;
    assert!(ended.words().contains("OPS-8"), "{}", ended.words());
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn more_than_a_menu_takes_is_typed() {
    let (shop, _own) = shop().await;
    let form = form(&shop, "run many").await;
    assert_eq!(options(&field(&form, "full")).len(), 25);
    let over = field(&form, "over");
    assert_eq!(over["type"], 4);
    let hint = over["placeholder"].as_str().unwrap();
    assert!(hint.starts_with("v01, v02"), "{hint}");
    let answers: &[(&str, &[&str])] = &[("full", &["v25"]), ("over", &["v26"])];
    assert_eq!(sent(&shop, &form, answers).await, Some(5));
    shop.discord.until("its end", has_ended).await;

    let denied = shop.payload(CARL, "run many");
    shop.send(&denied);
    shop.discord
        .until("a denial", |shown| {
            shown.only.as_deref() == Some(CARL) && !shown.words().is_empty()
        })
        .await;
    shop.discord.assert_obeyed();
}

/// Its own command as it is registered: name, kind and limits of each option.
fn registered(shop: &DiscordShop) -> Vec<String> {
    let world = shop.discord.world();
    let mut all = world.commands("9").iter();
    let own = all.find(|command| command["name"] == "every-kind");
    let options = own.expect("it is registered")["options"].as_array();
    let shape = |option: &Value| {
        let keys = [
            "required",
            "autocomplete",
            "choices",
            "min_value",
            "max_value",
        ];
        let set = keys
            .iter()
            .filter_map(|key| Some(format!(" {key}={}", option.get(key)?)));
        let name = option["name"].as_str().unwrap();
        format!("{name} {}{}", option["type"], set.collect::<String>())
    };
    options.unwrap().iter().map(shape).collect()
}

/// Its own command, as somebody fills it in (2) or is still typing (4).
fn command(shop: &DiscordShop, kind: u64, options: &Value) -> Value {
    let data = json!({ "id": "701", "name": "every-kind", "type": 1, "options": options });
    shop.discord.interaction(ANNA, OPS, kind, &data)
}

fn given(name: &str, kind: u64, value: impl Into<Value>) -> Value {
    json!({ "type": kind, "name": name, "value": value.into() })
}

#[tokio::test]
async fn a_runbook_may_have_a_command_of_its_own() {
    let (shop, _own) = shop().await;
    insta::assert_snapshot!(registered(&shop).join("\n"), @r#"
    service 3 required=true autocomplete=true
    ticket 3 required=true
    count 4 min_value=1 max_value=9
    force 5
    host 3 autocomplete=true
    key 3
    mode 3 choices=[{"name":"fast","value":"fast"},{"name":"safe","value":"safe"}]
    others 3 autocomplete=true
    stack 3 autocomplete=true
    wait 3
    words 3
    "#);
    let mut offered = Value::Null;
    // the first look may take longer than somebody waits
    until("services are offered", async || {
        let payload = command(&shop, 4, &json!([focused("service", "shop/c")]));
        shop.send(&payload);
        offered = shop.discord.answer_to(&payload).await.answer["choices"].clone();
        offered != json!([])
    })
    .await;
    assert_eq!(offered[0]["value"], "shop/cache");

    let words = r#"it's "so" --yes a=b"#;
    let run = command(
        &shop,
        2,
        &json!([
            given("service", 3, "shop/cache"),
            given("ticket", 3, "OPS-9"),
            given("count", 4, 7),
            given("force", 5, true),
            given("words", 3, words),
        ]),
    );
    shop.send(&run);
    assert_eq!(shop.discord.answer_to(&run).await.answered, Some(5));
    let ended = shop.discord.until("its end", has_ended).await;
    shop.press(ANNA, &ended, "Report").await;
    shop.discord
        .until("a report of what was given", |shown| {
            shown
                .words()
                .replace('\\', "")
                .contains(&format!("OPS-9 safe 7 true: {words}"))
        })
        .await;

    let unfinished = command(&shop, 2, &json!([given("service", 3, "shop/cache")]));
    shop.send(&unfinished);
    let answer = shop.discord.answer_to(&unfinished).await;
    assert_eq!(
        answer.answered,
        Some(9),
        "an old registration asks for the rest"
    );
    assert_eq!(field(&answer.answer, "ticket")["required"], true);
    shop.discord.assert_obeyed();
}
