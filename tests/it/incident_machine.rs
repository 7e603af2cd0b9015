//! Incidents as a state machine: alerts and times go in, states and log entries come out. No store,
//! no chat, and time is an argument.

use std::time::Duration;

use dogwatch::incident::advance::{Moment, acknowledge, resolve};
use dogwatch::incident::alert::{Alert, AlertState, Severity};
use dogwatch::incident::digest::{Told, digest};
use dogwatch::incident::matcher::Matcher;
use dogwatch::incident::place::Casebook;
use dogwatch::incident::retro::{Material, retro};
use dogwatch::incident::rota::Rota;
use dogwatch::incident::silence::Silence;
use dogwatch::incident::{Entry, Incident, IncidentSettings, Kind, Phase, Routes, face};
use dogwatch::say;
use dogwatch::text::{Dialect, Name, write};
use insta::assert_snapshot;
use jiff::Timestamp;
use serde_json::json;

use crate::incident_intake::alert;

/// Minutes and seconds after three in the morning.
pub(crate) fn at(minutes: i64, seconds: i64) -> Timestamp {
    let three: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
    three + Duration::from_secs(u64::try_from(minutes * 60 + seconds).unwrap())
}

fn settings(value: serde_json::Value) -> IncidentSettings {
    serde_json::from_value(value).unwrap()
}

/// All that lives, with the routes it is judged by.
pub(crate) struct Bench {
    pub(crate) routes: Routes,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) silences: Vec<Silence>,
    log: Vec<(i64, Entry)>,
}

impl Bench {
    pub(crate) fn new(value: serde_json::Value) -> Self {
        Self {
            routes: Routes {
                settings: settings(value),
                usual: Vec::new(),
            },
            incidents: Vec::new(),
            silences: Vec::new(),
            log: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, alert: &Alert, now: Timestamp) -> Option<i64> {
        self.take_all(std::slice::from_ref(alert), now)
    }

    /// In one turn; where the last of them is.
    pub(crate) fn take_all(&mut self, alerts: &[Alert], now: Timestamp) -> Option<i64> {
        let next = i64::try_from(self.incidents.len()).unwrap() + 1;
        let incidents = std::mem::take(&mut self.incidents);
        let mut book = Casebook::new(&self.routes.settings, incidents, next);
        let mut place = None;
        for alert in alerts {
            let mut alert = alert.clone();
            alert.at = now;
            place = book.place(&alert, now);
        }
        self.incidents = book.into_incidents(now);
        self.keep();
        place
    }

    pub(crate) fn keep(&mut self) {
        for incident in &mut self.incidents {
            let id = incident.id;
            let fresh = std::mem::take(&mut incident.fresh);
            self.log.extend(fresh.into_iter().map(|entry| (id, entry)));
        }
    }

    pub(crate) fn advance(&mut self, now: Timestamp) -> Vec<String> {
        let moment = Moment {
            routes: &self.routes,
            silences: &self.silences,
            now,
        };
        let mut called = Vec::new();
        for incident in &mut self.incidents {
            called.extend(
                moment
                    .advance(incident)
                    .into_iter()
                    .map(|call| call.webhook),
            );
        }
        self.keep();
        called
    }

    pub(crate) fn told(&self, kind: Kind) -> Vec<String> {
        let of_kind = self.log.iter().filter(|(_, entry)| entry.kind == kind);
        of_kind
            .map(|(id, entry)| format!("#{id} {}", entry.text))
            .collect()
    }

    pub(crate) fn open(&self) -> Vec<i64> {
        let open = self.incidents.iter().filter(|incident| !incident.is_over());
        open.map(|incident| incident.id).collect()
    }

    pub(crate) fn shown(&self, place: usize) -> String {
        let message = face::message(&self.incidents[place], &[]);
        write(&message, &Dialect::Plain).into_string()
    }
}

pub(crate) fn over(mut alert: Alert) -> Alert {
    alert.state = AlertState::Resolved;
    alert
}

#[test]
fn what_happens_together_in_a_stack_is_one_incident_and_later_trouble_another() {
    let mut bench = Bench::new(json!({}));
    assert_eq!(bench.take(&alert("shop", "api", "died"), at(0, 0)), Some(1));
    assert_eq!(
        bench.take(&alert("shop", "worker", "died"), at(1, 0)),
        Some(1)
    );
    assert_eq!(bench.take(&alert("shop", "api", "died"), at(2, 0)), Some(1));
    assert_eq!(bench.take(&alert("blog", "web", "died"), at(2, 0)), Some(2));
    assert_eq!(bench.take(&alert("shop", "db", "oom"), at(6, 1)), Some(3));
    assert_eq!(
        bench.take(&over(alert("shop", "never", "died")), at(7, 0)),
        None
    );
    assert_eq!(bench.told(Kind::Joined), ["#1 shop/worker: it went wrong"]);
}

#[test]
fn a_storm_is_one_incident_of_the_host() {
    let mut bench = Bench::new(json!({}));
    for number in 0..200 {
        let stack = format!("stack{}", number / 4);
        bench.take(
            &alert(&stack, &format!("s{number}"), "died"),
            at(0, number / 20),
        );
    }
    assert_eq!(bench.open(), [1]);
    bench.advance(at(1, 0));
    let mut down = alert("", "", "host-down");
    down.summary = say!("the engine does not answer");
    assert_eq!(bench.take(&down, at(1, 0)), Some(1));
    bench.advance(at(1, 1));
    assert_snapshot!(bench.shown(0), @"
    🔴 #1 local: the engine does not answer and 200 more
    critical · since 2026-03-01T03:00 UTC · nobody looks after it yet
    not told one by one, because the engine does not answer: stack0/s0, stack0/s1, stack0/s2, stack0/s3, stack1/s4, stack1/s5 and 194 more
    ");
}

#[test]
fn silences_windows_and_known_issues_keep_quiet_and_end() {
    let mut bench = Bench::new(json!({
        "windows": [{ "cron": "30 3 * * sun", "for": "10m", "match": "blog/*", "reason": "updates" }],
        "known_issues": [{ "match": "what=oom", "until": "2026-03-02", "reason": "a leak, fixed in 2.1" }],
        "escalation": [{ "after": "1m", "tell": ["webhook:pager"] }],
    }));
    bench.silences.push(Silence {
        id: "s1".to_owned(),
        fits: Matcher::try_from("shop/api".to_owned()).ok(),
        of: None,
        by: "slack:U1".to_owned(),
        reason: say!("migration"),
        from: at(0, 0),
        until: at(20, 0),
        ended_by: None,
    });
    bench.take(&alert("shop", "api", "died"), at(1, 0));
    assert_eq!(bench.advance(at(10, 0)), [] as [&str; 0]);
    assert_snapshot!(bench.shown(0), @"
    🔕 #1 shop/api: it went wrong
    critical · since 2026-03-01T03:01 UTC · silenced by slack:U1 until 2026-03-01T03:20 UTC: migration
    ");
    // it ends while the trouble goes on: now somebody is told, and called from here on
    assert_eq!(bench.advance(at(20, 0)), [] as [&str; 0]);
    assert_eq!(bench.advance(at(21, 0)), ["pager"]);
    bench.take(&alert("blog", "web", "died"), at(31, 0));
    bench.take(&alert("cms", "db", "oom"), at(31, 0));
    bench.advance(at(31, 0));
    assert_eq!(
        bench.told(Kind::Quieted),
        [
            "#1 silenced by slack:U1 until 2026-03-01T03:20 UTC: migration",
            "#2 planned work: updates",
            "#3 known until 2026-03-02: a leak, fixed in 2.1",
        ]
    );
    bench.advance(at(40, 0));
    assert_eq!(
        bench.told(Kind::Heard).last().unwrap(),
        "#2 nothing keeps it quiet any more"
    );
    bench.advance("2026-03-02T00:00:00Z".parse().unwrap());
    assert_eq!(
        bench.told(Kind::Heard).last().unwrap(),
        "#3 nothing keeps it quiet any more"
    );
}

#[test]
fn who_does_not_answer_is_followed_by_the_next_until_somebody_does() {
    let mut bench = Bench::new(json!({
        "rotas": { "night": { "members": ["slack:U1", "slack:U2"], "turn": "day", "starts": "2026-03-01" } },
        "escalation": [
            { "after": "5m", "tell": ["rota:night"] },
            { "after": "15m", "tell": ["slack-group:S9", "webhook:pager"] },
        ],
        "group": { "repeat": "1h" },
    }));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    assert_eq!(bench.advance(at(4, 59)), [] as [&str; 0]);
    assert_eq!(bench.told(Kind::Escalated), [] as [&str; 0]);
    bench.advance(at(5, 0));
    bench.advance(at(6, 0));
    assert_eq!(
        bench.told(Kind::Escalated),
        ["#1 nobody acknowledged for 5 min: calling @slack:U1"]
    );
    assert_eq!(bench.advance(at(15, 0)), ["pager"]);
    assert_eq!(bench.advance(at(16, 0)), [] as [&str; 0]);
    bench.advance(at(60, 0));
    assert_eq!(
        bench.told(Kind::Reminded),
        ["#1 it still goes on, since 1 h"]
    );
    assert!(acknowledge(&mut bench.incidents[0], "slack:U2", at(61, 0)));
    bench.advance(at(600, 0));
    assert_eq!(
        bench.told(Kind::Reminded).len(),
        1,
        "who looks after it is not reminded"
    );
    // the acknowledgement ends with what it was about
    resolve(
        &mut bench.incidents[0],
        "dogwatch",
        say!("looked at and well"),
        at(601, 0),
    );
    bench.take(&alert("shop", "api", "died"), at(602, 0));
    assert_eq!(bench.incidents[0].phase, Phase::Open);
    bench.advance(at(608, 0));
    assert_eq!(bench.told(Kind::Escalated).len(), 3);
    assert_snapshot!(bench.told(Kind::Reopened).join("\n"), @"#1 it is back: shop/api: it went wrong");
}

#[test]
fn what_turns_again_and_again_is_told_once() {
    let mut bench = Bench::new(json!({ "flapping": { "turns": 4, "within": "10m" } }));
    let sick = alert("shop", "api", "unhealthy");
    for turn in 0..6 {
        bench.take(&sick, at(turn, 0));
        bench.take(&over(sick.clone()), at(turn, 30));
        bench.advance(at(turn, 30));
    }
    assert_eq!(bench.open(), [1]);
    assert_eq!(bench.told(Kind::Flapping).len(), 1);
    let moment = Moment {
        routes: &bench.routes,
        silences: &[],
        now: at(6, 0),
    };
    assert!(!moment.is_calm(&bench.incidents[0]), "it may turn again");
    let later = Moment {
        now: at(16, 0),
        ..moment
    };
    assert!(later.is_calm(&bench.incidents[0]));
}

#[test]
fn turns_of_a_rota_are_those_of_the_calendar_through_a_change_to_summer_time() {
    let rota: Rota = serde_json::from_value(json!({
        "members": ["slack:A", "slack:B", "slack:C"], "turn": "week", "starts": "2026-03-23",
        "at": "09:00", "zone": "Europe/Berlin",
        "overrides": [{ "from": "2026-04-02", "until": "2026-04-04", "who": "slack:X" }],
    }))
    .unwrap();
    let who = |at: &str| rota.on_call(at.parse().unwrap()).unwrap();
    // Berlin changes to summer time on 29 March 2026: nine o'clock is 08:00 UTC, then 07:00
    assert_eq!(who("2026-03-23T07:59:59Z"), "slack:C");
    assert_eq!(who("2026-03-23T08:00:00Z"), "slack:A");
    assert_eq!(who("2026-03-30T06:59:59Z"), "slack:A");
    assert_eq!(who("2026-03-30T07:00:00Z"), "slack:B");
    assert_eq!(who("2026-04-02T06:59:59Z"), "slack:B");
    assert_eq!(who("2026-04-02T07:00:00Z"), "slack:X");
    assert_eq!(who("2026-04-04T07:00:00Z"), "slack:B");
    let daily: Rota = serde_json::from_value(json!({
        "members": ["A", "B"], "turn": "day", "starts": "2026-10-24", "at": "09:00", "zone": "Europe/Berlin",
    }))
    .unwrap();
    let who = |at: &str| daily.on_call(at.parse().unwrap()).unwrap();
    // the day of the change back has 25 hours, and is one turn like any other
    assert_eq!(who("2026-10-24T07:00:00Z"), "A");
    assert_eq!(who("2026-10-25T07:59:59Z"), "A");
    assert_eq!(who("2026-10-25T08:00:00Z"), "B");
    assert_eq!(who("2026-10-26T08:00:00Z"), "A");
}

#[test]
fn a_window_that_begins_in_the_hour_that_is_skipped_still_opens() {
    let mut bench = Bench::new(json!({
        "windows": [{ "cron": "30 2 * * sun", "for": "1h", "zone": "Europe/Berlin", "reason": "backup" }],
    }));
    // at 01:00 UTC on this day the clocks go from 02:00 to 03:00
    bench.take(
        &alert("shop", "api", "died"),
        "2026-03-29T01:10:00Z".parse().unwrap(),
    );
    bench.advance("2026-03-29T01:10:00Z".parse().unwrap());
    assert_eq!(bench.told(Kind::Quieted), ["#1 planned work: backup"]);
    bench.advance("2026-03-29T01:59:59Z".parse().unwrap());
    assert_eq!(
        bench.told(Kind::Heard).len(),
        0,
        "it lasts as long as it says"
    );
    bench.advance("2026-03-29T02:00:00Z".parse().unwrap());
    assert_eq!(bench.told(Kind::Heard).len(), 1);
}

#[test]
fn routes_take_by_pattern_severity_and_name_and_the_rest_goes_where_it_always_goes() {
    let mut bench = Bench::new(json!({
        "routes": [
            { "match": "stack=shop", "severity": "critical", "to": ["slack:C1"], "mention": ["slack-group:S1", "discord:9"] },
            { "name": "payments", "to": ["slack:C2", "discord:77"] },
        ],
    }));
    bench.routes.usual = vec!["slack:C0".to_owned().try_into().unwrap()];
    let mut mild = alert("shop", "api", "slow");
    mild.severity = Severity::Warning;
    let mut named = alert("other", "pay", "down");
    named.route = Some("payments".to_owned());
    let mut direct = alert("third", "x", "down");
    direct.route = Some("slack:C9".to_owned());
    for alert in [&alert("shop", "db", "died"), &named, &direct] {
        bench.take(alert, at(0, 0));
    }
    let mut calm = Bench::new(json!({}));
    calm.routes = bench.routes.clone();
    calm.take(&mild, at(0, 0));
    let shown = |bench: &Bench, place: usize| {
        let channels = bench.routes.channels(&bench.incidents[place], at(0, 0));
        let one = |(address, called): (
            dogwatch::incident::settings::Address,
            std::collections::BTreeSet<Name>,
        )| {
            let called: Vec<String> = called.iter().map(Name::to_string).collect();
            format!("{} {}", String::from(address), called.join(" "))
                .trim()
                .to_owned()
        };
        channels.into_iter().map(one).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(shown(&calm, 0), "slack:C0");
    // the third stack at once makes it one incident of the host: every route of its members is taken
    assert_eq!(bench.open(), [1]);
    assert_eq!(
        shown(&bench, 0),
        "discord:77, slack:C1 slack-group:S1, slack:C2, slack:C9"
    );
}

#[test]
fn a_retro_and_a_digest_tell_what_happened() {
    let mut bench = Bench::new(json!({}));
    bench.take(&alert("shop", "api", "died"), at(0, 0));
    acknowledge(&mut bench.incidents[0], "slack:U2", at(4, 0));
    bench.incidents[0].note(at(5, 0), "slack:U2", Kind::Note, say!("the disk was full"));
    resolve(
        &mut bench.incidents[0],
        "slack:U2",
        say!("disk cleaned up"),
        at(30, 0),
    );
    bench.keep();
    let log: Vec<Entry> = bench.log.iter().map(|(_, entry)| entry.clone()).collect();
    let document = retro(&Material {
        incident: &bench.incidents[0],
        log: &log,
        alerts: &[alert("shop", "api", "died")],
        report: None,
    });
    assert_snapshot!(write(&document, &Dialect::Markdown).into_string(), @r"
    ### Incident #1: shop/api: it went wrong

    - **Began**: 2026-03-01T03:00 UTC
    - **Lasted**: 30 min
    - **Severity**: critical
    - **State**: resolved
    - **Until acknowledged**: 4 min
    - **Looked after by**: slack:U2

    **Impact**

    - shop/api: it went wrong

    **Timeline**

    | when (UTC) | who | what |
    | --- | --- | --- |
    | 1970-01-01 00:00:00 | events | shop/api: it went wrong (died) |
    | 2026-03-01 03:00:00 | dogwatch | opened: it went wrong |
    | 2026-03-01 03:04:00 | slack:U2 | acknowledged: slack:U2 looks after it |
    | 2026-03-01 03:05:00 | slack:U2 | note: the disk was full |
    | 2026-03-01 03:30:00 | slack:U2 | resolved: disk cleaned up |

    **Cause**

    - not diagnosed

    **What helped**

    - the disk was full (slack:U2)
    - disk cleaned up (slack:U2)

    **Follow-ups**

    - \[ \] the cause was not found: which line in a log would have told it?
    ");
    let told = [Told::new(bench.incidents[0].clone(), &log)];
    let summary = digest(
        &told,
        &[],
        &[Name::new("shop/api")],
        (at(0, 0), at(1440, 0)),
    );
    assert_snapshot!(write(&summary, &Dialect::Plain).into_string(), @"
    1 incident from 2026-03-01T03:00 UTC to 2026-03-02T03:00 UTC
    Still open                 0
    Until acknowledged (mean)  4 min
    Until resolved (mean)      30 min

    Flapping
    - shop/api
    ");
}
