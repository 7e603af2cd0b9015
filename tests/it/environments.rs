//! The environment of a stack is read first, wherever something is said of it that nobody asked for.

use std::sync::Arc;
use std::time::Duration;

use dogwatch::access::{ApprovalSettings, Policy};
use dogwatch::duty::Duty;
use dogwatch::incident::{Alert, Counts, accept};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::incident_intake::alert;
use crate::support::real_engine::within;
use crate::support::tester::Tester;

fn of(environments: &[(&str, &str)]) -> Policy {
    let named = |(stack, name): &(&str, &str)| ((*stack).to_owned(), (*name).to_owned());
    let environments = environments.iter().map(named).collect();
    Policy::default().asking(ApprovalSettings::default(), environments)
}

/// The demo's outage, told by a host of that name, with somebody on duty.
struct Night {
    tester: Tester,
    stop: CancellationToken,
}

impl Night {
    async fn told_by(host: &str, environments: &[(&str, &str)]) -> Self {
        let tester = Tester::with(|bot| bot.policy = of(environments));
        tester.outage().await;
        let store = tester.bot.store.get().await.unwrap();
        let died = Alert {
            host: host.to_owned(),
            at: tester.bot.clock.now(),
            ..alert("shop", "gateway", "unhealthy")
        };
        accept(store, tester.bot.clock, &[died]).await.unwrap();
        let (_, bots) = watch::channel(Arc::clone(&tester.bot));
        let stop = CancellationToken::new();
        let duty = Duty::new(bots, Arc::new(Counts::default()));
        tokio::spawn(duty.run(stop.clone()));
        Self { tester, stop }
    }

    /// The incidents, as soon as they tell of it.
    async fn incidents(&self, words: &str) -> String {
        within(Duration::from_mins(2), words, || async {
            self.tester.say("incidents").await.text.contains(words)
        })
        .await;
        self.tester.say("incidents").await.text
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn a_diagnosis_and_an_incident_begin_with_their_environment() {
    let night = Night::told_by("local", &[("local/shop", "prod"), ("vps/shop", "dev")]).await;
    night.incidents("prod: shop/db oom-killed").await;
    let of_duty = night.tester.say("report").await;
    assert!(of_duty.text.contains("prod: db "), "{}", of_duty.text);
    let asked = night.tester.say("diagnose gateway").await;
    let issue = asked.reports[0].issue.as_str();
    assert!(issue.starts_with("prod: db "), "{issue}");
}

#[tokio::test]
async fn an_alert_from_elsewhere_has_the_environment_that_its_stack_has_everywhere() {
    let elsewhere = "web-1.example.org";
    let night = Night::told_by(elsewhere, &[("local/shop", "prod")]).await;
    night.incidents("prod: shop/gateway").await;
    let several = [("local/shop", "prod"), ("vps/shop", "dev")];
    let night = Night::told_by(elsewhere, &several).await;
    let list = night.incidents("shop/gateway").await;
    assert!(!list.contains("prod:"), "nobody knows which: {list}");
}
