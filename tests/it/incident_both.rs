//! One incident in Slack and in Discord at once, with one of the two away for a while: nothing is lost
//! and nothing is said twice.

use std::sync::Arc;

use dogwatch::duty::Duty;
use dogwatch::incident::settings::Address;
use dogwatch::incident::{Alert, Counts, accept};
use dogwatch::live::{Board, Stage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::chats_alike::policy;
use crate::incident_intake::alert;
use crate::support::discord_shop::{self, DiscordShop};
use crate::support::fake_discord::{self, FakeDiscord};
use crate::support::fake_slack::Failure;
use crate::support::slack_shop::SlackShop;
use crate::support::tester::Tester;

const SLACK: &str = "CALERTS";
const FORUM: &str = "15";

struct Both {
    slack: SlackShop,
    discord: DiscordShop,
    stop: CancellationToken,
}

impl Both {
    async fn open() -> Self {
        let slack = SlackShop::with(|bot| {
            bot.policy = policy();
            let settings = serde_json::json!({ "calm": "10m" });
            bot.conduct.incidents.settings = serde_json::from_value(settings).unwrap();
            bot.conduct.incidents.usual = [format!("slack:{SLACK}"), format!("discord:{FORUM}")]
                .map(|address| Address::try_from(address).unwrap())
                .to_vec();
        })
        .await;
        let mut second = Tester::new();
        second.bot = Arc::clone(&slack.shop.bot);
        let discord = DiscordShop::around(FakeDiscord::start().await, second, |_| {});
        discord.discord.channel(FORUM, 15);
        discord
            .discord
            .gateway
            .until("a connection", |log| log.open == 1)
            .await;
        let this = Self {
            slack,
            discord,
            stop: CancellationToken::new(),
        };
        let (_, bots) = watch::channel(Arc::clone(&this.slack.shop.bot));
        let counts = Arc::new(Counts::default());
        this.show(this.slack.adapter.as_stage(), &bots, &counts);
        this.show(this.discord.adapter.as_stage(), &bots, &counts);
        tokio::spawn(Duty::new(bots, counts).run(this.stop.clone()));
        this
    }

    fn show<S: Stage>(
        &self,
        stage: Arc<S>,
        bots: &watch::Receiver<Arc<dogwatch::bot::Bot>>,
        counts: &Arc<Counts>,
    ) {
        let board = Board {
            stage,
            bots: bots.clone(),
            counts: Arc::clone(counts),
        };
        tokio::spawn(board.run(self.stop.clone()));
    }

    async fn tell(&self, service: &str) {
        let bot = &self.slack.shop.bot;
        let died = Alert {
            at: bot.clock.now(),
            ..alert("shop", service, "died")
        };
        let store = bot.store.get().await.unwrap();
        accept(store, bot.clock, &[died]).await.unwrap();
    }

    async fn in_slack(&self, words: &str) {
        let is_it = |shown: &crate::support::fake_slack::Shown| {
            shown.channel == SLACK && shown.thread.is_none() && shown.text.contains(words)
        };
        self.slack.slack.until(words, is_it).await;
    }

    async fn in_discord(&self, words: &str) -> fake_discord::Shown {
        let is_it = |shown: &fake_discord::Shown| {
            shown.channel == shown.id && shown.words().contains(words)
        };
        self.discord.discord.until(words, is_it).await
    }

    fn roots(&self) -> (usize, usize) {
        let slack = self.slack.slack.world();
        let in_slack = slack
            .shown
            .iter()
            .filter(|shown| shown.channel == SLACK && shown.thread.is_none());
        let discord = self.discord.discord.world();
        let in_discord = discord
            .shown
            .iter()
            .filter(|shown| shown.channel == shown.id);
        (in_slack.count(), in_discord.count())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_incident_lives_in_both_while_one_is_away() {
    let both = Both::open().await;
    let away = vec![fake_discord::Failure::Broken, fake_discord::Failure::Lost];
    both.discord
        .discord
        .world()
        .failures
        .insert("POST /channels/15".into(), away.into());
    both.tell("api").await;
    both.in_slack("#1").await;
    both.in_discord("#1").await;
    let away = [Failure::Broken, Failure::Broken, Failure::TooMany(1)];
    both.slack
        .slack
        .world()
        .failures
        .insert("chat.update".into(), away.into());
    both.tell("worker").await;
    both.in_discord("worker").await;
    both.in_slack("worker").await;

    let post = both.in_discord("#1").await;
    both.discord
        .press(discord_shop::ANNA, &post, "Acknowledge")
        .await;
    let form = both
        .discord
        .press(discord_shop::ANNA, &post, "Silence")
        .await;
    assert_eq!(form["components"][0]["label"], "Why?", "{form:#}");
    let filled = both
        .discord
        .fill(discord_shop::ANNA, &post, &form, "the sale")
        .await;
    assert_eq!(filled, Some(6));
    both.discord
        .discord
        .until("what is silenced", |shown| {
            shown.words().contains("is silenced until")
        })
        .await;
    both.in_discord("🟡 #1").await;
    both.in_slack("🟡 #1").await;
    both.discord
        .discord
        .until_world("the tag of its state", |world| {
            world.channels[&post.id].applied == ["82"]
        })
        .await;
    assert_eq!(both.roots(), (1, 1), "one message in each");
    let lines: Vec<String> = {
        let world = both.discord.discord.world();
        let below = world
            .shown
            .iter()
            .filter(|shown| shown.channel == post.id && shown.id != post.id);
        below.map(fake_discord::Shown::words).collect()
    };
    let mut once = lines.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), lines.len(), "nothing twice: {lines:#?}");
    both.stop.cancel();
    both.slack.slack.assert_obeyed();
    both.discord.discord.assert_obeyed();
}
