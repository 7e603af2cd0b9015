//! Rules of incidents, each by what would go wrong without it.

use dogwatch::incident::advance::{acknowledge, resolve};
use dogwatch::incident::alert::Severity;
use dogwatch::incident::matcher::Matcher;
use dogwatch::incident::silence::Silence;
use dogwatch::incident::{Filed, Files, Finding, Incident, Kind, Phase, Placed};
use dogwatch::say;
use serde_json::json;

use crate::incident_intake::alert;
use crate::incident_machine::{Bench, at, over};
use crate::incident_places::finding;
use crate::incident_slack::{OnDuty, died};
use crate::support::served::until;

#[test]
fn the_same_stack_on_another_host_is_another_incident() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    let mut elsewhere = alert("shop", "worker", "died");
    elsewhere.host = "vps".to_owned();
    assert_eq!(bench.take(&elsewhere, at(0, 1)), Some(2));
}

#[test]
fn it_flaps_with_as_many_turns_as_are_set_and_not_with_one_less() {
    let mut bench = Bench::new(json!({ "flapping": { "turns": 4, "within": "10m" } }));
    let sick = alert("shop", "api", "unhealthy");
    bench.take(&sick, at(0, 0));
    for (turn, alert) in [over(sick.clone()), sick.clone(), over(sick.clone())]
        .iter()
        .enumerate()
    {
        bench.take(alert, at(i64::try_from(turn).unwrap() + 1, 0));
        bench.advance(at(4, 0));
    }
    assert_eq!(bench.told(Kind::Flapping), [] as [&str; 0]);
    bench.take(&sick, at(5, 0));
    bench.advance(at(5, 0));
    assert_eq!(
        bench.told(Kind::Flapping),
        ["#1 shop/api flaps: it turned 4 times lately; told again when it is calm"]
    );
}

#[test]
fn what_is_not_bad_enough_calls_nobody() {
    let mut bench = Bench::new(json!({
        "escalate_from": "critical",
        "escalation": [{ "after": "1m", "tell": ["webhook:pager"] }],
    }));
    let mut mild = alert("shop", "api", "slow");
    mild.severity = Severity::Warning;
    bench.take(&mild, at(0, 0));
    assert_eq!(bench.advance(at(5, 0)), [] as [&str; 0]);
    mild.severity = Severity::Critical;
    bench.take(&mild, at(6, 0));
    assert_eq!(bench.advance(at(6, 0)), ["pager"], "it got worse");
}

#[test]
fn what_is_silenced_is_not_reminded_of() {
    let mut bench = Bench::new(json!({ "group": { "repeat": "1h" } }));
    bench.silences.push(Silence {
        id: "s1".to_owned(),
        fits: Matcher::try_from("shop/api".to_owned()).ok(),
        of: None,
        by: "slack:U1".to_owned(),
        reason: say!("known"),
        from: at(0, 0),
        until: at(150, 0),
        ended_by: None,
    });
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    for minutes in [1, 70, 140, 151, 200] {
        bench.advance(at(minutes, 0));
    }
    assert_eq!(bench.told(Kind::Reminded), [] as [&str; 0]);
    bench.advance(at(212, 0));
    assert_eq!(
        bench.told(Kind::Reminded),
        ["#1 it still goes on, since 3 h 32 min"]
    );
}

#[test]
fn what_comes_back_may_be_mended_again_but_not_out_of_somebodys_hands() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    bench.incidents[0].gave_up = Some(say!("stopped trying"));
    resolve(&mut bench.incidents[0], "dogwatch", say!("well"), at(5, 0));
    bench.take(&alert("shop", "api", "died"), at(6, 0));
    assert_eq!(bench.incidents[0].gave_up, None);
    assert!(!bench.incidents[0].hands);
    acknowledge(&mut bench.incidents[0], "slack:U1", at(7, 0));
    assert!(bench.incidents[0].hands);
}

fn undecided(cause: &str) -> Finding {
    Finding {
        cause: cause.to_owned(),
        ..finding("shop/api", &[])
    }
}

#[test]
fn a_later_look_takes_away_a_cause_only_when_its_service_is_well() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "db", "oom"), at(0, 0));
    let cause = |bench: &Bench| bench.incidents[0].finding.clone().unwrap().cause;
    let oom = finding("shop/db", &[]);
    bench.incidents[0].found(oom, None, at(0, 1));
    bench.incidents[0].found(undecided("inconclusive"), None, at(0, 2));
    assert_eq!(cause(&bench), "oom-killed", "it still suffers");
    bench.incidents[0].found(undecided("none"), None, at(0, 3));
    assert_eq!(cause(&bench), "oom-killed", "what is well tells nothing");
    bench.take(&over(alert("shop", "db", "oom")), at(1, 0));
    bench.incidents[0].found(undecided("inconclusive"), None, at(1, 1));
    assert_eq!(cause(&bench), "inconclusive");
    bench.keep();
    assert_eq!(bench.told(Kind::Diagnosed).len(), 2);
}

#[test]
fn what_is_asked_while_somebody_looks_is_not_answered_by_that_look() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    let asked = bench.incidents[0].asked;
    bench.take(&alert("shop", "db", "died"), at(0, 1));
    bench.incidents[0].answered(asked);
    assert!(bench.incidents[0].unclear);
    let asked = bench.incidents[0].asked;
    bench.incidents[0].answered(asked);
    assert!(!bench.incidents[0].unclear);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_with_one_cause_become_one_by_themselves() {
    let duty = OnDuty::open(json!({ "calm": "10m" })).await;
    let bot = &duty.shop.shop.bot;
    let store = bot.store.get().await.unwrap();
    let files = Files {
        store,
        clock: bot.clock,
    };
    let number = store.next_incident().await.unwrap();
    let now = bot.clock.now();
    let told = |id: i64, stack: &str, service: &str| {
        let mut incident = Incident::open(id, &alert(stack, service, "slow"), now);
        incident.unclear = false;
        incident.finding = Some(finding("infra/db", &["shop/api"]));
        Filed::new(incident)
    };
    let mut both = [told(number, "shop", "api"), told(number + 1, "infra", "db")];
    assert!(files.save(&mut both, &Placed::default()).await.unwrap());
    store.stir();
    until("they are one", async || {
        let young = files.get(number + 1).await.unwrap().incident;
        matches!(young.phase, Phase::Merged { into, .. } if into == number)
    })
    .await;
    let one = files.get(number).await.unwrap().incident;
    assert_eq!((one.troubles(), one.merged), (2, vec![number + 1]));
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_look_at_is_not_over_because_others_are() {
    let duty = OnDuty::open(json!({ "calm": "1s" })).await;
    duty.tell(&[alert("gone", "ghost", "died")]).await;
    duty.until("told", |shown| shown.text.contains("#1")).await;
    duty.tell(&[died("worker")]).await;
    duty.until("well when looked at", |shown| {
        shown.text.starts_with("🟢 #2")
    })
    .await;
    let listed = duty.shop.shop.say("incidents").await.text;
    assert!(listed.contains("gone/ghost"), "{listed}");
    duty.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_is_hours_late_is_left_to_the_next() {
    let late = dogwatch::clock::Clock::System.now() - jiff::SignedDuration::from_hours(7);
    let duty = OnDuty::open(json!({
        "digest": { "every": "day", "at": late.strftime("%H:%M").to_string(), "to": ["slack:CDIGEST"] },
    }))
    .await;
    duty.tell(&[died("api")]).await;
    duty.until("something else", |shown| shown.text.contains("#1"))
        .await;
    let world = duty.shop.slack.world();
    assert!(!world.shown.iter().any(|shown| shown.channel == "CDIGEST"));
    drop(world);
    duty.stop.cancel();
}
