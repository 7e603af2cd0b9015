//! Slack's HTTP endpoints: what is not signed by Slack is not heard, and what is, is answered.

use std::sync::Arc;

use dogwatch::chat::slack::Signature;
use dogwatch::clock::Clock;
use dogwatch::setting::Secret;
use dogwatch::web::{Chats, Site, SlackDoor};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::support::fake_slack::FakeSlack;
use crate::support::front::listening;
use crate::support::slack_shop::{ANNA, BOB, OPS, SlackShop, policy};
use crate::support::tester::Tester;

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

pub(crate) struct Front {
    pub(crate) shop: SlackShop,
    base: String,
    _site: watch::Sender<Arc<Site>>,
}

pub(crate) async fn front() -> Front {
    let tester = Tester::with(|bot| bot.policy = policy());
    let shop = SlackShop::around(FakeSlack::start().await, tester, false);
    let chats = Chats {
        health: vec![shop.adapter.health()],
        slack: Some(SlackDoor {
            slack: Arc::clone(&shop.adapter),
            signature: Signature::new(&Secret::new(SECRET)),
        }),
        ..Chats::default()
    };
    let (base, site) = listening(&shop.shop.bot, chats).await;
    Front {
        shop,
        base,
        _site: site,
    }
}

/// As Slack's documentation says it, written apart from the library that checks it.
fn signed(body: &str, at: i64) -> (String, String) {
    let mut key = [0_u8; 64];
    key[..SECRET.len()].copy_from_slice(SECRET.as_bytes());
    let padded = |with: u8| key.map(|byte| byte ^ with);
    let basis = format!("v0:{at}:{body}");
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(basis)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    let digits: String = outer.iter().map(|byte| format!("{byte:02x}")).collect();
    (format!("v0={digits}"), at.to_string())
}

fn now() -> i64 {
    Clock::System.now().as_second()
}

impl Front {
    pub(crate) async fn send(
        &self,
        path: &str,
        kind: &str,
        body: &str,
        (signature, at): (String, String),
    ) -> (u16, String) {
        let request = Request::post(format!("{}{path}", self.base))
            .header("content-type", kind)
            .header("x-slack-signature", signature)
            .header("x-slack-request-timestamp", at)
            .body(Full::new(bytes::Bytes::from(body.to_owned())))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn form(&self, path: &str, fields: &Value) -> (u16, String) {
        let body = form(fields);
        let signature = signed(&body, now());
        self.send(path, "application/x-www-form-urlencoded", &body, signature)
            .await
    }

    async fn json(&self, path: &str, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let signature = signed(&body, now());
        self.send(path, "application/json", &body, signature).await
    }
}

pub(crate) fn form(fields: &Value) -> String {
    let encoded =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs = fields.as_object().unwrap().iter();
    let pairs: Vec<String> = pairs
        .map(|(key, value)| format!("{key}={}", encoded(value.as_str().unwrap())))
        .collect();
    pairs.join("&")
}

#[tokio::test]
async fn only_what_slack_signed_a_moment_ago_is_heard() {
    let front = front().await;
    let body = form(&front.shop.slack.slash(ANNA, OPS, "whoami"));
    let kind = "application/x-www-form-urlencoded";
    let (good, at) = signed(&body, now());
    let cases = [
        ("altered", format!("{body}&x=1"), (good.clone(), at.clone())),
        (
            "another time",
            body.clone(),
            (good.clone(), (now() - 60).to_string()),
        ),
        ("old", body.clone(), signed(&body, now() - 400)),
        ("from the future", body.clone(), signed(&body, now() + 400)),
        ("no signature", body.clone(), (String::new(), at.clone())),
        ("no time", body.clone(), (good.clone(), "soon".to_owned())),
    ];
    for (what, body, signature) in cases {
        let (status, _) = front.send("/slack/commands", kind, &body, signature).await;
        assert_eq!(status, 401, "{what}");
    }
    assert!(front.shop.slack.world().shown.is_empty());
    let (status, said) = front.send("/slack/commands", kind, &body, (good, at)).await;
    assert_eq!((status, said.as_str()), (200, ""));
    front
        .shop
        .slack
        .until("who", |shown| shown.text.contains("you are slack:UANNA"))
        .await;
    let huge = "x".repeat(2 << 20);
    let signature = signed(&huge, now());
    let (status, _) = front.send("/slack/events", kind, &huge, signature).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn events_are_taken_once_and_the_challenge_is_answered() {
    let front = front().await;
    let challenge = json!({ "type": "url_verification", "challenge": "3eZbrw1a" });
    assert_eq!(
        front.json("/slack/events", &challenge).await,
        (200, "3eZbrw1a".to_owned())
    );
    let event = front.shop.slack.event(&json!({
        "type": "app_mention", "user": ANNA, "channel": OPS, "ts": "1.5", "text": "<@U0BOT> health",
    }));
    for _ in 0..3 {
        assert_eq!(front.json("/slack/events", &event).await.0, 200);
    }
    front
        .shop
        .slack
        .until("health", |shown| shown.text.contains("are well"))
        .await;
    let (status, metrics) = {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = Request::get(format!("{}/metrics", front.base))
            .body(Full::<bytes::Bytes>::default())
            .unwrap();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    assert_eq!(status, 200);
    assert!(
        metrics.contains("dogwatch_chat_taken_total{chat=\"slack\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("dogwatch_chat_repeated_total{chat=\"slack\"} 2"),
        "{metrics}"
    );
    front.shop.slack.assert_obeyed();
}

#[tokio::test]
async fn a_form_is_corrected_in_the_answer_itself() {
    let front = front().await;
    let slash = front.shop.slack.slash(ANNA, OPS, "remove migrate");
    assert_eq!(front.form("/slack/commands", &slash).await.0, 200);
    let offer = front.shop.offer().await;
    let press = front.shop.slack.press(BOB, &offer, "Approve");
    let payload = json!({ "payload": press.to_string() });
    assert_eq!(
        front.form("/slack/interactions", &payload).await,
        (200, String::new())
    );
    let form = front.shop.slack.until_view().await;
    let filled = front.shop.slack.filled(BOB, &form, "nonsense");
    let payload = json!({ "payload": filled.to_string() });
    let (status, said) = front.form("/slack/interactions", &payload).await;
    assert_eq!(status, 200);
    assert!(
        said.contains("response_action") && said.contains("type exactly shop"),
        "{said}"
    );
    front.shop.slack.assert_obeyed();
}
