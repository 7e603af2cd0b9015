//! Incidents from alert to chat and back: the demo's shop on the simulated engine, the fake Slack,
//! and people who answer.

use std::sync::Arc;

use dogwatch::bot::Bot;
use dogwatch::duty::Duty;
use dogwatch::incident::counts::{Reason, Stage};
use dogwatch::incident::settings::Address;
use dogwatch::incident::{Alert, Counts, accept};
use dogwatch::live::Board;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::incident_intake::alert;
use crate::support::fake_slack::{Failure, Shown};
use crate::support::slack_shop::{ANNA, SlackShop, policy};

const ALERTS: &str = "CALERTS";

/// The shop with everything that works by itself.
pub(crate) struct OnDuty {
    pub(crate) shop: SlackShop,
    pub(crate) stop: CancellationToken,
    pub(crate) counts: Arc<Counts>,
}

impl OnDuty {
    pub(crate) async fn open(settings: serde_json::Value) -> Self {
        Self::with(settings, |_| {}).await
    }

    pub(crate) async fn with(settings: serde_json::Value, change: impl FnOnce(&mut Bot)) -> Self {
        let shop = SlackShop::with(|bot| {
            bot.policy = policy();
            bot.conduct.incidents.settings = serde_json::from_value(settings).unwrap();
            bot.conduct.incidents.usual =
                vec![Address::try_from(format!("slack:{ALERTS}")).unwrap()];
            change(bot);
        })
        .await;
        let this = Self {
            shop,
            stop: CancellationToken::new(),
            counts: Arc::default(),
        };
        this.begin();
        this
    }

    fn begin(&self) {
        let (_, bots) = watch::channel(Arc::clone(&self.shop.shop.bot));
        let counts = Arc::clone(&self.counts);
        let board = Board {
            stage: self.shop.adapter.as_stage(),
            bots: bots.clone(),
            counts: Arc::clone(&counts),
        };
        tokio::spawn(board.run(self.stop.clone()));
        tokio::spawn(Duty::new(bots, counts).run(self.stop.clone()));
    }

    pub(crate) async fn tell(&self, alerts: &[Alert]) {
        let bot = &self.shop.shop.bot;
        let store = bot.store.get().await.unwrap();
        accept(store, bot.clock, alerts).await.unwrap();
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Shown) -> bool) -> Shown {
        let in_channel = |shown: &Shown| shown.channel == ALERTS && shown.thread.is_none();
        self.shop
            .slack
            .until(what, |shown| in_channel(shown) && holds(shown))
            .await
    }

    fn roots(&self) -> usize {
        let world = self.shop.slack.world();
        let roots = world.shown.iter();
        roots
            .filter(|shown| shown.channel == ALERTS && shown.thread.is_none())
            .count()
    }

    fn lines(&self) -> Vec<String> {
        let world = self.shop.slack.world();
        let lines = world.shown.iter().filter(|shown| shown.thread.is_some());
        lines.map(|shown| shown.text.clone()).collect()
    }
}

pub(crate) fn died(service: &str) -> Alert {
    let mut alert = alert("shop", service, "died");
    alert.at = dogwatch::clock::Clock::System.now();
    alert
}

fn first_line(shown: &Shown) -> &str {
    shown.text.lines().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_one_message_with_its_cause_on_the_first_line() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "1s" })).await;
    duty.shop.shop.outage().await;
    duty.tell(&[died("gateway")]).await;
    duty.until("told at once", |shown| shown.text.contains("it went wrong"))
        .await;
    let told = duty
        .until("with its cause", |shown| shown.text.contains("oom-killed"))
        .await;
    assert!(
        first_line(&told).starts_with("🔴 #1 shop/db oom-killed"),
        "{}",
        told.text
    );
    duty.tell(&[died("api"), died("web")]).await;
    duty.until("more of it", |shown| {
        shown.text.contains("because it needs shop/db")
    })
    .await;
    assert_eq!(duty.roots(), 1);
    let press = duty.shop.slack.press(ANNA, &told, "Acknowledge");
    duty.shop.slack.sockets.send("interactive", &press).await;
    duty.until("acknowledged", |shown| shown.text.starts_with("🟡 #1"))
        .await;
    duty.shop.slack.assert_obeyed();
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_chat_and_a_restart_lose_nothing_and_say_nothing_twice() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "10m" })).await;
    duty.shop.slack.world().failures.insert(
        "chat.postMessage".to_owned(),
        [Failure::Broken, Failure::Broken, Failure::TooMany(1)].into(),
    );
    duty.tell(&[died("api")]).await;
    duty.until("posted when the chat is back", |shown| {
        shown.text.contains("#1")
    })
    .await;
    duty.until("diagnosed", |shown| shown.edits > 0).await;
    duty.stop.cancel();
    let again = OnDuty {
        shop: duty.shop,
        stop: CancellationToken::new(),
        counts: Arc::default(),
    };
    again.tell(&[died("worker")]).await;
    again.begin();
    again
        .until("goes on in the same message", |shown| {
            shown.text.contains("worker")
        })
        .await;
    let joined = |duty: &OnDuty| {
        duty.lines()
            .iter()
            .filter(|line| line.contains("shop/worker: it went wrong"))
            .count()
    };
    again
        .shop
        .slack
        .until("told below it", |shown| {
            shown.thread.is_some() && shown.text.contains("shop/worker: it went wrong")
        })
        .await;
    assert_eq!((again.roots(), joined(&again)), (1, 1));
    again.shop.slack.assert_obeyed();
    again.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_look_after_it_by_words() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "10m" })).await;
    let shop = &duty.shop.shop;
    duty.tell(&[died("api")]).await;
    duty.until("told", |shown| shown.text.contains("#1")).await;
    assert!(shop.say("incidents").await.text.contains("#1"));
    assert!(
        shop.say("ack 1")
            .await
            .text
            .contains("you look after #1 now")
    );
    assert!(shop.say("ack #1").await.text.contains("already"));
    shop.say("note 1 the disk was full").await;
    duty.shop
        .slack
        .until("the note below it", |shown| {
            shown.thread.is_some() && shown.text.contains("the disk was full")
        })
        .await;
    assert!(
        shop.say("incidents disk was FULL")
            .await
            .text
            .contains("#1")
    );
    assert!(shop.say("ack 99").await.text.contains("no incident `99`"));
    let silenced = shop
        .say("silence shop/worker --for 2h --reason a migration goes on")
        .await;
    assert!(silenced.text.contains("as s1"), "{}", silenced.text);
    assert!(
        shop.say("silences")
            .await
            .text
            .contains("a migration goes on")
    );
    duty.tell(&[alert("blog", "web", "slow")]).await;
    duty.until("another stack", |shown| shown.text.contains("#2"))
        .await;
    assert!(shop.say("unsilence s1").await.text.contains("has ended"));
    assert!(
        shop.say("unsilence s1")
            .await
            .text
            .contains("no silence `s1` is in force")
    );
    let refused = shop.say("resolve 2").await.text;
    assert!(refused.contains("events still says: blog/web"), "{refused}");
    shop.say("note 2 the proxy is slow").await;
    assert!(
        shop.say("merge 2 1")
            .await
            .text
            .contains("#2 goes on in #1")
    );
    duty.until("merged", |shown| shown.text.contains("goes on in #1"))
        .await;
    assert!(
        shop.say("resolve 1 all of it was done --anyway")
            .await
            .text
            .contains("#1 is over")
    );
    duty.until("over", |shown| shown.text.starts_with("🟢 #1"))
        .await;
    let retro = shop.say("retro 1").await.text;
    assert!(
        retro.contains("the disk was full")
            && retro.contains("the proxy is slow")
            && retro.contains("Follow-ups"),
        "{retro}"
    );
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_silenced_is_never_told_until_it_is_not() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "10m" })).await;
    let shop = &duty.shop.shop;
    shop.say("silence shop/api --reason x").await;
    duty.tell(&[died("api")]).await;
    duty.tell(&[alert("blog", "web", "slow")]).await;
    duty.until("the other one", |shown| shown.text.contains("#2"))
        .await;
    assert_eq!(duty.roots(), 1);
    shop.say("unsilence s1").await;
    duty.until("told when the silence ends", |shown| {
        shown.text.contains("#1")
    })
    .await;
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_over_only_when_it_looks_well() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "1s" })).await;
    let shop = &duty.shop.shop;
    shop.outage().await;
    duty.tell(&[died("gateway")]).await;
    duty.until("told", |shown| shown.text.contains("oom-killed"))
        .await;
    let mut well = died("gateway");
    well.state = dogwatch::incident::AlertState::Resolved;
    duty.tell(&[well]).await;
    duty.shop
        .slack
        .until("the doubt", |shown| {
            shown.thread.is_some() && shown.text.contains("no alert any more, but")
        })
        .await;
    let refused = shop.say("resolve 1").await;
    assert!(
        refused.text.contains("does not look over"),
        "{}",
        refused.text
    );
    duty.stop.cancel();
}

/// Takes calls, and fails the first one.
async fn pager() -> (String, Arc<std::sync::Mutex<Vec<serde_json::Value>>>) {
    use axum::http::{HeaderMap, StatusCode};
    let calls = Arc::new(std::sync::Mutex::new(Vec::new()));
    let taken = Arc::clone(&calls);
    let take = axum::routing::post(
        async move |headers: HeaderMap, axum::Json(mut body): axum::Json<serde_json::Value>| {
            body["token"] = headers["authorization"].to_str().unwrap().into();
            let mut calls = taken.lock().unwrap();
            calls.push(body);
            if calls.len() == 1 {
                StatusCode::BAD_GATEWAY
            } else {
                StatusCode::OK
            }
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/call", listener.local_addr().unwrap());
    let app = axum::Router::new().route("/call", take);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_followed_by_a_webhook_that_is_called_until_it_answers() {
    let (url, calls) = pager().await;
    let duty = OnDuty::open(serde_json::json!({
        "calm": "10m",
        "escalation": [{ "after": "1s", "tell": ["slack:UBOB", "webhook:pager"] }],
        "webhooks": { "pager": { "url": url, "token": "t0ken" } },
    }))
    .await;
    duty.tell(&[died("api")]).await;
    let line = duty
        .shop
        .slack
        .until("the call below it", |shown| {
            shown.thread.is_some() && shown.text.contains("nobody acknowledged for")
        })
        .await;
    assert!(line.blocks.to_string().contains("<@UBOB>"), "{line:#?}");
    crate::support::served::until("called twice", async || calls.lock().unwrap().len() == 2).await;
    let call = calls.lock().unwrap()[1].clone();
    let seen = serde_json::json!([call["id"], call["token"], call["state"]]);
    assert_eq!(seen, serde_json::json!([1, "Bearer t0ken", "open"]));
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_is_due_is_posted_once() {
    let now = dogwatch::clock::Clock::System.now();
    let duty = OnDuty::open(serde_json::json!({
        "digest": { "every": "day", "at": now.strftime("%H:%M").to_string(), "to": ["slack:CDIGEST"] },
    }))
    .await;
    let here = |shown: &Shown| shown.channel == "CDIGEST";
    duty.shop
        .slack
        .until("the digest", |shown| {
            here(shown) && shown.text.contains("0 incidents from")
        })
        .await;
    duty.tell(&[died("api")]).await;
    duty.until("something else", |shown| shown.text.contains("#1"))
        .await;
    assert_eq!(
        duty.shop
            .slack
            .world()
            .shown
            .iter()
            .filter(|shown| here(shown))
            .count(),
        1
    );
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_two_hundred_services_that_dies_is_one_message() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "10m" })).await;
    let sick = |number: usize| {
        let (stack, service) = (format!("stack{}", number / 4), format!("s{number}"));
        alert(&stack, &service, "unreachable")
    };
    let services: Vec<Alert> = (0..200).map(sick).collect();
    // as checks find it: one after the other, in no order that means anything
    duty.tell(&services[..150]).await;
    let mut gone = alert("", "", "engine-unreachable");
    gone.summary = dogwatch::say!("the engine of local cannot be reached");
    duty.tell(&[gone]).await;
    duty.tell(&services[150..]).await;
    let named = "because the engine of local cannot be reached";
    let shown = duty
        .until("one message names them", |shown| {
            let text = shown.blocks.to_string();
            text.contains(named) && text.contains("and 194 more")
        })
        .await;
    assert!(
        shown.text.contains("the engine of local cannot be reached"),
        "{}",
        shown.text
    );
    duty.tell(&[alert("one-more", "late", "unreachable")]).await;
    duty.until("who comes late is named there too", |shown| {
        shown.blocks.to_string().contains("and 195 more")
    })
    .await;
    assert_eq!(duty.roots(), 1);
    duty.shop.slack.assert_obeyed();
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_quiet_and_what_is_not_taken_is_counted_with_its_reason() {
    let duty = OnDuty::open(serde_json::json!({
        "calm": "10m",
        "windows": [{ "cron": "* * * * *", "for": "5m", "match": "stack=blog", "reason": "updates" }],
    }))
    .await;
    let failures = [Failure::Refused("not_in_channel")];
    let method = "chat.postMessage".to_owned();
    let broken = (method, failures.into());
    duty.shop.slack.world().failures.extend([broken]);
    duty.tell(&[alert("blog", "web", "slow")]).await;
    duty.tell(&[died("api")]).await;
    duty.until("told in the end", |shown| shown.text.contains("#2"))
        .await;
    let muted = (Stage::Muted, "planned".to_owned());
    assert!(duty.counts.counted().contains(&(muted, 1)));
    let refused = ("slack".to_owned(), Reason::Refused);
    assert_eq!(duty.counts.failures(), [(refused, 1)]);
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_incident_is_silenced_by_is_one_silence_and_who_is_assigned_is_called() {
    let duty = OnDuty::open(serde_json::json!({ "calm": "10m" })).await;
    let shop = &duty.shop.shop;
    duty.tell(&[
        alert("blog", "web", "Slow, more than 2 s"),
        alert("blog", "db", "locked"),
    ])
    .await;
    duty.until("told", |shown| shown.text.contains("#1")).await;
    shop.say("assign 1 slack:UBOB").await;
    let line = duty
        .shop
        .slack
        .until("the line below it", |shown| {
            shown.thread.is_some() && shown.text.contains("looks after it")
        })
        .await;
    assert!(line.blocks.to_string().contains("<@UBOB>"), "{line:#?}");
    let listed = shop.say("incidents").await.text;
    assert_eq!(
        listed.lines().next(),
        Some("1 incident goes on; nobody looks after #1")
    );
    let silenced = shop
        .say("silence #1 --for 1h --reason the disk is on its way")
        .await;
    assert!(
        silenced
            .text
            .starts_with("#1 (blog/db, blog/web) is silenced until ")
            && silenced.text.contains(" as s1"),
        "{}",
        silenced.text
    );
    duty.until("quiet", |shown| shown.text.starts_with("🔕 #1"))
        .await;
    let silences = shop.say("silences").await.text;
    assert_eq!(
        silences.matches("the disk is on its way").count(),
        1,
        "{silences}"
    );
    assert!(shop.say("unsilence s1").await.text.contains("has ended"));
    duty.until("heard again", |shown| shown.text.starts_with("🔴 #1"))
        .await;
    duty.stop.cancel();
}
