//! Discord's HTTP endpoint: what is not signed by Discord is not heard, and what is, is answered.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::chat::discord::Signature;
use dogwatch::chat::settings::PublicKey;
use dogwatch::clock::Clock;
use dogwatch::web::{Chats, DiscordDoor, Site};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::discord::has_ended;
use crate::support::discord_shop::{ANNA, BOB, DiscordShop, policy};
use crate::support::fake_discord::{FakeDiscord, Shown};
use crate::support::front::listening;
use crate::support::tester::Tester;

struct Front {
    shop: DiscordShop,
    key: Ed25519KeyPair,
    base: String,
    _site: watch::Sender<Arc<Site>>,
}

async fn front() -> Front {
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = PublicKey(key.public_key().as_ref().try_into().unwrap());
    let tester = Tester::with(|bot| bot.policy = policy());
    let shop = DiscordShop::around(FakeDiscord::start().await, tester, |settings| {
        settings.public_key = Some(public);
    });
    let chats = Chats {
        health: vec![shop.adapter.health()],
        discord: Some(DiscordDoor {
            discord: Arc::clone(&shop.adapter),
            signature: Signature::new(public, Clock::System),
        }),
        ..Chats::default()
    };
    let (base, site) = listening(&shop.shop.bot, chats).await;
    shop.discord
        .until_world("commands", |world| world.registrations > 0)
        .await;
    Front {
        shop,
        key,
        base,
        _site: site,
    }
}

fn now() -> i64 {
    Clock::System.now().as_second()
}

impl Front {
    fn signed(&self, at: i64, body: &str) -> String {
        let signature = self.key.sign(format!("{at}{body}").as_bytes());
        signature
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    async fn send(&self, body: &str, at: i64, signature: &str) -> (u16, Value) {
        let request = Request::post(format!("{}/discord/interactions", self.base))
            .header("content-type", "application/json")
            .header("X-Signature-Ed25519", signature)
            .header("X-Signature-Timestamp", at.to_string())
            .body(Full::new(bytes::Bytes::from(body.to_owned())))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// As Discord does it: the answer to the request is the answer to the interaction.
    async fn interact(&self, payload: &Value) -> Value {
        let (at, body) = (now(), payload.to_string());
        let (status, answer) = self.send(&body, at, &self.signed(at, &body)).await;
        assert_eq!(status, 200);
        let token = payload["token"].as_str().unwrap();
        let mut world = self.shop.discord.world();
        let interaction = world.interactions.get_mut(token).unwrap();
        interaction.answered = answer["type"].as_u64();
        answer
    }

    /// A second person approves what deletes, and it is done.
    async fn let_go(&self, offer: &Shown) -> Shown {
        let discord = &self.shop.discord;
        let form = self.interact(&discord.press(BOB, offer, "Approve")).await;
        assert_eq!(form["type"], 9);
        let filled = discord.filled(BOB, offer, &form["data"], "shop");
        assert_eq!(self.interact(&filled).await, json!({ "type": 6 }));
        discord.until("its end", has_ended).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
        let uri = format!("{}{path}", self.base).parse().unwrap();
        let response = client.get(uri).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn only_what_discord_signed_is_heard() {
    let front = front().await;
    let ping = json!({ "id": "1", "application_id": "42", "type": 1, "token": "t", "version": 1 })
        .to_string();
    let good = front.signed(now(), &ping);
    assert_eq!(
        front.send(&ping, now(), &good).await,
        (200, json!({ "type": 1 }))
    );
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let forged = other.sign(format!("{}{ping}", now()).as_bytes());
    let forged: String = forged
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let old = now() - 600;
    let stale = front.signed(old, &ping);
    for (body, at, signature) in [
        (ping.as_str(), now(), forged.as_str()),
        (ping.as_str(), now(), ""),
        (ping.as_str(), now(), "nonsense"),
        ("{}", now(), good.as_str()),
        (ping.as_str(), old, stale.as_str()),
    ] {
        assert_eq!(
            front.send(body, at, signature).await.0,
            401,
            "{body} {at} {signature}"
        );
    }
    let nonsense = "not json";
    let signature = front.signed(now(), nonsense);
    assert_eq!(front.send(nonsense, now(), &signature).await.0, 400);
    assert_eq!(
        front.shop.discord.gateway.log().connections,
        0,
        "one way in, not two"
    );
    assert_eq!(front.get("/readyz").await.0, 200);
    let metrics = front.get("/metrics").await.1;
    assert!(
        metrics.contains(r#"dogwatch_chat_up{chat="discord"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_change_is_asked_for_approved_and_done_over_http() {
    let front = front().await;
    let shop = &front.shop;
    let payload = shop.payload(ANNA, "remove migrate");
    assert_eq!(front.interact(&payload).await, json!({ "type": 5 }));
    let offer = shop.offer().await;
    let again = front.interact(&payload).await;
    assert_eq!(again["type"], 5, "Discord hears the same again");
    let ended = front.let_go(&offer).await;
    assert_eq!(ended.id, offer.id);
    let runs = shop.shop.say("runs").await;
    let told = runs.text.matches("remove migrate").count();
    assert_eq!(told, 1, "{}", runs.text);
    shop.discord.assert_obeyed();
}

/// Time goes on for everybody, the fake Discord too, which refuses the token from then on.
#[tokio::test]
async fn when_fifteen_minutes_are_over_the_bot_edits_as_itself() {
    let front = front().await;
    let shop = &front.shop;
    front.interact(&shop.payload(ANNA, "remove migrate")).await;
    let offer = shop.offer().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(16)).await;
    tokio::time::resume();
    let ended = front.let_go(&offer).await;
    assert_eq!(ended.id, offer.id, "the same message, and no second one");
    shop.discord.assert_obeyed();
}
