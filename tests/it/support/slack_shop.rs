//! The demo's shop with a bot that listens to the fake Slack.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::Policy;
use dogwatch::bot::Bot;
use dogwatch::chat::settings::SlackSettings;
use dogwatch::chat::slack::{Slack, SlackOptions};
use dogwatch::setting::Secret;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Shown};
use super::people;
use super::tester::Tester;

/// May look and change, may delete as well, may only look.
pub(crate) const ANNA: &str = "UANNA";
pub(crate) const BOB: &str = "UBOB";
pub(crate) const CARL: &str = "UCARL";
pub(crate) const OPS: &str = "COPS";

pub(crate) struct SlackShop {
    pub(crate) slack: FakeSlack,
    pub(crate) shop: Tester,
    pub(crate) adapter: Arc<Slack>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    pub(crate) bots: watch::Sender<Arc<Bot>>,
}

pub(crate) fn policy() -> Policy {
    people::policy(&["slack:UANNA"], &["slack-group:SOWNERS"], &["slack:UCARL"])
}

impl SlackShop {
    pub(crate) async fn open() -> Self {
        Self::with(|bot| bot.policy = policy()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Bot)) -> Self {
        let slack = FakeSlack::start().await;
        let this = Self::around(slack, Tester::with(change), true);
        this.slack.sockets.until_open(2, 2).await;
        this
    }

    /// With HTTP only, or with sockets.
    pub(crate) fn around(slack: FakeSlack, shop: Tester, sockets: bool) -> Self {
        let (bots, bot) = watch::channel(Arc::clone(&shop.bot));
        let settings = SlackSettings {
            api_url: slack.api_url().try_into().unwrap(),
            ..SlackSettings::default()
        };
        let options = SlackOptions {
            bot_token: Secret::new(BOT_TOKEN),
            app_token: sockets.then(|| Secret::new(APP_TOKEN)),
            ping: Duration::from_secs(1),
        };
        let stop = CancellationToken::new();
        let adapter = Slack::new(settings, options, bot, stop.clone()).unwrap();
        let task = tokio::spawn(Arc::clone(&adapter).run());
        Self {
            slack,
            shop,
            adapter,
            stop,
            task,
            bots,
        }
    }

    /// The program stops, and another one starts with the same store and the same engine.
    pub(crate) async fn restart(self) -> Self {
        self.stop.cancel();
        self.task.await.unwrap();
        let ever = self.slack.sockets.counts().1;
        let this = Self::around(self.slack, self.shop, true);
        this.slack.sockets.until_open(2, ever + 2).await;
        this
    }

    /// A slash command, acknowledged.
    pub(crate) async fn ops(&self, user: &str, text: &str) {
        let payload = self.slack.slash(user, OPS, text);
        let ack = self.slack.sockets.send("slash_commands", &payload).await;
        assert_eq!(ack.get("payload"), None, "acknowledged and nothing more");
    }

    /// A press on a button, by the start of its label; what the bot acknowledged it with.
    pub(crate) async fn press(&self, user: &str, message: &Shown, label: &str) -> Value {
        let payload = self.slack.press(user, message, label);
        self.slack.sockets.send("interactive", &payload).await
    }

    /// The form of a single question, filled in.
    pub(crate) async fn fill(&self, user: &str, form: &Value, answer: &str) -> Value {
        let payload = self.slack.filled(user, form, answer);
        self.slack.sockets.send("interactive", &payload).await
    }

    /// The plan that waits for somebody.
    pub(crate) async fn offer(&self) -> Shown {
        self.slack
            .until("an offer", |shown| shown.text.contains("; it expires at"))
            .await
    }

    /// The message of a run that went well.
    pub(crate) async fn ended(&self) -> Shown {
        self.slack
            .until("its end", |shown| {
                shown.text.starts_with("🟢") && shown.thread.is_none()
            })
            .await
    }

    /// An event: a mention, a message.
    pub(crate) async fn event(&self, event: Value) {
        let payload = self.slack.event(&event);
        self.slack.sockets.send("events_api", &payload).await;
    }

    pub(crate) async fn mention(&self, user: &str, text: &str) {
        self.event(json!({
            "type": "app_mention", "user": user, "channel": OPS, "ts": "1.5",
            "text": format!("<@U0BOT> {text}"),
        }))
        .await;
    }
}
