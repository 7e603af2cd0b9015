//! What happened before is named the next time, with what helped then.

use dogwatch::clock::Clock;
use dogwatch::incident::advance::resolve;
use dogwatch::incident::{Filed, Files, Finding, Incident, Placed};
use dogwatch::say;
use dogwatch::store::Store;
use dogwatch::text::{Clean, Name};
use jiff::{SignedDuration, Timestamp};

use crate::incident_intake::alert;

struct Past {
    store: Store,
    now: Timestamp,
}

impl Past {
    /// An incident so many days ago, with its cause; the last one goes on.
    async fn had(&self, days: i64, cause: &str, mended: Option<&'static str>) -> Incident {
        let opened = self.now - SignedDuration::from_hours(days * 24);
        let number = self.store.next_incident().await.unwrap();
        let mut incident = Incident::open(number, &alert("shop", "db", "died"), opened);
        incident.finding = Some(Finding {
            report: "01J".to_owned(),
            at: opened,
            cause: cause.to_owned(),
            confidence: "certain".into(),
            service: Name::new("shop/db"),
            summary: "it was killed".into(),
            proof: Vec::new(),
            steps: Vec::new(),
            dependents: Vec::new(),
        });
        incident.mended = mended.map(Clean::from_static);
        if days > 0 {
            resolve(&mut incident, "dogwatch", say!("well"), opened);
        }
        let mut filed = [Filed::new(incident.clone())];
        let saved = self.files().save(&mut filed, &Placed::default()).await;
        assert!(saved.unwrap());
        incident
    }

    fn files(&self) -> Files<'_> {
        Files {
            store: &self.store,
            clock: Clock::simulated(self.now),
        }
    }
}

#[tokio::test]
async fn the_third_time_says_so_and_what_helped() {
    let past = Past {
        store: Store::in_memory().await.unwrap(),
        now: "2026-03-01T03:00:00Z".parse().unwrap(),
    };
    past.had(40, "oom-killed", Some("too long ago")).await;
    past.had(20, "oom-killed", Some("`restart` (run AAAA)"))
        .await;
    past.had(9, "app-crash", Some("another cause")).await;
    past.had(2, "oom-killed", None).await;
    let now = past.had(0, "oom-killed", None).await;
    let said = past.files().past(&now).await.unwrap().unwrap();
    assert_eq!(
        said.as_str(),
        "third time in 30 days, last #4; what helped: `restart` (run AAAA)"
    );
    let new = past.had(0, "disk-full", None).await;
    assert_eq!(past.files().past(&new).await.unwrap(), None);
}
