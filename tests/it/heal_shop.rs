//! When nothing is mended by itself: in silence, while somebody looks after it, while somebody's run
//! waits. The demo's shop on the simulated engine, and the fake Slack.

use dogwatch::store::{RunFilter, RunRecord};
use serde_json::json;

use crate::incident_intake::alert;
use crate::incident_slack::{OnDuty, died};
use crate::support::served::until;

/// The database is down, everybody who needs it suffers, and a rule may mend it. Silent so far, and
/// its cause is found.
async fn silent_outage() -> OnDuty {
    let rule = serde_json::from_value(json!({ "match": "shop/*", "pause": "1s" })).unwrap();
    let settings = json!({ "calm": "10m" });
    let duty = OnDuty::with(settings, |bot| bot.conduct.heal = vec![rule]).await;
    duty.shop.shop.outage().await;
    duty.shop
        .shop
        .say("silence stack=shop --for 1h --reason a test")
        .await;
    duty.tell(&[died("db"), died("gateway")]).await;
    until("its cause is found", async || {
        let listed = duty.shop.shop.say("incidents").await.text;
        listed.contains("oom-killed")
    })
    .await;
    duty
}

/// Something else is told after at least one more look at everything.
async fn one_more_look(duty: &OnDuty, service: &str) {
    duty.tell(&[alert("blog", service, "slow")]).await;
    let seen = format!("blog/{service}");
    duty.until("something else", |shown| shown.text.contains(&seen))
        .await;
}

/// Runs that nobody asked for.
async fn by_itself(duty: &OnDuty) -> Vec<RunRecord> {
    let store = duty.shop.shop.bot.store.get().await.unwrap();
    let mut runs = store.runs(&RunFilter::default()).await.unwrap();
    runs.retain(|run| run.requested_by.starts_with("dogwatch:"));
    runs
}

async fn mended(duty: &OnDuty) {
    duty.shop
        .slack
        .until("mended", |shown| {
            shown.thread.is_some()
                && shown
                    .text
                    .contains("mended by itself: `restart` of shop/db")
        })
        .await;
    assert_eq!(by_itself(duty).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mended_in_silence_or_while_a_run_of_somebody_waits() {
    let duty = silent_outage().await;
    let shop = &duty.shop.shop;
    one_more_look(&duty, "web").await;
    assert_eq!(by_itself(&duty).await, [], "in silence");

    let offer = shop.say("run selective-reset service=shop/worker").await;
    assert!(shop.say("unsilence s1").await.text.contains("has ended"));
    duty.until("told now", |shown| shown.text.contains("shop/db"))
        .await;
    one_more_look(&duty, "cms").await;
    assert_eq!(by_itself(&duty).await, [], "a run waits: {}", offer.text);
    shop.say(&format!("deny {}", offer.run())).await;
    mended(&duty).await;
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mended_while_somebody_looks_after_it() {
    let duty = silent_outage().await;
    let shop = &duty.shop.shop;
    // a note is enough: somebody is there
    shop.say("note 1 I am looking at it").await;
    assert!(shop.say("unsilence s1").await.text.contains("has ended"));
    duty.until("told now", |shown| shown.text.contains("shop/db"))
        .await;
    one_more_look(&duty, "web").await;
    one_more_look(&duty, "cms").await;
    assert_eq!(by_itself(&duty).await, []);
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_mended_when_nothing_stands_in_the_way() {
    let duty = silent_outage().await;
    duty.shop.shop.say("unsilence s1").await;
    mended(&duty).await;
    duty.stop.cancel();
}
