//! What is over and old is forgotten by the running program, in small steps; what goes on, what is
//! young and what has no place yet stays.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch::clock::Clock;
use dogwatch::incident::advance::resolve;
use dogwatch::incident::{Alert, Filed, Files, Incident, Placed, accept};
use dogwatch::store::{
    EntryKind, IncidentFilter, LeaseTerms, NO_INCIDENT, NewEntry, NewRun, ReportFilter,
    ReportRecord, RunFilter, RunState, StateChange, Store,
};
use jiff::{SignedDuration, Timestamp};

use crate::incident_intake::alert;
use crate::support::program::Place;
use crate::support::server::{Server, free_port};

const KEEP: &str = "watch: { events: false }\nincidents: { reopen: 1s }\n\
     store: { keep: { alerts: 10h, incidents: 20h, reports: 20h, runs: 20h } }\n";

/// Hours ago, as the clock of the machine has it: the program has no other one.
fn ago(hours: i64) -> Timestamp {
    Clock::System.now() - SignedDuration::from_hours(hours)
}

/// An incident with two alerts that came in long ago, and how long ago it ended, if it did.
async fn incident(store: &Store, number: i64, ended: Option<i64>) {
    let one = alert("shop", &format!("s{number}"), "died");
    let body_json = serde_json::to_string(&one).unwrap();
    let row = dogwatch::store::NewAlert {
        service: one.service.clone(),
        body_json,
        ..dogwatch::store::NewAlert::default()
    };
    let old = ago(40).as_millisecond();
    store.add_alerts(vec![row.clone(), row], old).await.unwrap();
    let waiting = store.unplaced_alerts().await.unwrap();
    let seqs: Vec<i64> = waiting.iter().map(|record| record.seq).collect();
    let mut incident = Incident::open(number, &one, ago(40));
    if let Some(hours) = ended {
        resolve(&mut incident, "somebody", "mended".into(), ago(hours));
    }
    let files = Files {
        store,
        clock: Clock::System,
    };
    let placed = Placed {
        alerts: BTreeMap::from([(number, seqs)]),
        astray: Vec::new(),
    };
    let mut filed = [Filed::new(incident)];
    assert!(files.save(&mut filed, &placed).await.unwrap());
}

/// A run with a line in its journal; ended where it says when.
async fn run(store: &Store, id: &str, ended: Option<i64>) {
    let created_ms = ago(50).as_millisecond();
    let new = NewRun {
        id: id.to_owned(),
        created_ms,
        ..NewRun::default()
    };
    store.create_run(&new).await.unwrap();
    let terms = LeaseTerms {
        owner: "a",
        now_ms: created_ms,
        until_ms: created_ms + 1,
    };
    let claim = store.claim_run(id, &terms).await.unwrap().unwrap();
    let entry = NewEntry {
        at_ms: created_ms,
        kind: EntryKind::Note,
        step: "",
        text: "begun",
        body_json: "{}",
    };
    store.append_journal(&claim, &entry).await.unwrap();
    if let Some(hours) = ended {
        let change = StateChange::to(RunState::Refused, ago(hours).as_millisecond());
        store.set_state(id, &change).await.unwrap();
    }
}

async fn report(store: &Store, id: &str, hours: i64) {
    let report = ReportRecord {
        id: id.to_owned(),
        created_ms: ago(hours).as_millisecond(),
        ..ReportRecord::default()
    };
    store.save_report(&report).await.unwrap();
}

async fn fill(store: &Store) {
    for (number, ended) in [
        (1, Some(30)),
        (2, None),
        (3, Some(1)),
        (4, Some(30)),
        (5, Some(15)),
        (6, Some(30)),
    ] {
        incident(store, number, ended).await;
    }
    for (id, ended) in [("old", Some(30)), ("young", Some(1)), ("open", None)] {
        run(store, id, ended).await;
    }
    report(store, "old", 30).await;
    report(store, "young", 1).await;
}

async fn alerts_of(store: &Store, incidents: impl IntoIterator<Item = i64>) -> Vec<usize> {
    let mut counts = Vec::new();
    for incident in incidents {
        counts.push(store.alerts_of(incident).await.unwrap().len());
    }
    counts
}

#[test]
fn the_program_forgets_what_is_over_and_old() {
    let place = Place::without_engine();
    let url = format!("sqlite://{}/state/dogwatch.db", place.path("").display());
    let store = place.block_on(async {
        let store = Store::open(&url).await.unwrap();
        fill(&store).await;
        store
    });
    let server = Server::start(&place, free_port(), KEEP);
    let forgotten = |kind: &str, rows: u32| {
        format!("dogwatch_records_forgotten_total{{kind=\"{kind}\"}} {rows}\n")
    };
    // runs are the last ones
    let last = forgotten("runs", 1);
    let limit = std::iter::repeat_n((), 600);
    let metrics = limit
        .map(|()| {
            std::thread::sleep(Duration::from_millis(100));
            server.ask("GET", "/metrics", &[], "").body
        })
        .find(|metrics| metrics.contains(&last))
        .expect("old runs are forgotten");
    for counted in [
        forgotten("alerts", 7),
        forgotten("incidents", 2),
        forgotten("reports", 1),
    ] {
        assert!(metrics.contains(&counted), "{counted} in {metrics}");
    }
    place.block_on(async {
        let left = store.incidents(&IncidentFilter::default()).await.unwrap();
        let left: Vec<i64> = left.iter().map(|record| record.id).collect();
        // the newest one stays, so that its number is never given again
        assert_eq!(left, [6, 5, 3, 2]);
        assert_eq!(alerts_of(&store, 1..=6).await, [0, 2, 2, 0, 0, 1]);
        assert_eq!(store.incident_log(1, 0).await.unwrap(), []);
        assert_ne!(store.incident_log(5, 0).await.unwrap(), []);
        let runs = store.runs(&RunFilter::default()).await.unwrap();
        let mut runs: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        runs.sort_unstable();
        assert_eq!(runs, ["open", "young"]);
        assert_eq!(store.journal("old").await.unwrap(), []);
        let reports = store.reports(&ReportFilter::default()).await.unwrap();
        assert_eq!(reports.len(), 1);
    });
}

#[tokio::test]
async fn what_has_no_place_yet_is_never_forgotten_however_old() {
    let store = Store::in_memory().await.unwrap();
    let clock = Clock::simulated(ago(1000));
    let given: Vec<Alert> = (0..700).map(|_| alert("shop", "api", "died")).collect();
    accept(&store, clock, &given).await.unwrap();
    let waiting = store.unplaced_alerts().await.unwrap();
    let astray: Vec<i64> = waiting.iter().take(600).map(|one| one.seq).collect();
    assert!(store.save_incidents(&[], &astray).await.unwrap());
    let (mut after, mut rows) = (0, Vec::new());
    while let Some(next) = {
        let step = store
            .prune_alerts(after, ago(1).as_millisecond())
            .await
            .unwrap();
        rows.push(step.rows);
        step.next
    } {
        after = next;
    }
    // no step takes more than a little
    assert_eq!(rows, [500, 100, 0]);
    assert_eq!(store.alerts_of(NO_INCIDENT).await.unwrap(), []);
    assert_eq!(store.unplaced_alerts().await.unwrap().len(), 100);
}
