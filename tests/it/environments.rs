//! The environment of a stack is read first, wherever something is said of it that nobody asked for.

use std::sync::Arc;

use dogwatch::access::{ApprovalSettings, Policy};
use dogwatch::duty::Turn;
use dogwatch::incident::{Alert, Counts, accept};

use super::incident_intake::alert;
use crate::support::tester::Tester;

fn of(environments: &[(&str, &str)]) -> Policy {
    let named = |(stack, name): &(&str, &str)| ((*stack).to_owned(), (*name).to_owned());
    let environments = environments.iter().map(named).collect();
    Policy::default().asking(ApprovalSettings::default(), environments)
}

/// An incident about the gateway of the demo's outage, told by a host of that name.
async fn told_by(host: &str, environments: &[(&str, &str)]) -> (Tester, Turn) {
    let tester = Tester::with(|bot| bot.policy = of(environments));
    tester.outage().await;
    let store = tester.bot.store.get().await.unwrap();
    let died = Alert {
        host: host.to_owned(),
        at: tester.bot.clock.now(),
        ..alert("shop", "gateway", "unhealthy")
    };
    accept(store, tester.bot.clock, &[died]).await.unwrap();
    let turn = Turn {
        bot: Arc::clone(&tester.bot),
        counts: Arc::new(Counts::default()),
    };
    while !turn.place(store).await.unwrap() {}
    (tester, turn)
}

#[tokio::test]
async fn a_diagnosis_and_an_incident_begin_with_their_environment() {
    let (tester, turn) = told_by("local", &[("local/shop", "prod"), ("vps/shop", "dev")]).await;
    let asked = tester.say("diagnose gateway").await;
    let issue = asked.reports[0].issue.as_str();
    assert!(issue.starts_with("prod: db "), "{issue}");
    let list = tester.say("incidents").await;
    assert!(list.text.contains("prod: shop/gateway"), "{}", list.text);
    turn.diagnose(1).await.unwrap();
    let list = tester.say("incidents").await;
    assert!(
        list.text.contains("prod: shop/db oom-killed"),
        "{}",
        list.text
    );
    let reports = tester.say("report").await;
    let of_duty = reports.text.matches("prod: db ").count();
    assert_eq!(of_duty, 2, "asked for, and by itself: {}", reports.text);
}

#[tokio::test]
async fn an_alert_from_elsewhere_has_the_environment_that_its_stack_has_everywhere() {
    let (tester, _) = told_by("web-1.example.org", &[("local/shop", "prod")]).await;
    let list = tester.say("incidents").await;
    assert!(list.text.contains("prod: shop/gateway"), "{}", list.text);
    let several = [("local/shop", "prod"), ("vps/shop", "dev")];
    let (tester, _) = told_by("web-1.example.org", &several).await;
    let list = tester.say("incidents").await;
    assert!(
        !list.text.contains("prod:"),
        "nobody knows which: {}",
        list.text
    );
}
