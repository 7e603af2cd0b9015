//! Runs found again and decided: by whoever may, however many others there are.

use dogwatch::access::{Allow, Policy};
use dogwatch::bot::Outcome;
use dogwatch::store::{NewRun, RunState, StateChange, Verdict};

use crate::support::two_people::Place;

/// More runs than anybody looks through, newer than all others.
async fn crowd(place: &Place, prefix: &str) {
    let store = place.store().await;
    let now_ms = place.bot.clock.now().as_millisecond();
    for number in 0..600 {
        let run = NewRun {
            id: format!("{prefix}{number:022}"),
            created_ms: now_ms + number,
            requested_by: "slack:somebody".to_owned(),
            ..NewRun::default()
        };
        store.create_run(&run).await.unwrap();
        let refused = StateChange::to(RunState::Refused, now_ms);
        store.set_state(&run.id, &refused).await.unwrap();
    }
}

#[tokio::test]
async fn a_run_is_found_behind_any_number_of_newer_ones() {
    let place = Place::new(None);
    for (prefix, length) in [("YYYY", 6), ("ZZZZ", 26)] {
        let (_, asked) = place.says("anna", "restart web").await;
        assert!(asked.contains("needs approval"), "{asked}");
        let waiting = place.runs().await.into_iter();
        let mut waiting = waiting.filter(|run| run.state == RunState::AwaitingApproval);
        let run = waiting.next().unwrap().id;
        crowd(&place, prefix).await;
        let typed: String = run.chars().skip(run.len() - length).collect();
        let (outcome, text) = place.says("ben", &format!("approve {typed}")).await;
        assert_eq!(outcome, Outcome::Done, "{text}");
    }
    let (outcome, text) = place.says("ben", "approve ZZ%").await;
    assert_eq!(outcome, Outcome::Usage);
    assert!(text.contains("no run `ZZ%`"), "{text}");
}

#[tokio::test]
async fn a_run_that_is_over_is_told_from_one_that_never_was() {
    let place = Place::new(None);
    place.says("anna", "restart api").await;
    let run = place.newest().await;
    let (_, text) = place.says("ben", &format!("approve {run}")).await;
    assert!(text.contains("it is succeeded"), "{text}");
}

/// May look everywhere and change nothing.
fn with_reader() -> Place {
    Place::with(&[], |bot| {
        let allow = |texts: &[&str]| texts.iter().filter_map(|text| Allow::parse(text)).collect();
        let member = |who: &str| (format!("slack:{who}"), vec![who.to_owned()]);
        bot.policy = Policy::new(
            vec![
                ("anna".into(), allow(&["*:read", "*:change"])),
                ("rudi".into(), allow(&["*:read"])),
            ],
            vec![member("anna"), member("rudi")],
        );
    })
}

#[tokio::test]
async fn who_may_only_read_fills_no_store() {
    let place = with_reader();
    for _ in 0..60 {
        let (outcome, _) = place.says("rudi", "restart web").await;
        assert_eq!(outcome, Outcome::Denied);
    }
    let kept = place.runs().await.len();
    assert!((1..=20).contains(&kept), "{kept} refusals were kept");
}

#[tokio::test]
async fn trying_again_and_again_to_decide_fills_no_store_either() {
    let place = with_reader();
    let going = place.later("anna", "run two-steps stack=shop");
    let run = place.at_gate().await;
    for _ in 0..60 {
        let (outcome, _) = place.says("rudi", &format!("approve {run}")).await;
        assert_eq!(outcome, Outcome::Denied);
    }
    let id = place.runs().await[0].id.clone();
    let said = place.store().await.decisions(&id).await.unwrap();
    let denied = said.iter().filter(|said| said.what == Verdict::Denied);
    assert!((1..=20).contains(&denied.count()));
    let (outcome, text) = place.says("anna", &format!("approve {run}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(going.await.unwrap().0, Outcome::Done);
}

#[tokio::test]
async fn a_run_that_asks_nobody_cannot_be_denied() {
    let place = Place::new(None);
    let going = place.later("anna", "restart api");
    place.running().await;
    let run = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("deny {run}")).await;
    assert_eq!(outcome, Outcome::Usage, "{text}");
    assert!(text.contains(&format!("use `cancel {run}`")), "{text}");
    assert_eq!(going.await.unwrap().0, Outcome::Done);
}

#[tokio::test]
async fn names_are_told_to_those_who_may_read_them() {
    let place = Place::with(&[], |bot| {
        let allow = |texts: &[&str]| texts.iter().filter_map(|text| Allow::parse(text)).collect();
        bot.policy = Policy::new(
            vec![("blogger".into(), allow(&["blog:read", "blog:change"]))],
            vec![("slack:bert".to_owned(), vec!["blogger".to_owned()])],
        );
    });
    let lines = [
        "restart zzz",
        "plan ordered-restart stack=zzz",
        "run restart service=zzz",
        "logs zzz",
        "inspect zzz",
        "diagnose zzz",
    ];
    for line in lines {
        let (outcome, text) = place.says("stranger", line).await;
        assert_ne!(outcome, Outcome::Done, "{line}");
        for name in ["api", "db", "web", "shop", "blog"] {
            assert!(!text.contains(name), "{line}: {text}");
        }
        let (_, text) = place.says("bert", line).await;
        assert!(
            text.contains("web") || text.contains("blog"),
            "{line}: {text}"
        );
        for name in ["api", "db", "shop"] {
            assert!(!text.contains(name), "{line}: {text}");
        }
    }
}
