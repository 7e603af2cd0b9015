//! A changed configuration while both chats are connected: channels, routes, people and the command
//! are taken up; another token is not, and the program says so.

use dogwatch::sim::demo_world;
use serde_json::json;

use crate::support::discord_shop;
use crate::support::fake_discord::{self, FakeDiscord, TOKEN};
use crate::support::fake_slack::{self, APP_TOKEN, BOT_TOKEN, FakeSlack};
use crate::support::program::Place;
use crate::support::served::{Served, until};
use crate::support::slack_shop;

struct Chats {
    slack: FakeSlack,
    discord: FakeDiscord,
    served: Served,
}

/// What differs between two configurations.
struct Differs {
    slack_token: &'static str,
    slack_channel: &'static str,
    discord_token: &'static str,
    discord_channel: &'static str,
    discord_command: &'static str,
    guild: u64,
    carl: &'static str,
}

const BEFORE: Differs = Differs {
    slack_token: BOT_TOKEN,
    slack_channel: "CALERTS",
    discord_token: TOKEN,
    discord_channel: "5",
    discord_command: "/ops",
    guild: 9,
    carl: "viewer",
};

const AFTER: Differs = Differs {
    slack_token: "xoxb-another-token",
    slack_channel: "CNEW",
    discord_token: "another-token",
    discord_channel: "6",
    discord_command: "/watch",
    guild: 10,
    carl: "oncall",
};

fn config(slack: &FakeSlack, discord: &FakeDiscord, with: &Differs) -> String {
    let (to_slack, to_discord) = (slack.api_url(), discord.api_url());
    let Differs {
        slack_token,
        slack_channel,
        discord_token,
        discord_channel,
        discord_command,
        guild,
        carl,
    } = with;
    format!(
        "http: {{ listen: \"127.0.0.1:0\" }}\nalerts: {{ token: \"secret-token\" }}\n\
         chat:\n  slack: {{ api_url: \"{to_slack}\", bot_token: {slack_token}, app_token: {APP_TOKEN}, \
         alerts_channel: {slack_channel} }}\n  discord: {{ api_url: \"{to_discord}\", \
         token: {discord_token}, guild_id: {guild}, command: {discord_command}, \
         alerts_channel: {discord_channel} }}\n\
         access:\n  roles:\n    oncall: {{ allow: [\"*:read\", \"*:change\"] }}\n    \
         viewer: {{ allow: [\"*:read\"] }}\n  members:\n    \"slack:UANNA\": [oncall]\n    \
         \"slack:UCARL\": [{carl}]\n    \"discord:1001\": [oncall]\n    \"discord:1003\": [{carl}]\n"
    )
}

impl Chats {
    async fn start() -> Self {
        let (slack, discord) = (FakeSlack::start().await, FakeDiscord::start().await);
        discord.channel("6", 0);
        let place = tokio::task::spawn_blocking(|| Place::simulated(demo_world()));
        let text = config(&slack, &discord, &BEFORE);
        let served = Served::configured(place.await.unwrap(), &text).await;
        slack.sockets.until_open(2, 2).await;
        discord
            .gateway
            .until("a connection", |log| log.open == 1)
            .await;
        Self {
            slack,
            discord,
            served,
        }
    }

    async fn alert(&self, service: &str) {
        let alert = json!({ "what": "died", "stack": service, "service": service,
            "summary": "it died", "severity": "critical" });
        let told = self
            .served
            .post("/alerts/generic", &alert.to_string())
            .await;
        assert_eq!(told, Some(200));
    }

    async fn is_told_in(&self, slack: &str, discord: &str, service: &str) {
        self.slack
            .until("told in Slack", |shown| {
                shown.channel == slack && shown.text.contains(service)
            })
            .await;
        self.discord
            .until("told in Discord", |shown| {
                shown.channel == discord && shown.words().contains(service)
            })
            .await;
    }

    /// A line of each chat, as somebody types it.
    async fn say(&self, (slack, discord): (&str, &str), with: &Differs, line: &str) {
        self.say_in_slack(slack, line).await;
        self.say_in_discord(discord, with, line).await;
    }

    async fn say_in_slack(&self, who: &str, line: &str) {
        let typed = self.slack.slash(who, slack_shop::OPS, line);
        self.slack.sockets.send("slash_commands", &typed).await;
    }

    async fn say_in_discord(&self, who: &str, with: &Differs, line: &str) {
        let options = json!([{ "type": 3, "name": "text", "value": line }]);
        let mut payload = self.discord.slash(who, "5", "line", &options);
        payload["data"]["name"] = with.discord_command.trim_start_matches('/').into();
        payload["guild_id"] = with.guild.to_string().into();
        let gateway = &self.discord.gateway;
        gateway.dispatch("INTERACTION_CREATE", &payload);
        self.discord.answer_to(&payload).await;
    }

    async fn is_answered_in_both(&self, what: &str, words: &[&str]) {
        self.is_answered_in_slack(what, words).await;
        self.is_answered_in_discord(what, words).await;
    }

    async fn is_answered_in_slack(&self, what: &str, words: &[&str]) {
        let said = |shown: &fake_slack::Shown| has_all(&shown.blocks.to_string(), words);
        self.slack.until(what, said).await;
    }

    async fn is_answered_in_discord(&self, what: &str, words: &[&str]) {
        let said = |shown: &fake_discord::Shown| has_all(&shown.words(), words);
        self.discord.until(what, said).await;
    }
}

fn has_all(text: &str, words: &[&str]) -> bool {
    words.iter().all(|word| text.contains(word))
}

const ANNA: (&str, &str) = (slack_shop::ANNA, discord_shop::ANNA);
const CARL: (&str, &str) = (slack_shop::CARL, discord_shop::CARL);

#[tokio::test(flavor = "multi_thread")]
async fn what_can_change_changes_in_both_and_what_cannot_is_said() {
    let chats = Chats::start().await;
    chats.alert("first").await;
    chats.is_told_in("CALERTS", "5", "first").await;
    chats.say(CARL, &BEFORE, "restart cache").await;
    chats
        .is_answered_in_both("a denial", &["refused", "change"])
        .await;

    let changed = config(&chats.slack, &chats.discord, &AFTER);
    chats.served.reconfigure(&changed);
    chats
        .discord
        .until_world("the command by its new name, where it belongs", |world| {
            let mut there = world.commands("10").iter();
            there.any(|command| command["name"] == "watch") && world.commands("9").is_empty()
        })
        .await;
    until("the configuration is taken up", async || {
        let (_, metrics) = chats.served.get("/metrics").await;
        metrics.contains("dogwatch_config_reloads_total{result=\"taken\"}")
    })
    .await;

    chats.alert("second").await;
    chats.is_told_in("CNEW", "6", "second").await;
    // one after the other: a stack is changed by one at a time
    let (may, words) = ("who may now", ["🟢", "restart cache"]);
    chats.say_in_slack(CARL.0, "restart cache").await;
    chats.is_answered_in_slack(may, &words).await;
    chats.say_in_discord(CARL.1, &AFTER, "restart cache").await;
    chats.is_answered_in_discord(may, &words).await;
    chats.say(ANNA, &AFTER, "doctor").await;
    let words = [
        "chat.slack.bot_token",
        "chat.discord.token",
        "changed in the file since the start",
    ];
    chats
        .is_answered_in_both("what takes a restart", &words)
        .await;
    chats.slack.assert_obeyed();
    chats.discord.assert_obeyed();
}
