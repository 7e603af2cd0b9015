//! One message of every kind that Slack is shown, and every kind of form, as they were really
//! sent. Other programs look at them: Slack's own SDK, and whoever draws pictures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fake_slack::Shown;
use super::slack_shop::{ANNA, BOB, CARL, SlackShop, policy};

/// By name.
pub(crate) type Kinds = BTreeMap<&'static str, Value>;

const GATED: &str = "name: drain\ntitle: Restart the queue once it is empty\nrisk: change\nsteps:\n  - id: gate\n    gate: is the queue empty?\n  - id: restart\n    container.restart: { services: queue }\n";

struct Session {
    shop: SlackShop,
    kinds: Kinds,
}

impl Session {
    /// Keeps the first message that is as wanted.
    async fn keep(&mut self, name: &'static str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let shown = self.shop.slack.until(name, wanted).await;
        let message = json!({ "text": shown.text, "blocks": shown.blocks });
        self.kinds.insert(name, message);
        shown
    }

    async fn answer(&mut self, name: &'static str, who: &str, line: &str) -> Shown {
        self.shop.slack.world().shown.clear();
        self.shop.ops(who, line).await;
        self.keep(name, |shown| shown.thread.is_none()).await
    }

    async fn keep_form(&mut self, name: &'static str) -> Value {
        let view = self.shop.slack.until_view().await;
        self.kinds.insert(name, view.clone());
        view
    }

    async fn press(&self, who: &str, message: &Shown, label: &str) {
        let pressed = self.shop.slack.press(who, message, label);
        self.shop.slack.sockets.send("interactive", &pressed).await;
    }

    async fn looking(&mut self) {
        for (name, line) in [
            ("help", "help"),
            ("whoami", "whoami"),
            ("status", "status"),
            ("status of a service", "status api"),
            ("health", "health"),
            ("logs", "logs api --tail 20"),
            ("stats", "stats"),
            ("inspect", "inspect db"),
            ("events", "events --since 1h"),
            ("images", "images"),
            ("hosts", "hosts"),
            ("runbooks", "runbooks"),
            ("plan", "plan full-reset stack=shop"),
            ("no runs", "runs"),
            ("mistake", "statsu"),
        ] {
            self.answer(name, ANNA, line).await;
        }
        self.answer("refusal", CARL, "restart cache").await;
        self.shop.slack.world().shown.clear();
        self.shop.ops(ANNA, "doctor").await;
        self.keep("doctor", |shown| {
            shown.blocks.to_string().contains("Slack: ")
        })
        .await;
        let line =
            "logs db api worker web gateway queue cache --since 10d --tail 2000 --timestamps";
        self.answer("too long", ANNA, line).await;
    }

    async fn changing(&mut self) {
        self.answer("form offered", ANNA, "plan restart extra=1")
            .await;
        self.shop.ops(ANNA, "run restart").await;
        self.keep_form("form with values").await;
        self.shop.shop.outage().await;
        let report = self.answer("report", ANNA, "diagnose gateway").await;
        self.shop.slack.world().shown.clear();
        self.press(ANNA, &report, "start db").await;
        self.keep("running", |shown| shown.text.starts_with("🔵"))
            .await;
        self.keep("repaired", |shown| {
            shown.text.starts_with("🟢") && shown.thread.is_none()
        })
        .await;
        let offer = self
            .answer("approval", ANNA, "run full-reset stack=shop")
            .await;
        self.press(BOB, &offer, "Approve").await;
        self.keep_form("form with a word").await;
        self.press(BOB, &offer, "Deny").await;
        let form = self.keep_form("form with a reason").await;
        let filled = self.shop.slack.filled(BOB, &form, "not during the sale");
        self.shop.slack.sockets.send("interactive", &filled).await;
        self.keep("denied", |shown| {
            shown.ts == offer.ts && shown.text.starts_with("⚪")
        })
        .await;
        self.shop.slack.world().shown.clear();
        self.shop.ops(ANNA, "run drain").await;
        let gate = self
            .keep("gate", |shown| shown.words().contains("[Continue]"))
            .await;
        self.press(BOB, &gate, "Stop").await;
        let form = self.shop.slack.until_view().await;
        let filled = self.shop.slack.filled(BOB, &form, "");
        self.shop.slack.sockets.send("interactive", &filled).await;
        self.keep("ended badly", |shown| {
            shown.ts == gate.ts && shown.text.starts_with("🔴")
        })
        .await;
        self.answer("runs", ANNA, "runs").await;
        self.answer("reports", ANNA, "report").await;
    }
}

pub(crate) async fn kinds() -> Kinds {
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("drain.yml"), GATED).unwrap();
    let directory = own.path().to_owned();
    let shop = SlackShop::with(move |bot| {
        bot.policy = policy();
        bot.conduct.library = dogwatch::runbook::Library::new(Some(directory));
    })
    .await;
    let mut session = Session {
        shop,
        kinds: Kinds::new(),
    };
    session.looking().await;
    session.changing().await;
    session.shop.slack.assert_obeyed();
    session.kinds
}
