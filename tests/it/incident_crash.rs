//! The real program is killed at random moments while alerts come in: every alert that was answered
//! 200 ends in exactly one incident's timeline, and the chat shows each incident once.

use std::collections::{BTreeMap, BTreeSet};

use dogwatch::incident::Alert;
use dogwatch::store::IncidentFilter;
use serde_json::json;

use crate::support::fake_slack::FakeSlack;
use crate::support::program::Place;
use crate::support::served::{ALERTS, Served, until};

const ALERTS_IN_ALL: usize = 10_000;
const BATCH: usize = 50;

/// The same moments in every run of the test.
fn moments() -> impl FnMut(u64) -> u64 {
    let mut state: u64 = 0x5eed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    }
}

fn batch(first: usize) -> String {
    let one = |number: usize| {
        json!({
            "what": "died", "stack": format!("stack{}", number % 7),
            "service": format!("s{}", number % 41), "summary": "it died",
            "severity": "critical", "details": { "number": number.to_string() },
        })
    };
    let all: Vec<_> = (first..first + BATCH).map(one).collect();
    serde_json::Value::from(all).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_alert_ends_in_exactly_one_timeline() {
    let slack = FakeSlack::start().await;
    let place = tokio::task::spawn_blocking(Place::without_engine)
        .await
        .unwrap();
    let mut served = Served::start(place, &slack, "incidents: { calm: 10m }\n").await;
    let mut random = moments();
    let mut kills = 0;
    for first in (0..ALERTS_IN_ALL).step_by(BATCH) {
        // who hears nothing sends again, as every sender does
        while served.post("/alerts/generic", &batch(first)).await != Some(200) {
            served.kill_and_restart().await;
        }
        if random(12) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(random(60))).await;
            served.kill_and_restart().await;
            kills += 1;
        }
    }
    assert!(kills > 8, "{kills}");
    let store = served.store().await;
    until("every alert has its place", async || {
        store.unplaced_alerts().await.unwrap().is_empty()
    })
    .await;
    let mut places: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let incidents = store.incidents(&IncidentFilter::default()).await.unwrap();
    let mut rows = 0;
    for incident in &incidents {
        for record in store.timeline_alerts(incident.id).await.unwrap() {
            let alert: Alert = serde_json::from_str(&record).unwrap();
            let (_, number) = alert.details.first().expect("its number");
            places
                .entry(number.to_string())
                .or_default()
                .insert(incident.id);
            rows += 1;
        }
    }
    assert_eq!(places.len(), ALERTS_IN_ALL, "of {rows} rows");
    let twice: Vec<_> = places.iter().filter(|(_, at)| at.len() != 1).collect();
    assert_eq!(twice, [] as [(&String, &BTreeSet<i64>); 0]);
    shown_once(&slack, incidents.len()).await;

    let (status, page) = served.get("/incidents").await;
    assert!(
        status == 200 && page.contains("<a href=\"/incidents/1\">stack0/s"),
        "{page}"
    );
    let (_, page) = served.get("/incidents/1").await;
    assert!(page.contains("<strong>Timeline</strong>"), "{page}");
    let (_, retro) = served.get("/incidents/1?format=markdown").await;
    assert!(retro.contains("**Timeline**"), "{retro}");
    assert_eq!(served.get("/incidents/999").await.0, 404);
    // counted at the end of a turn, which may have begun with the last life
    until("all of them are counted", async || {
        let (_, metrics) = served.get("/metrics").await;
        metrics.contains("dogwatch_incidents_open 7")
    })
    .await;
}

/// One message for each incident, and no line below one twice.
pub(crate) async fn shown_once(slack: &FakeSlack, incidents: usize) {
    let roots = || {
        let world = slack.world();
        let roots = world
            .shown
            .iter()
            .filter(|shown| shown.channel == ALERTS && shown.thread.is_none());
        let number = |text: &str| {
            text.split('#')
                .nth(1)
                .and_then(|rest| rest.split(' ').next())
                .map(str::to_owned)
        };
        roots
            .map(|shown| number(&shown.text).unwrap())
            .collect::<Vec<String>>()
    };
    until("every incident is told", async || {
        roots().iter().collect::<BTreeSet<_>>().len() == incidents
    })
    .await;
    let mut told = roots();
    told.sort();
    let all = told.len();
    told.dedup();
    assert_eq!(told.len(), all, "an incident was told twice");
    let world = slack.world();
    let lines: Vec<(&Option<String>, &str)> = world
        .shown
        .iter()
        .filter(|shown| shown.thread.is_some())
        .map(|shown| (&shown.thread, shown.text.as_str()))
        .collect();
    let different: BTreeSet<_> = lines.iter().collect();
    assert_eq!(different.len(), lines.len(), "a line was told twice");
}
