//! What a person types and what comes back, on the demo's shop.

use std::time::Duration;

use dogwatch::access::{Allow, Caller, Policy, Surface};
use dogwatch::bot::Outcome;
use dogwatch::diagnose::Cause;
use dogwatch::report::CheckResult;
use tokio_util::sync::CancellationToken;

use crate::support::tester::Tester;

#[tokio::test]
async fn a_quiet_shop_is_said_to_be_well() {
    let shop = Tester::new();
    let status = shop.say("status").await;
    assert_eq!(
        status.first_line(),
        "shop on local: all 8 services are well"
    );
    assert_eq!(status.outcome, Some(Outcome::Done));
    let health = shop.say("health shop").await;
    assert_eq!(health.first_line(), "all 8 services on local are well");
    let report = shop.say("diagnose api").await;
    assert_eq!(
        report.first_line(),
        "api is healthy: it runs and its check passes"
    );
    assert_eq!(report.reports[0].root_cause.service, "");
}

#[tokio::test]
async fn the_deepest_failing_service_is_named() {
    let shop = Tester::new();
    shop.outage().await;
    for asked in ["gateway", "api", "db"] {
        let answer = shop.say(&format!("diagnose {asked}")).await;
        let report = &answer.reports[0];
        assert_eq!(
            (report.root_cause.cause, report.root_cause.service.as_str()),
            (Cause::OomKilled, "db"),
            "{asked}"
        );
        assert!(
            answer
                .first_line()
                .starts_with("db was killed for lack of memory"),
            "{}",
            answer.text
        );
    }
    let web = shop.say("diagnose cache").await;
    assert_eq!(
        web.reports[0].root_cause.cause,
        Cause::None,
        "a healthy service is not accused"
    );
}

#[tokio::test]
async fn a_repair_ends_in_a_report_from_before_to_after() {
    let shop = Tester::with(|bot| bot.confirm_changes = true);
    shop.outage().await;
    let offer = shop.say("restart db api gateway").await;
    assert!(
        offer.first_line().contains("needs approval"),
        "{}",
        offer.text
    );
    assert!(
        offer.text.contains("1  restart shop-db-1"),
        "what is needed comes first: {}",
        offer.text
    );
    let done = shop.say(&format!("approve {}", offer.run())).await;
    assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
    let report = &done.reports[0];
    assert!(
        report
            .issue
            .as_str()
            .starts_with("db, api and gateway recovered"),
        "{}",
        report.issue
    );
    assert_eq!(report.root_cause.cause, Cause::OomKilled);
    assert!(
        report
            .verification
            .iter()
            .all(|check| check.result == CheckResult::Passed)
    );
    assert!(
        report
            .timeline
            .iter()
            .any(|entry| entry.text.as_str().contains("by console:anna"))
    );
    let kept = shop.say("report").await;
    assert!(kept.text.contains(&report.id), "{}", kept.text);
    let again = shop.say(&format!("approve {}", offer.run())).await;
    assert_eq!(again.outcome, Some(Outcome::Usage));
    assert!(
        again
            .first_line()
            .contains("does not wait for approval: it is succeeded"),
        "{}",
        again.text
    );
}

#[tokio::test]
async fn a_cancelled_run_stops_and_says_what_was_done() {
    let shop = Tester::new();
    let cancel = CancellationToken::new();
    let (answer, ()) = tokio::join!(shop.say_until("restart db api gateway", &cancel), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        cancel.cancel();
    });
    assert_eq!(answer.outcome, Some(Outcome::Failed));
    assert!(
        answer.text.contains("was cancelled after"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("not done: "), "{}", answer.text);
    let runs = shop.say("runs").await;
    assert!(runs.text.contains("cancelled"), "{}", runs.text);
    let next = shop.say("restart cache").await;
    assert_eq!(
        next.outcome,
        Some(Outcome::Done),
        "the stack is free again: {}",
        next.text
    );
}

#[tokio::test]
async fn what_deletes_wants_the_stack_typed_and_a_person() {
    let mut shop = Tester::new();
    let offer = shop.say("remove migrate").await;
    assert!(offer.text.contains("deletes for good"), "{}", offer.text);
    let bare = shop.say(&format!("approve {}", offer.run())).await;
    assert_eq!(bare.outcome, Some(Outcome::Usage));
    assert!(
        bare.first_line()
            .contains(&format!("approve {} shop", offer.run())),
        "{}",
        bare.text
    );
    let denied = shop.say(&format!("deny {} not now", offer.run())).await;
    assert!(
        denied
            .first_line()
            .contains("denied by console:anna: not now"),
        "{}",
        denied.text
    );
    let late = shop.say(&format!("approve {} shop", offer.run())).await;
    assert_eq!(late.outcome, Some(Outcome::Usage));
    shop.interactive = false;
    let alone = shop.say("remove migrate").await;
    assert_eq!(alone.outcome, Some(Outcome::Denied));
    assert!(
        shop.say("status migrate").await.text.contains("exited 0"),
        "it is still there"
    );
}

#[tokio::test]
async fn rights_are_per_person_and_stack() {
    let allow = |text: &str| Allow::parse(text).unwrap();
    let mut shop = Tester::with(|bot| {
        bot.policy = Policy::new(
            vec![
                ("viewer".into(), vec![allow("*:read")]),
                ("oncall".into(), vec![allow("*:read"), allow("shop:change")]),
            ],
            vec![
                ("console:anna".into(), vec!["viewer".into()]),
                ("slack:U1".into(), vec!["oncall".into()]),
            ],
        );
    });
    let refused = shop.say("restart cache").await;
    assert_eq!(refused.outcome, Some(Outcome::Denied));
    assert!(
        refused
            .first_line()
            .contains("needs the right `change` on `shop`"),
        "{}",
        refused.text
    );
    let help = shop.say("help").await;
    assert!(
        !help.text.contains("restart SERVICE") && help.text.contains("status"),
        "{}",
        help.text
    );
    shop.caller = Caller {
        surface: Surface::Slack,
        id: "U1".into(),
        groups: Vec::new(),
    };
    assert_eq!(shop.say("restart cache").await.outcome, Some(Outcome::Done));
    shop.caller = Caller::console("nobody");
    assert_eq!(shop.say("status").await.outcome, Some(Outcome::Denied));
}

#[tokio::test]
async fn secrets_of_containers_do_not_come_out() {
    let shop = Tester::new();
    let inspected = shop.say("inspect api").await;
    assert!(
        inspected.text.contains("DATABASE_URL="),
        "{}",
        inspected.text
    );
    assert!(inspected.text.contains("••••"), "{}", inspected.text);
}

#[tokio::test]
async fn logs_are_merged_searched_and_named() {
    let shop = Tester::new();
    let logs = shop.say("logs api worker --tail 20 --timestamps").await;
    assert!(
        logs.text.contains("shop-api-1 ") && logs.text.contains("shop-worker-1 "),
        "{}",
        logs.text
    );
    let none = shop.say("logs api --grep zzzzzz").await;
    assert_eq!(none.first_line(), "no line matches");
    let one = shop.say("logs shop-api-2 --tail 1").await;
    assert_eq!(one.text.lines().count(), 1, "{}", one.text);
}
