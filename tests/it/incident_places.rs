//! Which incident a trouble belongs to where that is not simply its stack's: a host's, one with
//! more troubles than it names, one whose cause reaches further than its stack.

use dogwatch::incident::advance::{acknowledge, resolve};
use dogwatch::incident::alert::{Alert, Severity, Source};
use dogwatch::incident::silence::{Silence, Troubles};
use dogwatch::incident::unite::{merge_by_itself, same_cause};
use dogwatch::incident::{Finding, Incident, Kind, Phase};
use dogwatch::say;
use dogwatch::text::Name;
use insta::assert_snapshot;
use serde_json::json;

use crate::incident_intake::alert;
use crate::incident_machine::{Bench, at, over};

/// Of a host as a whole, by Alertmanager.
fn disk_of_host() -> Alert {
    let mut disk = alert("", "", "DiskFull");
    disk.source = Source::Alertmanager;
    disk.severity = Severity::Warning;
    disk.summary = say!("91 % of / are in use");
    disk
}

pub(crate) fn finding(service: &str, dependents: &[&str]) -> Finding {
    Finding {
        report: "01J".to_owned(),
        at: at(0, 0),
        cause: "oom-killed".to_owned(),
        confidence: "certain".into(),
        service: Name::new(service),
        summary: "it was killed for lack of memory".into(),
        proof: Vec::new(),
        steps: Vec::new(),
        dependents: dependents.iter().map(|place| Name::new(place)).collect(),
    }
}

#[test]
fn an_alert_about_a_host_is_no_word_that_the_host_is_gone() {
    let mut bench = Bench::new(json!({ "group": { "storm": 9 } }));
    bench.take(&disk_of_host(), at(0, 0));
    bench.take(&alert("shop", "api", "died"), at(0, 10));
    bench.advance(at(0, 11));
    assert_eq!(bench.open(), [1, 2], "each is told by itself");
    assert!(!bench.shown(1).contains("not told one by one"));

    let mut gone = alert("", "", "engine-unreachable");
    gone.summary = say!("the engine of local cannot be reached");
    bench.take(&gone, at(0, 20));
    bench.advance(at(0, 21));
    assert_eq!(
        bench.open(),
        [1],
        "a host that is gone takes everything along"
    );
    assert_snapshot!(bench.shown(0), @"
    🔴 #1 local: the engine of local cannot be reached and 2 more
    critical · since 2026-03-01T03:00 UTC · nobody looks after it yet
    - ✗ local: the engine of local cannot be reached
    - ✗ local: 91 % of / are in use

    not told one by one, because the engine of local cannot be reached: shop/api
    ");
}

#[test]
fn thousands_in_one_incident_are_counted_and_told_in_a_few_lines() {
    let mut bench = Bench::new(json!({}));
    let sick = |number: usize| alert("shop", &format!("s{number}"), "died");
    let batch: Vec<Alert> = (0..1200).map(sick).collect();
    bench.take_all(&batch, at(0, 0));
    assert_eq!(bench.open(), [1]);
    assert_eq!(bench.incidents[0].troubles(), 1200);
    let told = bench.told(Kind::Joined);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_snapshot!(told[0], @"
    #1 shop/s1: it went wrong
    shop/s2: it went wrong
    shop/s3: it went wrong
    shop/s4: it went wrong
    shop/s5: it went wrong
    shop/s6: it went wrong
    shop/s7: it went wrong
    shop/s8: it went wrong
    shop/s9: it went wrong
    shop/s10: it went wrong
    and 489 more
    it names 500 troubles; 700 more are only counted by now, their alerts are kept
    ");
    for number in 1200..1399 {
        bench.take(&sick(number), at(1, 0));
        // said again and again by who told of it
        bench.take(&sick(number), at(1, 1));
    }
    assert_eq!(bench.told(Kind::Joined).len(), 1, "they are only counted");
    bench.take(&sick(1399), at(1, 2));
    bench.take_all(&(1400..2000).map(sick).collect::<Vec<_>>(), at(1, 3));
    assert_eq!(bench.told(Kind::Joined).len(), 2, "twice as many are news");
    assert_eq!(bench.incidents[0].troubles(), 2000);
    bench.advance(at(1, 4));
    assert!(
        bench
            .shown(0)
            .contains("1500 more troubles are counted, not named; 1500 of them go on"),
        "{}",
        bench.shown(0)
    );

    let named: Vec<Alert> = (0..500).map(|number| over(sick(number))).collect();
    bench.take_all(&named, at(2, 0));
    bench.advance(at(2, 0));
    assert_eq!(bench.incidents[0].well_since, None, "most of it goes on");
    let rest: Vec<Alert> = (500..2000).map(|number| over(sick(number))).collect();
    bench.take_all(&rest, at(3, 0));
    bench.advance(at(3, 0));
    assert_eq!(bench.incidents[0].well_since, Some(at(3, 0)));
    resolve(&mut bench.incidents[0], "dogwatch", say!("well"), at(3, 0));
    assert_eq!(
        bench.take(&sick(1999), at(4, 0)),
        Some(1),
        "known, though unnamed"
    );
    assert_eq!(bench.incidents[0].phase, Phase::Open);
}

#[test]
fn what_one_cause_explains_is_one_incident_whatever_its_stack() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "unhealthy"), at(0, 0));
    bench.take(&alert("infra", "db", "oom"), at(0, 1));
    assert_eq!(bench.open(), [1, 2]);
    bench.incidents[0].finding = Some(finding("infra/db", &["shop/api"]));
    bench.incidents[1].finding = Some(finding("infra/db", &["blog/web"]));
    let together = |incidents: &[Incident]| same_cause(&incidents.iter().collect::<Vec<_>>());
    assert_eq!(together(&bench.incidents), Some((1, 0)));

    let (first, second) = bench.incidents.split_at_mut(1);
    merge_by_itself(&mut second[0], &mut first[0], at(0, 5));
    bench.keep();
    assert_eq!(bench.open(), [1]);
    assert_eq!(together(&bench.incidents), None);
    // what comes later and is explained by it joins it, from whatever stack
    assert_eq!(bench.take(&alert("blog", "web", "died"), at(9, 0)), Some(1));
    assert_eq!(bench.take(&alert("mail", "mx", "died"), at(9, 1)), Some(3));
    bench.advance(at(9, 2));
    assert_snapshot!(bench.shown(0), @"
    🔴 #1 infra/db oom-killed: it was killed for lack of memory
    critical · since 2026-03-01T03:00 UTC · nobody looks after it yet
    - ✗ infra/db: it went wrong

    not told one by one, because it needs infra/db: blog/web, shop/api
    ");
}

#[test]
fn what_somebody_works_on_is_not_taken_from_them() {
    let mut bench = Bench::new(json!({}));
    for (stack, service) in [("shop", "api"), ("infra", "db")] {
        bench.take(&alert(stack, service, "died"), at(0, 0));
    }
    for incident in &mut bench.incidents {
        incident.finding = Some(finding("infra/db", &["shop/api"]));
    }
    acknowledge(&mut bench.incidents[1], "slack:U1", at(1, 0));
    assert_eq!(
        same_cause(&bench.incidents.iter().collect::<Vec<_>>()),
        None
    );
    let mut other = bench.incidents[0].clone();
    other.host = "vps".to_owned();
    other.id = 9;
    assert_eq!(
        same_cause(&[&bench.incidents[0], &other]),
        None,
        "another host"
    );
}

#[test]
fn who_joins_asks_for_another_look_unless_it_is_explained() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    bench.incidents[0].unclear = false;
    bench.incidents[0].finding = Some(finding("shop/db", &["shop/web"]));
    bench.take(&alert("shop", "web", "died"), at(0, 1));
    assert!(!bench.incidents[0].unclear, "the cause explains it");
    bench.take(&alert("shop", "queue", "died"), at(0, 2));
    assert!(bench.incidents[0].unclear);
}

#[test]
fn a_silence_of_an_incident_means_its_troubles_whatever_they_are_called() {
    let mut bench = Bench::new(json!({}));
    let odd = alert("shop", "api", "Disk, full: * of a=b");
    bench.take(&odd, at(0, 0));
    let silence = Silence {
        id: "s1".to_owned(),
        fits: None,
        of: Some(Troubles::of(&bench.incidents[0])),
        by: "slack:U1".to_owned(),
        reason: say!("known"),
        from: at(0, 0),
        until: at(60, 0),
        ended_by: None,
    };
    let kept = serde_json::to_string(&silence).unwrap();
    bench.silences.push(serde_json::from_str(&kept).unwrap());
    bench.advance(at(1, 0));
    assert!(bench.incidents[0].is_quiet());
    bench.take(&alert("shop", "api", "died"), at(1, 0));
    bench.advance(at(1, 1));
    assert!(!bench.incidents[0].is_quiet(), "another trouble is told");
}

#[test]
fn an_acknowledgement_that_was_forgotten_is_reminded_of_once_a_day() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    acknowledge(&mut bench.incidents[0], "slack:U2", at(5, 0));
    for hour in 1..=49 {
        bench.advance(at(hour * 60, 0));
    }
    assert_snapshot!(bench.told(Kind::Reminded).join("\n"), @"
    #1 it still goes on, since 25 h; @slack:U2 looks after it
    #1 it still goes on, since 49 h; @slack:U2 looks after it
    ");
}
