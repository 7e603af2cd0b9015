//! One message of every main kind that Discord is shown, and a form, as they were really sent.
//! Whoever draws pictures looks at them.

use std::collections::BTreeMap;

use dogwatch::incident::face;
use dogwatch::text::{Name, embeds};
use serde_json::{Value, json};

use super::discord_shop::{ANNA, BOB, DiscordShop};
use super::fake_discord::Shown;
use super::slack_kinds::incident;

/// By name.
pub(crate) type Kinds = BTreeMap<&'static str, Value>;

struct Session {
    shop: DiscordShop,
    kinds: Kinds,
}

impl Session {
    /// Keeps the first message that is as wanted.
    async fn keep(&mut self, name: &'static str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let shown = self.shop.discord.until(name, wanted).await;
        let message = json!({
            "embeds": shown.body["embeds"], "components": shown.body["components"],
        });
        self.kinds.insert(name, message);
        shown
    }

    async fn play(&mut self) {
        self.shop.ops(ANNA, "status").await;
        let is_status = |shown: &Shown| shown.words().contains("are well");
        self.keep("status", is_status).await;
        let asked = self.shop.ops(ANNA, "run restart").await;
        let form = self.shop.discord.answer_to(&asked).await.answer;
        self.kinds.insert("form with values", form);
        self.shop
            .ops(ANNA, "run selective-reset service=cache")
            .await;
        let is_offer = |shown: &Shown| shown.words().contains("; it expires at");
        let offer = self.keep("approval", is_offer).await;
        let form = self.shop.press(BOB, &offer, "Approve").await;
        self.kinds.insert("form with a word", form);
        self.shop.shop.outage().await;
        self.shop.ops(ANNA, "diagnose gateway").await;
        let is_report = |shown: &Shown| shown.words().contains("oom-killed");
        let report = self.keep("report", is_report).await;
        // the button of a report, without its age
        let line = report.buttons()[0]["custom_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let line = line.splitn(4, '|').nth(3).unwrap();
        self.shop.ops(ANNA, line.trim_start_matches("/ops ")).await;
        let goes_on = |shown: &Shown| shown.title().starts_with("🔵");
        self.keep("running", goes_on).await;
        let is_over = |shown: &Shown| shown.title().starts_with("🟢");
        self.keep("repaired", is_over).await;
    }
}

pub(crate) async fn kinds() -> Kinds {
    let shop = DiscordShop::open().await;
    let card = embeds(&face::message(&incident(), &[Name::new("discord:1001")]));
    let alert = json!({ "embeds": card.embeds(), "components": card.components() });
    let mut session = Session {
        shop,
        kinds: Kinds::from([("alert", alert)]),
    };
    session.play().await;
    session.shop.discord.assert_obeyed();
    session.kinds
}
